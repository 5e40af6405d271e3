/** The machines of `cloud: hosts`: their keys in the config, and their place in the topology. */
import ipaddr from "ipaddr.js";
import { z } from "zod";
import type { Problem } from "./problem";
import { address, list, name, oneOf, pattern, section, text, whole } from "./value";

const hostKey = () =>
  pattern(
    /^(ssh-ed25519|ecdsa-sha2-\S+) \S+( .*)?$/,
    "the machine's public host key, such as ssh-ed25519 AAAA… (ssh-keyscan prints it)",
  );
const user = () => text("a login name");
const port = () => whole(1, 65535);
const reachable = () => text("a host name or an address");

export const ROLES = ["control-plane", "worker"] as const;

const machine = section({
  name: name(),
  /** Where SSH reaches it: a name or an address, as seen from where Pulumi runs (or from the jump host). */
  address: reachable(),
  port: port().optional(),
  user: user().optional(),
  hostKey: hostKey().optional(),
  /** A subnet of `topology` by its name, or its CIDR. */
  subnet: text("a subnet's name in topology, or a CIDR such as 192.168.10.0/24").optional(),
  role: oneOf(ROLES).optional(),
  /** Its own address in that subnet, where that is not the address by which SSH reaches it. */
  nodeAddress: address().optional(),
});

/** Node containers on this very machine stand in for machines. */
export const CONTAINERS = "containers";

export const hosts = (maxNodes: number) =>
  section({
    machines: z
      .union([z.literal(CONTAINERS), list(machine, 1, maxNodes, "machines")], {
        error: `allowed is ${CONTAINERS}, or a list of machines, each { name, address, port, user, subnet, role }`,
      })
      .optional(),
    /** The login name where a machine says no other; root, or one that may use sudo without a password. */
    user: user().optional(),
    /** An OpenSSH private key to log in with. With neither this nor a file, your SSH agent is asked. */
    privateKey: pattern(
      /^-----BEGIN [A-Z ]*PRIVATE KEY-----\s/,
      "an OpenSSH private key without a passphrase (set it with --secret)",
    ).optional(),
    privateKeyFile: text("the path of an OpenSSH private key").optional(),
    /** The machine over which all others are reached. */
    jump: section({
      address: reachable(),
      port: port().optional(),
      user: user().optional(),
      hostKey: hostKey().optional(),
    }).optional(),
    /** Where the API is reached from here, if not at the control plane's address and port 6443. */
    api: section({ address: reachable(), port: port().optional() }).optional(),
    /**
     * A folder that is put over the plain root of each new node, only with `machines: containers`; its path is absolute, or
     * relative to the project. For machines without a network: it holds kubeadm, kubelet and kubectl, and the images in
     * var/lib/containerd. A node keeps the layer with which its disk was made.
     */
    layer: text("the path of a folder").optional(),
  });

export type Machine = z.output<typeof machine>;

/** What of a subnet this file is about. */
export interface Subnet {
  name: string;
  cidr: string;
  nodes: { name: string; role?: (typeof ROLES)[number]; address?: string }[];
}

/**
 * Puts every machine into its subnet, and gives every node the address that its machine has there. Where the config has no
 * topology, the subnets are those that the machines name by CIDR: `a`, `b`, … in the order of the machines.
 *
 * @returns the topology, and what is wrong with the machines; the topology is then of no use.
 */
export function placeMachines(
  topology: readonly Subnet[] | undefined,
  machines: readonly Machine[],
): { topology: Subnet[]; problems: Problem[] } {
  const problems: Problem[] = [];
  const subnets = (topology ?? []).map((subnet) => ({ ...subnet, nodes: [...subnet.nodes] }));
  machines.forEach((one, i) => {
    const key = `hosts.machines[${i}]`;
    const report = (field: keyof Machine, message: string) =>
      problems.push({ key: `${key}.${field}`, value: one[field], message });
    const subnet = subnetOf(one, subnets, report);
    if (!subnet) return;
    const at = subnet.nodes.findIndex(({ name }) => name === one.name);
    const node = subnet.nodes[at];
    if (node?.role && one.role && node.role !== one.role)
      report("role", `topology says ${node.role}; name the role in one place`);
    const own =
      one.nodeAddress ?? node?.address ?? (isIn(one.address, subnet.cidr) ? one.address : undefined);
    if (!own) {
      report(
        "nodeAddress",
        `${one.address} does not lie in the subnet ${subnet.cidr}: say which address ${one.name} has there`,
      );
    }
    const placed = { name: one.name, role: one.role ?? node?.role, address: own };
    if (node) subnet.nodes[at] = placed;
    else subnet.nodes.push(placed);
  });
  const known = new Set(machines.map(({ name }) => name));
  const idle = subnets.flatMap(({ nodes }) => nodes).filter(({ name }) => !known.has(name));
  if (idle.length > 0) {
    const names = idle.map(({ name }) => name).join(", ");
    problems.push({
      key: "hosts.machines",
      value: [...known],
      message: `topology has ${names}, and no machine is called so; add the machines, or take the nodes out`,
    });
  }
  return { topology: subnets.filter(({ nodes }) => nodes.length > 0), problems };
}

function subnetOf(
  { name, subnet: wanted }: Machine,
  subnets: Subnet[],
  report: (field: keyof Machine, message: string) => void,
): Subnet | undefined {
  const holder = subnets.find(({ nodes }) => nodes.some((node) => node.name === name));
  if (wanted === undefined) {
    if (!holder)
      report("subnet", `which subnet is ${name} in? Name one of topology, or a CIDR such as 192.168.10.0/24`);
    return holder;
  }
  const found = subnets.find((subnet) => subnet.name === wanted || subnet.cidr === wanted);
  if (found && holder && holder !== found) {
    report("subnet", `topology has ${name} in ${holder.name}; name the subnet in one place`);
    return undefined;
  }
  if (found) return found;
  if (!ipaddr.IPv4.isValidCIDR(wanted)) {
    const names = subnets.map((subnet) => subnet.name).join(", ");
    report("subnet", `allowed is ${names ? `${names}, or ` : ""}a CIDR such as 192.168.10.0/24`);
    return undefined;
  }
  const made = { name: freeName(subnets), cidr: wanted, nodes: [] };
  subnets.push(made);
  return made;
}

/** `a`, `b`, …, `z`, `s27`, …: the first that no subnet has. */
function freeName(subnets: readonly Subnet[]): string {
  const nameOf = (i: number) => (i < 26 ? String.fromCharCode(97 + i) : `s${i + 1}`);
  let i = 0;
  while (subnets.some(({ name }) => name === nameOf(i))) i++;
  return nameOf(i);
}

/** A host name is in no subnet that we could know of. */
const isIn = (host: string, cidr: string): boolean =>
  ipaddr.IPv4.isValidFourPartDecimal(host) && ipaddr.IPv4.parse(host).match(ipaddr.IPv4.parseCIDR(cidr));
