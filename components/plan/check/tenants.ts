/** Checks the tenant network: its fabric, its range, its instances and the nodes with a port. */
import type { LabConfig } from "../../config";
import { suggestion } from "../../config";
import { contains, formatCidr, parseCidr, sizeOf, toNumber } from "../addressing";
import { placementOf } from "../placement";
import { portsIn } from "../tenant";
import { podNames, RESERVED_NAMES } from "../topology";
import type { Report } from "./report";

/** Prefix lengths that a tenant network can have: room for its router, instances and ports. */
const PREFIX = { min: 16, max: 28 };

/** Checks the section `tenants`. Its range is checked with all others, see checkRanges. */
export function checkTenants(config: LabConfig, report: Report): void {
  const { tenants, topology, cloud } = config;
  if (!tenants) return;
  const { fabric } = placementOf(config);
  if (fabric !== "plain") {
    const why =
      cloud === "aws" || cloud === "openstack"
        ? "the cloud's nodes are its instances"
        : `fabric ${fabric} is a cloud's own network`;
    report(
      "tenants",
      cloud,
      `its nodes must be compute hosts, but ${why}; use cloud twin or hosts with fabric plain`,
    );
  }
  const { prefix } = parseCidr(tenants.cidr);
  if (prefix < PREFIX.min || prefix > PREFIX.max)
    report("tenants.cidr", tenants.cidr, `must be from /${PREFIX.min} to /${PREFIX.max}`);
  const nodes = topology.flatMap((subnet) => subnet.nodes.map(({ name }) => name));
  checkInstances(tenants, nodes, report);
  checkPorts(tenants, nodes, report);
}

type Tenants = NonNullable<LabConfig["tenants"]>;

function checkInstances({ cidr: text, instances }: Tenants, nodes: readonly string[], report: Report): void {
  const cidr = parseCidr(text);
  const names = new Set([...RESERVED_NAMES, ...nodes, ...nodes.flatMap(podNames)]);
  const addresses = new Set<string>();
  instances.forEach(({ name, host, address }, i) => {
    const key = `tenants.instances[${i}]`;
    if (names.has(name))
      report(`${key}.name`, name, "a node, a pod or another instance has that name; names must be unique");
    names.add(name);
    checkNode(`${key}.host`, host, nodes, report);
    const offset = toNumber(address) - cidr.first;
    if (!contains(cidr, toNumber(address)))
      report(`${key}.address`, address, `it is outside tenants.cidr ${formatCidr(cidr)}`);
    else if (offset < 2 || offset === sizeOf(cidr) - 1)
      report(
        `${key}.address`,
        address,
        `it is the network, the router or the broadcast address of ${formatCidr(cidr)}`,
      );
    if (addresses.has(address))
      report(`${key}.address`, address, "another instance has that address; addresses must be unique");
    addresses.add(address);
  });
}

function checkPorts(
  { cidr, instances, ports = [] }: Tenants,
  nodes: readonly string[],
  report: Report,
): void {
  ports.forEach((name, i) => {
    checkNode(`tenants.ports[${i}]`, name, nodes, report);
    if (ports.indexOf(name) < i) report(`tenants.ports[${i}]`, name, "it is already in the list");
  });
  const room = Math.max(
    0,
    portsIn(
      cidr,
      instances.map(({ address }) => address),
    ),
  );
  if (ports.length > room)
    report("tenants.ports", `${ports.length} ports`, `${cidr} has room for ${room}; use a larger range`);
}

function checkNode(key: string, name: string, nodes: readonly string[], report: Report): void {
  if (!nodes.includes(name))
    report(key, name, `must be one of the nodes ${nodes.join(", ")}${suggestion(name, nodes)}`);
}
