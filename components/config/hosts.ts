/** The machines of `cloud: hosts`: their keys in the config, and their place in the topology. */
import ipaddr from "ipaddr.js";
import { z } from "zod";
import type { Problem } from "./error";
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
  /** The host name or address for SSH, as seen from where Pulumi runs (or from the jump host). */
  address: reachable(),
  port: port().optional(),
  user: user().optional(),
  hostKey: hostKey().optional(),
  /** The machine's subnet: the name of one in `topology`, or a CIDR. */
  subnet: text("a subnet's name in topology, or a CIDR such as 192.168.10.0/24").optional(),
  role: oneOf(ROLES).optional(),
  /** The machine's address in that subnet, if SSH uses another address. */
  nodeAddress: address().optional(),
});

/** The value of `hosts.machines` that uses node containers on this machine instead of real machines. */
export const CONTAINERS = "containers";

export const hosts = (maxNodes: number) =>
  section({
    machines: z
      .union([z.literal(CONTAINERS), list(machine, 1, maxNodes, "machines")], {
        error: `must be ${CONTAINERS}, or a list of machines, each { name, address, port, user, subnet, role }`,
      })
      .optional(),
    /** The default login name of the machines: root, or a user who may use sudo without a password. */
    user: user().optional(),
    /** An OpenSSH private key to log in with. Without this and without `privateKeyFile`, your SSH agent is used. */
    privateKey: pattern(
      /^-----BEGIN [A-Z ]*PRIVATE KEY-----\s/,
      "an OpenSSH private key without a passphrase (set it with --secret)",
    ).optional(),
    privateKeyFile: text("the path of an OpenSSH private key").optional(),
    /** The jump host: every machine is reached through it. */
    jump: section({
      address: reachable(),
      port: port().optional(),
      user: user().optional(),
      hostKey: hostKey().optional(),
    }).optional(),
    /** Where this machine reaches the API. Default: the control plane's address and port 6443. */
    api: section({ address: reachable(), port: port().optional() }).optional(),
    /**
     * A folder that is put over the plain root of each new node, only with `machines: containers`. Its path is absolute
     * or relative to the project. It is for machines without a network: it holds kubeadm, kubelet, kubectl, and the
     * images in var/lib/containerd. A node keeps the layer that its disk was made with.
     */
    layer: text("the path of a folder").optional(),
  });

export type Machine = z.output<typeof machine>;

/** A subnet, as far as this file needs it. */
export interface Subnet {
  name: string;
  cidr: string;
  nodes: { name: string; role?: (typeof ROLES)[number]; address?: string }[];
}

/**
 * Puts every machine into its subnet, and gives every node the address that its machine has there. If the config has no
 * topology, the subnets are the CIDRs that the machines name, called `a`, `b`, … in the order of the machines.
 *
 * @returns the topology, and the problems found. If there are any, do not use the topology.
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
      report("role", `topology says ${node.role}; give the role in one place only`);
    const own =
      one.nodeAddress ?? node?.address ?? (isIn(one.address, subnet.cidr) ? one.address : undefined);
    if (!own) {
      report(
        "nodeAddress",
        `${one.address} is not in the subnet ${subnet.cidr}; set the address that ${one.name} has there`,
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
      message: `topology has the nodes ${names}, but no machine has that name; add the machines, or remove the nodes`,
    });
  }
  return { topology: subnets.filter(({ nodes }) => nodes.length > 0), problems };
}

function subnetOf(
  { name, subnet: wanted }: Machine,
  subnets: Subnet[],
  report: (field: keyof Machine, message: string) => void,
): Subnet | undefined {
  const owner = subnets.find(({ nodes }) => nodes.some((node) => node.name === name));
  if (wanted === undefined) {
    if (!owner)
      report(
        "subnet",
        `must be the subnet of ${name}: a name in topology, or a CIDR such as 192.168.10.0/24`,
      );
    return owner;
  }
  const found = subnets.find((subnet) => subnet.name === wanted || subnet.cidr === wanted);
  if (found && owner && owner !== found) {
    report("subnet", `topology has ${name} in ${owner.name}; give the subnet in one place only`);
    return undefined;
  }
  if (found) return found;
  if (!ipaddr.IPv4.isValidCIDR(wanted)) {
    const names = subnets.map((subnet) => subnet.name).join(", ");
    report("subnet", `must be ${names ? `${names}, or ` : ""}a CIDR such as 192.168.10.0/24`);
    return undefined;
  }
  const made = { name: freeName(subnets), cidr: wanted, nodes: [] };
  subnets.push(made);
  return made;
}

/** `a`, `b`, …, `z`, `s27`, …: the first name that no subnet has. */
function freeName(subnets: readonly Subnet[]): string {
  const nameOf = (i: number) => (i < 26 ? String.fromCharCode(97 + i) : `s${i + 1}`);
  let i = 0;
  while (subnets.some(({ name }) => name === nameOf(i))) i++;
  return nameOf(i);
}

/** False for a host name: its address is not known here. */
const isIn = (host: string, cidr: string): boolean =>
  ipaddr.IPv4.isValidFourPartDecimal(host) && ipaddr.IPv4.parse(host).match(ipaddr.IPv4.parseCIDR(cidr));
