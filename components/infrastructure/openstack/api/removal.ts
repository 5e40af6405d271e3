/** How each kind of thing is deleted: by hand, and by request. */
import { type Session, write } from "./request";
import type { Kind, Thing } from "./thing";

/** The command that deletes a thing. Neutron refuses to delete a router's interface as a port. */
export function commandFor({ kind, id, router, subnet, route }: Thing): string {
  switch (kind) {
    case "router route":
      return `openstack router unset --route destination=${route?.destination},gateway=${route?.nexthop} ${router}`;
    case "router interface":
      return `openstack router remove subnet ${router} ${subnet}`;
    default:
      return `openstack ${kind} delete ${id}`;
  }
}

const PATHS: Readonly<Record<Exclude<Kind, "router route" | "router interface">, readonly [string, string]>> =
  {
    "vpn ipsec site connection": ["network", "vpn/ipsec-site-connections"],
    "vpn endpoint group": ["network", "vpn/endpoint-groups"],
    "vpn ipsec policy": ["network", "vpn/ipsecpolicies"],
    "vpn ike policy": ["network", "vpn/ikepolicies"],
    "vpn service": ["network", "vpn/vpnservices"],
    server: ["compute", "servers"],
    "floating ip": ["network", "floatingips"],
    port: ["network", "ports"],
    router: ["network", "routers"],
    subnet: ["network", "subnets"],
    network: ["network", "networks"],
    "security group rule": ["network", "security-group-rules"],
    "security group": ["network", "security-groups"],
    keypair: ["compute", "os-keypairs"],
  };

/** How often and how long apart a refused deletion is tried again, in milliseconds: Nova and Neutron delete in the background. */
export interface Patience {
  attempts: number;
  pause: number;
}
const PATIENCE: Patience = { attempts: 60, pause: 2000 };

/**
 * Deletes things one after the other, in the given order. One that is gone already is no error.
 * @throws {Error} when OpenStack still refuses after a while, for example because something else uses it.
 */
export async function removeAll(
  session: Session,
  things: readonly Thing[],
  { attempts, pause }: Patience = PATIENCE,
): Promise<void> {
  for (const thing of things) {
    for (let attempt = 1; ; attempt++) {
      const { status, reason } = await remove(session, thing);
      // A server is deleted in the background, and holds its port and its volume until then.
      if (status === 404 || (status < 300 && thing.kind !== "server")) break;
      const passing = status === 409 || status >= 500 || status < 300;
      if (!passing || attempt >= attempts)
        throw new Error(
          `OpenStack does not delete ${thing.kind} ${thing.name} (${thing.id}): status ${status}${reason}; delete it with: ${commandFor(thing)}`,
        );
      await new Promise((done) => setTimeout(done, pause));
    }
  }
}

function remove(session: Session, { kind, id, router, subnet, route }: Thing) {
  switch (kind) {
    case "router route":
      // Of Neutron's extension extraroute-atomic: it touches no other route of the router.
      return write(session, "PUT", "network", `routers/${router}/remove_extraroutes`, {
        router: { routes: [route] },
      });
    case "router interface":
      return write(session, "PUT", "network", `routers/${router}/remove_router_interface`, {
        subnet_id: subnet,
      });
    default: {
      const [service, collection] = PATHS[kind];
      return write(session, "DELETE", service, `${collection}/${encodeURIComponent(id)}`);
    }
  }
}
