/** A model of Neutron and Nova: what they hold, and what they refuse. */
import type { CloudModel } from "./killed-engine";
import type { Recorded } from "./mocks";

export type Entry = Record<string, unknown> & { id: string };

/** Raised where OpenStack answers with 409. */
export class Conflict extends Error {}

export const LISTS = [
  "servers",
  "floatingips",
  "ports",
  "routers",
  "subnets",
  "networks",
  "security_group_rules",
  "security_groups",
  "keypairs",
  "ipsec_site_connections",
  "endpoint_groups",
  "ipsecpolicies",
  "ikepolicies",
  "vpnservices",
] as const;
export type List = (typeof LISTS)[number];

/** The list in which a type of resource is. */
const LIST_OF: Record<string, List> = {
  Instance: "servers",
  FloatingIp: "floatingips",
  Port: "ports",
  Router: "routers",
  Subnet: "subnets",
  Network: "networks",
  SecGroupRule: "security_group_rules",
  SecGroup: "security_groups",
  Keypair: "keypairs",
  SiteConnection: "ipsec_site_connections",
  EndpointGroup: "endpoint_groups",
  IpSecPolicy: "ipsecpolicies",
  IkePolicy: "ikepolicies",
  Service: "vpnservices",
};
const kindOf = (type: string) => type.slice(type.lastIndexOf(":") + 1);

export class NeutronModel implements CloudModel {
  readonly lists = Object.fromEntries(LISTS.map((list) => [list, [] as Entry[]])) as Record<List, Entry[]>;
  private count = 0;

  get contents(): string[] {
    const routes = this.lists.routers.flatMap(({ routes }) =>
      (routes as object[]).map((one) => JSON.stringify(one)),
    );
    return [...LISTS.flatMap((list) => this.lists[list].map(({ id }) => `${list} ${id}`)), ...routes];
  }

  create(type: string, props: Recorded["props"], finished: boolean) {
    const kind = kindOf(type);
    const id = `${kind}-${++this.count}`;
    switch (kind) {
      case "RouterInterface":
        return this.connect(id, props);
      case "RouterRoute":
        return this.addRoute(props);
      case "FloatingIpAssociate":
        return this.associate(props);
    }
    const list = LIST_OF[kind] as List;
    const same = this.clashOf(list, props);
    if (same) throw new Conflict(`409: ${kind} ${same.id} is the same as ${JSON.stringify(props)}`);
    // Neutron takes tags in a second request, Nova at once.
    const tags = finished || kind === "Instance" ? props.tags : [];
    const made: Entry = { ...props, id: kind === "Keypair" ? props.name : id, tags, device_owner: "" };
    if (kind === "Router") made.routes = [];
    if (kind === "Instance") this.get("ports", props.networks[0].port).server = made.id;
    if (kind === "SecGroup" && !finished)
      this.lists.security_group_rules.push({ id: `${id}-default`, securityGroupId: id });
    this.lists[list].push(made);
    if (kind === "Service") return { id, outputs: { externalV4Ip: "198.51.100.99" } };
    return { id: made.id, outputs: kind === "FloatingIp" ? { address: `198.51.100.${this.count}` } : {} };
  }

  private clashOf(list: List, props: Recorded["props"]): Entry | undefined {
    const equal = (...keys: string[]) =>
      this.lists[list].find((one) =>
        keys.every((key) => JSON.stringify(one[key]) === JSON.stringify(props[key])),
      );
    switch (list) {
      case "ports":
        return this.lists.ports.find(
          (one) =>
            one.networkId === props.networkId &&
            JSON.stringify(one.fixedIps) === JSON.stringify(props.fixedIps),
        );
      case "security_group_rules":
        return equal(
          "securityGroupId",
          "direction",
          "protocol",
          "portRangeMin",
          "remoteGroupId",
          "remoteIpPrefix",
        );
      case "subnets":
        return equal("networkId", "cidr");
      case "keypairs":
        return equal("name");
      default:
        return undefined;
    }
  }

  private connect(id: string, { routerId, subnetId }: Recorded["props"]) {
    if (this.interfaces(routerId).some(({ subnet }) => subnet === subnetId))
      throw new Conflict(`400: router ${routerId} already has a port on subnet ${subnetId}`);
    const { gatewayIp, networkId } = this.get("subnets", subnetId);
    this.lists.ports.push({
      id,
      networkId,
      device_owner: "network:router_interface",
      device_id: routerId,
      subnet: subnetId,
      fixed_ips: [{ subnet_id: subnetId, ip_address: gatewayIp }],
    });
    return { id };
  }

  private addRoute({ routerId, destinationCidr: destination, nextHop: nexthop }: Recorded["props"]) {
    const { routes } = this.get("routers", routerId) as { routes?: object[] };
    const route = { destination, nexthop };
    if (routes?.some((one) => JSON.stringify(one) === JSON.stringify(route)))
      throw new Conflict(`the provider: route ${JSON.stringify(route)} exists`);
    routes?.push(route);
    return { id: `${routerId}-route-${destination}-${nexthop}` };
  }

  private associate({ floatingIp, portId }: Recorded["props"]) {
    const address = this.lists.floatingips.at(-1) as Entry;
    address.port = portId;
    return { id: address.id, outputs: { floatingIp } };
  }

  remove(type: string, id: string, props: Recorded["props"]): void {
    switch (kindOf(type)) {
      case "RouterInterface":
        this.disconnect(props.routerId, props.subnetId);
        break;
      case "RouterRoute":
        this.dropRoute(props.routerId, { destination: props.destinationCidr, nexthop: props.nextHop });
        break;
      case "FloatingIpAssociate":
        break;
      default:
        this.drop(LIST_OF[kindOf(type)] as List, id);
    }
  }

  drop(list: List, id: string): void {
    const users = this.usersOf(list, id);
    if (users.length > 0)
      throw new Conflict(`409: ${list} ${id} is in use by ${users.map((one) => one.id).join()}`);
    if (list === "servers")
      for (const port of this.lists.ports) if (port.server === id) port.server = undefined;
    if (list === "networks") this.forget("subnets", ({ networkId }) => networkId === id);
    if (list === "security_groups")
      this.forget("security_group_rules", ({ securityGroupId }) => securityGroupId === id);
    this.forget(list, (one) => one.id === id);
  }

  private usersOf(list: List, id: string): Entry[] {
    const { ports } = this.lists;
    switch (list) {
      case "ports":
        return ports.filter((one) => one.id === id && (one.device_owner !== "" || one.server));
      case "routers":
        return [...this.interfaces(id), ...this.lists.vpnservices.filter(({ routerId }) => routerId === id)];
      case "subnets":
        return [
          ...ports.filter(
            ({ subnet, fixedIps }) => subnet === id || JSON.stringify(fixedIps ?? "").includes(`"${id}"`),
          ),
          ...this.groupsOf(id),
        ];
      case "endpoint_groups":
      case "ipsecpolicies":
      case "ikepolicies":
      case "vpnservices":
        return this.lists.ipsec_site_connections.filter((one) => Object.values(one).includes(id));
      case "networks":
        return ports.filter(({ networkId }) => networkId === id);
      case "security_groups":
        return [
          ...ports.filter(({ securityGroupIds }) => (securityGroupIds as string[] | undefined)?.includes(id)),
          ...this.lists.security_group_rules.filter(
            (rule) => rule.remoteGroupId === id && rule.securityGroupId !== id,
          ),
        ];
      default:
        return [];
    }
  }

  disconnect(router: string, subnet: string): void {
    const ports = this.lists.ports.filter(({ fixedIps }) =>
      JSON.stringify(fixedIps ?? "").includes(`"${subnet}"`),
    );
    const used = this.lists.floatingips.filter(({ port }) => ports.some(({ id }) => id === port));
    const [net] = String(this.lists.subnets.find(({ id }) => id === subnet)?.cidr).split(/\.\d+\//);
    const routes = (this.lists.routers.find(({ id }) => id === router)?.routes ?? []) as {
      nexthop: string;
    }[];
    const through = routes.filter(({ nexthop }) => nexthop.startsWith(`${net}.`));
    if (used.length + through.length + this.groupsOf(subnet).length > 0)
      throw new Conflict(`409: interface of ${router} in ${subnet} is needed`);
    this.forget("ports", (port) => port.device_id === router && port.subnet === subnet);
  }

  dropRoute(router: string, route: object): void {
    const found = this.lists.routers.find(({ id }) => id === router);
    if (found)
      found.routes = (found.routes as object[]).filter(
        (one) => JSON.stringify(one) !== JSON.stringify(route),
      );
  }

  /** The groups of local endpoints that a subnet is in. */
  private readonly groupsOf = (subnet: string): Entry[] =>
    this.lists.endpoint_groups.filter(({ endpoints }) => (endpoints as string[]).includes(subnet));

  private readonly interfaces = (router: string): Entry[] =>
    this.lists.ports.filter(({ device_id }) => device_id === router);

  private get(list: List, id: string): Entry {
    const found = this.lists[list].find((one) => one.id === id);
    if (!found) throw new Error(`404: no ${list} ${id}`);
    return found;
  }

  private forget(list: List, which: (entry: Entry) => boolean): void {
    this.lists[list] = this.lists[list].filter((one) => !which(one));
  }
}
