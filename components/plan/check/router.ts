/** Checks the machine that is the gateway between the subnets of existing machines. */
import type { LabConfig } from "../../config";
import { contains, parseCidr, toNumber } from "../addressing";
import { placementOf } from "../placement";
import type { Report } from "./report";

/** Checks the section `hosts.router`. A rehearsal of the lab has a router of its own. */
export function checkRouter(config: LabConfig, report: Report): void {
  const { cloud, hosts, podRoutes, topology, rehearse } = config;
  const router = cloud === "hosts" ? hosts?.router : undefined;
  if (!router) return;
  if (placementOf(config).onContainers && rehearse === false)
    report("hosts.router", router.address, "must be left out: node containers have a router of their own");
  else if (podRoutes !== "bgp")
    report(
      "hosts.router",
      router.address,
      "must be left out, or set podRoutes: bgp: the lab uses the router for BGP alone",
    );
  const logins = (Array.isArray(hosts?.machines) ? hosts.machines : []).map(
    ({ name, address, port = 22 }) => [name, `${address}:${port}`] as const,
  );
  const node = logins.find(([, login]) => login === `${router.address}:${router.port ?? 22}`)?.[0];
  if (node !== undefined)
    report(
      "hosts.router.address",
      router.address,
      `it is the node ${node}: a node runs Calico's BIRD, which peers with the others without this key; remove it, or name another machine`,
    );
  const names = topology.map(({ name, cidr }) => `${name} ${cidr}`).join(", ");
  const owners = new Map<string, string>();
  (router.addresses ?? []).forEach((address, i) => {
    const key = `hosts.router.addresses[${i}]`;
    const subnet = topology.find(({ cidr }) => contains(parseCidr(cidr), toNumber(address)));
    if (!subnet) {
      report(key, address, `must be in one of the subnets ${names}`);
      return;
    }
    const same = subnet.nodes.find((one) => one.address === address);
    if (same)
      report(key, address, `the node ${same.name} has that address; give the router's own in ${subnet.name}`);
    const first = owners.get(subnet.name);
    if (first) report(key, address, `${first} is in the subnet ${subnet.name} too; give one address there`);
    owners.set(subnet.name, address);
  });
}
