/** The nodes that the facts are about: each with its address, and the texts that came from it. */
import { RESERVED_NAMES } from "../../plan";
import type { Facts, Known, NodeFact } from "./facts";
import type { Source } from "./source";

/** A node of the cluster. */
export interface Machine {
  /** Its name in the cluster; an address where no name is known. */
  original: string;
  /** Its name in the lab. */
  name: string;
  /** IPv4, on the network that carries what pods send. */
  address: string;
  /** Where the address was read. */
  source: Source;
  isControlPlane: boolean;
  /** What Calico has recorded, with its prefix length. */
  recorded?: Known<string>;
  /** Whether what Calico has recorded is the address of another network. */
  isMisrecorded: boolean;
}

/** The nodes, and what had to be assumed about them. */
export interface Machines {
  machines: Machine[];
  assumptions: string[];
  /** The machine that a text of `ip route`, `ip addr` or `node status` came from, by the text's number. */
  ofText(table: number, hints: readonly string[]): Machine | undefined;
}

/** Gathers the nodes. */
export function machinesOf(facts: Facts): Machines {
  const assumptions: string[] = [];
  const named = merged(facts.nodes);
  const machines = named.length > 0 ? fromNodes(named, assumptions) : fromAddresses(facts, assumptions);
  rename(machines, assumptions);
  const known = new Map<number, Machine | undefined>();
  const texts = textsOf(facts);
  const ofText = (table: number, hints: readonly string[]): Machine | undefined => {
    if (!known.has(table)) known.set(table, ownerOf(machines, texts.get(table), hints));
    return known.get(table);
  };
  return { machines, assumptions, ofText };
}

/** The nodes' addresses, to ask a cloud about them. */
export const addressesIn = (facts: Facts): string[] =>
  machinesOf(facts).machines.map(({ address }) => address);

/** What several objects say about one node. */
function merged(nodes: readonly NodeFact[]): NodeFact[] {
  const byName = new Map<string, NodeFact>();
  for (const node of nodes) {
    const before = byName.get(node.name);
    const isControlPlane = (before?.isControlPlane ?? false) || (node.isControlPlane ?? false);
    byName.set(node.name, { ...node, ...before, isControlPlane });
  }
  return [...byName.values()];
}

const ipOf = (recorded: Known<string> | undefined): string | undefined => recorded?.value.replace(/\/.*/, "");

/** `192.168.10` of 192.168.10.11: enough to see whether two addresses may be neighbours. */
const nearOf = (address: string): string => address.split(".").slice(0, 3).join(".");

function fromNodes(nodes: readonly NodeFact[], assumptions: string[]): Machine[] {
  const internal = nodes.map((node) => node.internalIp?.value);
  const recorded = nodes.map((node) => ipOf(node.recorded));
  const isShared = (address: string | undefined, all: readonly (string | undefined)[]) =>
    all.filter((one) => one === address).length > 1;
  return nodes.flatMap((node): Machine[] => {
    const own = node.internalIp?.value;
    const calico = ipOf(node.recorded);
    const base = {
      original: node.name,
      name: node.name,
      isControlPlane: node.isControlPlane ?? false,
      ...(node.recorded && { recorded: node.recorded }),
    };
    if (own === undefined && calico === undefined) {
      assumptions.push(`${node.name} has no IPv4 address in what was read, so the lab does not have it`);
      return [];
    }
    // Virtual machines that Vagrant makes all have 10.0.2.15 as their first address.
    const isOwnUseless =
      own === undefined || (isShared(own, internal) && calico !== undefined && !isShared(calico, recorded));
    if (calico === undefined || own === calico || isOwnUseless)
      return [
        {
          ...base,
          address: isOwnUseless ? (calico as string) : own,
          source: (isOwnUseless ? node.recorded : node.internalIp)?.source ?? node.source,
          isMisrecorded: false,
        },
      ];
    // Another address than Kubernetes', but a neighbour of other nodes' addresses: a second network that all nodes have.
    const others = nodes.flatMap((one, i) => (one === node ? [] : [internal[i], recorded[i]]));
    const hasNeighbour = others.some(
      (other) => other !== undefined && other !== calico && nearOf(other) === nearOf(calico),
    );
    if (hasNeighbour && !isShared(calico, recorded)) {
      assumptions.push(
        `${node.name} is ${own} for Kubernetes and ${calico} for Calico, which is on the same network as other nodes' addresses: the lab has ${calico}`,
      );
      return [
        { ...base, address: calico, source: node.recorded?.source ?? node.source, isMisrecorded: false },
      ];
    }
    return [{ ...base, address: own, source: node.internalIp?.source ?? node.source, isMisrecorded: true }];
  });
}

/** Without a Node, the nodes are those whose addresses stand somewhere. */
function fromAddresses(facts: Facts, assumptions: string[]): Machine[] {
  const found = new Map<string, { name?: string; source: Source }>();
  const add = (address: string | undefined, source: Source, name?: string) => {
    if (address && !found.has(address)) found.set(address, { source, ...(name && { name }) });
  };
  // A node's own address first: its file or prompt may have its name.
  for (const { from, source, device } of facts.routes) if (isNic(device)) add(from, source);
  for (const { device, addresses, source } of facts.links)
    if (isNic(device)) for (const one of addresses) add(one.replace(/\/.*/, ""), source);
  for (const { peer, source } of facts.sessions) add(peer, source);
  // Under VXLAN, the next hop is an address inside the tunnel.
  for (const route of facts.routes)
    if (
      route.destination !== "default" &&
      route.via &&
      route.device !== "vxlan.calico" &&
      isBlock(route.destination)
    )
      add(route.via, route.source);
  if (found.size === 0) for (const port of facts.ports) add(port.addresses[0], port.source, port.name);
  // In subnets that a gateway is in, the gateway may be the next hop of all.
  const gateways = new Set(
    facts.routes.flatMap(({ destination, via }) => (destination === "default" && via ? [via] : [])),
  );
  const left = [...found].filter(([address]) => !gateways.has(address));
  if (left.length > 0)
    assumptions.push(
      "no Node was given, so the nodes are those whose addresses are in what was given; the first one is the control plane",
    );
  return left.map(([address, { name, source }], i) => ({
    original: name ?? address,
    name: name ?? (i === 0 ? "cp1" : `w${i}`),
    address,
    source,
    isControlPlane: false,
    isMisrecorded: false,
  }));
}

/** Devices of the machine itself, and not of pods, containers or tunnels. */
export const isNic = (device: string | undefined): boolean =>
  device !== undefined &&
  !/^(lo|docker|br-|cali|tunl|vxlan|virbr|veth|cni|flannel|kube-|nodelocaldns|dummy|wg|wireguard|tailscale|cilium|lxc)/.test(
    device,
  );

/** A block of pod addresses, and not a network. */
export const isBlock = (destination: string): boolean => /\/(2[0-9]|30)$/.test(destination);

/** Gives each node a name that the lab can have: a host name of at most 32 characters, which no pod of the lab has. */
function rename(machines: Machine[], assumptions: string[]): void {
  const used = new Set(RESERVED_NAMES);
  const clashes = (name: string) =>
    used.has(name) || used.has(`${name}-1`) || used.has(`${name}-2`) || used.has(name.replace(/-[12]$/, ""));
  const changed: string[] = [];
  for (const machine of machines) {
    const [label = ""] = /^\d+(\.\d+){3}$/.test(machine.name) ? [machine.name] : machine.name.split(".");
    const clean = label
      .toLowerCase()
      .replace(/[^a-z0-9-]+/g, "-")
      .replace(/^-+|-+$/g, "");
    const base = (/^[a-z]/.test(clean) ? clean : `n-${clean}`).slice(0, 28).replace(/-+$/, "");
    let name = base;
    for (let i = 1; clashes(name); i++) name = `${base.slice(0, 24).replace(/-?\d*$/, "") || "n"}x${i}`;
    used.add(name);
    if (name !== machine.original) changed.push(`${machine.original} is ${name}`);
    machine.name = name;
  }
  if (changed.length > 0) assumptions.push(`names in the lab: ${changed.join(", ")}`);
}

/** What a text says about the node that it is from. */
interface NodeText {
  own: string[];
  peers: Set<string>;
}

function textsOf(facts: Facts): ReadonlyMap<number, NodeText> {
  const texts = new Map<number, NodeText>();
  const of = (table: number): NodeText => {
    const text = texts.get(table) ?? { own: [], peers: new Set() };
    texts.set(table, text);
    return text;
  };
  for (const { table, addresses } of facts.links)
    of(table).own.push(...addresses.map((one) => one.replace(/\/.*/, "")));
  for (const { table, from } of facts.routes) if (from) of(table).own.push(from);
  for (const { table, peer } of facts.sessions) of(table).peers.add(peer);
  return texts;
}

function ownerOf(
  machines: readonly Machine[],
  { own, peers }: NodeText = { own: [], peers: new Set() },
  hints: readonly string[],
): Machine | undefined {
  const byAddress = machines.filter(({ address }) => own.includes(address));
  if (byAddress.length === 1) return byAddress[0];
  const byName = machines
    .filter(({ original, name }) =>
      hints.some((hint) => [original, original.split(".")[0], name].some((one) => names(hint, one))),
    )
    .sort((a, b) => b.original.length - a.original.length);
  if (byName[0]) return byName[0];
  const others = machines.filter(
    ({ address, recorded }) => !peers.has(address) && !peers.has(ipOf(recorded) ?? ""),
  );
  return peers.size > 0 && others.length === 1 ? others[0] : undefined;
}

/** Whether a hint is a name, or has it as a whole word: `ip-route-w1.txt`, `w1`. */
function names(hint: string, name: string | undefined): boolean {
  if (!name || name.length > hint.length) return false;
  const at = hint.toLowerCase().indexOf(name.toLowerCase());
  const isEdge = (character: string | undefined) => character === undefined || !/[a-z0-9]/i.test(character);
  return at !== -1 && isEdge(hint[at - 1]) && isEdge(hint[at + name.length]);
}
