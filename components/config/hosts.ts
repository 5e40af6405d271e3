/** The machines of `cloud: hosts`: their keys in the config, and their place in the topology. */
import ipaddr from "ipaddr.js";
import { z } from "zod";
import { ROLES } from "./choices";
import type { Problem } from "./error";
import { MAX_NODES, type Subnet } from "./topology";
import { address, list, name, oneOf, pattern, section, text, whole } from "./value";

const hostKey = () =>
  pattern(
    /^(ssh-ed25519|ecdsa-sha2-\S+) \S+( .*)?$/,
    "the machine's public host key, such as ssh-ed25519 AAAA… (ssh-keyscan prints it)",
  );
const user = () => text("a login name");
const port = () => whole(1, 65535);
const reachable = () => text("a host name or an address");

const machine = section({
  /** The machine's name, which becomes its node's name. */
  name: name(),
  /** The host name or address for SSH, as seen from where Pulumi runs (or from the jump host). */
  address: reachable(),
  /** The TCP port of SSH. Default: 22. */
  port: port().optional(),
  /** The login name: root, or a user who may use sudo without a password. Default: `hosts.user`. */
  user: user().optional(),
  /**
   * The machine's public SSH host key (`ssh-keyscan -t ed25519 ADDRESS`). Default: the key of the first login is recorded,
   * and no other one is accepted later.
   */
  hostKey: hostKey().optional(),
  /** The machine's subnet: the name of one in `topology`, or a CIDR. Default: the one whose `nodes` name the machine. */
  subnet: text("a subnet's name in topology, or a CIDR such as 192.168.10.0/24").optional(),
  /** Exactly one node is the control plane. Default: the first node of the topology. */
  role: oneOf(ROLES).optional(),
  /** The machine's IPv4 address in that subnet. Default: `address`. Needed if SSH uses a name or another address. */
  nodeAddress: address().optional(),
});

/** The value of `hosts.machines` that uses node containers on this machine instead of real machines. */
export const CONTAINERS = "containers";

/** The keys of a lab on existing machines. */
export const hosts = section({
  /**
   * `containers`: node containers on this machine. Otherwise the list of your machines. Required to build a lab with
   * `cloud: hosts`.
   */
  machines: z
    .union([z.literal(CONTAINERS), list(machine, 1, MAX_NODES, "machines")], {
      error: `must be ${CONTAINERS}, or a list of machines, each { name, address, port, user, subnet, role }`,
    })
    .optional(),
  /** The login name of machines that have none: root, or a user who may use sudo without a password. Default: `root`. */
  user: user().optional(),
  /**
   * An OpenSSH private key without a passphrase to log in with, for a program of your own that has it as a secret. In a
   * stack file, which git tracks, name its path instead. Default: the key in `privateKeyFile`, or your SSH agent.
   */
  privateKey: pattern(
    /^-----BEGIN [A-Z ]*PRIVATE KEY-----\s/,
    "an OpenSSH private key without a passphrase (in a stack file, name its path: privateKeyFile)",
  )
    // JSON Schema's mark of a value that is never shown. The stack file has it encrypted.
    .meta({ writeOnly: true })
    .optional(),
  /** The path of an OpenSSH private key without a passphrase. Default: your SSH agent. */
  privateKeyFile: text("the path of an OpenSSH private key").optional(),
  /** The jump host: every machine is reached through it. Default: none. */
  jump: section({
    /** The jump host's name or address, as seen from where Pulumi runs. */
    address: reachable(),
    /** The TCP port of SSH. Default: 22. */
    port: port().optional(),
    /** The login name. Default: `hosts.user`. */
    user: user().optional(),
    /** The jump host's public SSH host key. Default: the one of the first login, as for machines. */
    hostKey: hostKey().optional(),
  }).optional(),
  /**
   * With `podRoutes: bgp`: the machine that is the gateway between the subnets. It is no node; `up` installs BIRD there, and
   * `down` takes it back. Default: none.
   */
  router: section({
    /** Its host name or address for SSH, as seen from where Pulumi runs (or from the jump host). */
    address: reachable(),
    /** The TCP port of SSH. Default: 22. */
    port: port().optional(),
    /** The login name. Default: `hosts.user`. */
    user: user().optional(),
    /** Its public SSH host key. Default: the one of the first login, as for machines. */
    hostKey: hostKey().optional(),
    /** Its IPv4 addresses in the subnets, one for each. Default: the first address of each subnet that no node has. */
    addresses: list(address(), 1, MAX_NODES, "addresses of the router in the subnets").optional(),
  }).optional(),
  /** Where this machine reaches the API. Default: the control plane's address and port 6443. */
  api: section({
    /** The host name or address. */
    address: reachable(),
    /** The TCP port. Default: 6443. */
    port: port().optional(),
  }).optional(),
  /**
   * A folder that is put over the plain root of each new node, only of node containers. Its path is absolute or
   * relative to the project. It is for machines without a network: it holds kubeadm, kubelet, kubectl, and the images in
   * var/lib/containerd. A node keeps the layer that its disk was made with. Default: none.
   */
  layer: text("the path of a folder").optional(),
});

/** One of the machines in `hosts.machines`. */
export type Machine = z.output<typeof machine>;

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
    const first = machines.findIndex(({ name }) => name === one.name);
    if (first < i) {
      // Without this check, the second machine would silently take the first one's place in the subnet.
      report("name", `hosts.machines[${first}] already has that name; names must be unique`);
      return;
    }
    const same = machines.findIndex((other) => loginOf(other) === loginOf(one));
    if (same < i)
      report(
        "address",
        `hosts.machines[${same}] has the same address and port; each node needs its own machine`,
      );
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

/** Where SSH reaches a machine. */
const loginOf = ({ address: host, port: at = 22 }: Machine): string => `${host}:${at}`;

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
