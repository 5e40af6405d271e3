/** Makes the config of a lab of the facts. */
import {
  ConfigError,
  type Fabric,
  faultLabel,
  MAX_NODES,
  PROXY_MODES,
  parseConfig,
  type RawConfig,
} from "../../config";
import { contains, fabricFacts, type LabPlan, overlap, parseCidr, planLab, toNumber } from "../../plan";
import { exchangeOf } from "./exchange";
import type { Facts } from "./facts";
import { type FoundFault, faultsOf, showFault } from "./faults";
import { isNic, type Machine, machinesOf } from "./machines";
import { type ChosenPool, poolOf } from "./pool";
import { otherBlocks } from "./pools";
import { Security } from "./security";
import { clean, type Problem, showSource } from "./source";
import { subnetsOf } from "./subnets";
import { versions } from "./versions";

/** A key of the config, with where its value is from. */
export interface Entry {
  key: keyof RawConfig;
  value: unknown;
  /** For the comment above the key, in one sentence without the full stop. */
  why: string;
}

/** The lab that the facts make. */
export interface ImportedLab {
  entries: Entry[];
  config: RawConfig;
  plan: LabPlan;
  faults: FoundFault[];
  /** The nodes' names in the cluster, by their names in the lab. */
  originals: Readonly<Record<string, string>>;
  /** The ids of the nodes' interfaces in their cloud, by the nodes' names in the lab, and of the groups that were told. */
  ids: { ports: Readonly<Record<string, string>>; groups: readonly string[] };
  /** What was assumed, because nothing says it. */
  assumptions: string[];
  facts: Facts;
}

/** What the user decides. */
export interface Wishes {
  /** Whose network rules apply, where the input does not say. */
  fabric?: Fabric;
}

/** The facts make no lab. */
export class ImportError extends Error {
  override readonly name = "ImportError";
  /** @param problems what is wrong in the input, if it is in one place. */
  constructor(
    message: string,
    readonly problems: readonly Problem[] = [],
  ) {
    super(message);
  }
}

/** Ranges for Services, if those of the cluster are not known or not free. */
const SERVICES = [
  "10.96.0.0/12",
  "10.96.0.0/16",
  "172.30.0.0/16",
  "192.168.240.0/20",
  "198.18.0.0/16",
  "10.254.0.0/16",
];

/** @throws {ImportError} when the facts make no lab. */
export function labOf(facts: Facts, wishes: Wishes = {}): ImportedLab {
  const found = machinesOf(facts);
  const { machines } = found;
  const isNothing = machines.length === 0 && facts.pools.length === 0;
  if (isNothing)
    throw new ImportError(
      "Nothing in the input says what the nodes or the pods' ranges are. Give at least the nodes (kubectl get nodes -o yaml) and the IPPools (kubectl get ippools -o yaml).",
    );
  if (machines.length > MAX_NODES)
    throw new ImportError(
      `There are ${machines.length} nodes, and a lab has at most ${MAX_NODES}. Give the nodes that the trouble is about.`,
    );
  const security = new Security(facts);
  const { fabric, why: whyFabric } = fabricOf(facts, security, machines, wishes);
  const placed = subnetsOf(facts, machines);
  const { chosen, assumptions: poolAssumed } = poolOf(
    facts,
    placed.subnets.map(({ cidr }) => cidr),
    Math.max(machines.length, 4),
    machines,
  );
  const assumptions = [...found.assumptions, ...placed.assumptions, ...poolAssumed];
  const entries: Entry[] = [];
  const set = (key: keyof RawConfig, value: unknown, why: string) => entries.push({ key, value, why });
  set("cloud", "twin", "The model on this machine, so that `lab up` reproduces the cluster's network here");
  set("fabric", fabric, whyFabric);
  const from = chosen.pool ? showSource(chosen.pool.source) : "assumed";
  set("encapsulation", chosen.encapsulation, from);
  const bgp = facts.settings.bgp;
  const modes = (chosen.ipPools ?? [])
    .filter(({ disabled }) => !disabled)
    .map((pool) => pool.encapsulation ?? chosen.encapsulation);
  const isVxlan = [chosen.encapsulation, ...modes].every((mode) => mode.startsWith("VXLAN"));
  if (bgp?.value === "Disabled" && !isVxlan)
    facts.notExpressed.push({
      what: `Calico runs no BIRD, but the IPPool's ${chosen.encapsulation} needs it: no node learns a route. The lab closes TCP 179, which has the same effect`,
      source: bgp.source,
    });
  const exchange = exchangeOf(facts, machines, {
    fabric,
    subnets: placed.subnets.map(({ cidr }) => cidr),
    exportsDisabled: chosen.pool?.exportsDisabled ?? false,
  });
  if (bgp && !exchange.isReflected)
    set("bgp", isVxlan && bgp.value === "Disabled" ? "Disabled" : "mesh", showSource(bgp.source));
  for (const { key, value, why } of exchange.entries) set(key, value, why);
  set("natOutgoing", chosen.natOutgoing, from);
  set("podCidr", chosen.cidr, from);
  set("blockSize", chosen.blockSize, from);
  if (chosen.ipPools) set("ipPools", chosen.ipPools, from);
  services(facts, [chosen.cidr, ...placed.subnets.map(({ cidr }) => cidr)], set, assumptions);
  topology(placed.subnets, machines, set, assumptions);
  versions(facts, set, assumptions);
  const proxy = facts.settings.proxyMode;
  const mode = PROXY_MODES.find((one) => one === proxy?.value);
  if (mode && proxy) set("proxyMode", mode, showSource(proxy.source));
  mtu(facts, fabric, machines, set, assumptions);
  routes(facts, chosen, machines, set);
  const healthy = planned(entries);
  otherBlocks(facts, chosen, healthy, machines);
  const faults = [
    ...faultsOf(facts, security, found, healthy),
    ...(bgp?.value === "Disabled" && !isVxlan
      ? [{ setting: "bgp-blocked" as const, evidence: "Calico runs no BIRD", source: bgp.source }]
      : []),
  ].filter(
    (one, i, all) => all.findIndex((other) => faultLabel(other.setting) === faultLabel(one.setting)) === i,
  );
  unknowns(security, healthy, machines, assumptions);
  set(
    "faults",
    faults.map(({ setting }) => setting),
    faults.length > 0
      ? faults.map((one) => `${faultLabel(one.setting)}: ${showFault(one)}`).join("\n")
      : "Nothing that was read shows one",
  );
  const plan = planned(entries);
  return {
    entries,
    config: configOf(entries),
    plan,
    faults,
    originals: Object.fromEntries(machines.map(({ name, original }) => [name, original])),
    ids: idsOf(facts, security, machines),
    assumptions: [...new Set(assumptions.map(clean))],
    facts,
  };
}

function idsOf(facts: Facts, security: Security, machines: readonly Machine[]): ImportedLab["ids"] {
  const ports = machines.flatMap((machine) => {
    const id = security.portOf(machine)?.id;
    return id ? [[machine.name, clean(id)]] : [];
  });
  return { ports: Object.fromEntries(ports), groups: facts.groups.map(({ value }) => clean(value)) };
}

const configOf = (entries: readonly Entry[]): RawConfig =>
  Object.fromEntries(entries.map(({ key, value }) => [key, value]));

/** @throws {ImportError} when the config is refused: the facts contradict each other, or no lab can have them. */
function planned(entries: readonly Entry[]): LabPlan {
  try {
    return planLab(parseConfig(configOf(entries)));
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    const why = error.problems.map(({ key, value, message }) => {
      const entry = entries.find((one) => key.startsWith(one.key));
      return `  - ${key} ${typeof value === "string" ? value : JSON.stringify(value)}${entry ? ` (${entry.why.split("\n")[0]})` : ""}: ${message}`;
    });
    throw new ImportError(`No lab can have what was read:\n${why.slice(0, 10).join("\n")}`);
  }
}

/** Adds an {@link Entry}. */
export type SetKey = (key: keyof RawConfig, value: unknown, why: string) => void;

/** Whose rules apply: the user's word, a cloud's own answers, the nodes' providerID. */
function fabricOf(
  facts: Facts,
  security: Security,
  machines: readonly Machine[],
  { fabric }: Wishes,
): { fabric: Fabric; why: string } {
  if (fabric) return { fabric, why: "--fabric" };
  const port = machines.map(security.portOf).find((one) => one !== undefined) ?? facts.ports[0];
  if (port) return { fabric: port.cloud, why: showSource(port.source) };
  const [group] = facts.groups;
  const isEc2 = facts.read.some(({ what }) => what.includes("of EC2"));
  if (group) return { fabric: isEc2 ? "aws" : "openstack", why: showSource(group.source) };
  const told = facts.nodes.find((node) => node.fabric)?.fabric;
  if (told) return { fabric: told.value, why: `${showSource(told.source)}, the providerID` };
  if (facts.settings.awsSrcDstCheck)
    return { fabric: "aws", why: showSource(facts.settings.awsSrcDstCheck.source) };
  return { fabric: "plain", why: "Nothing names a cloud, so the network has no rules of its own" };
}

function services(facts: Facts, taken: readonly string[], set: SetKey, assumptions: string[]): void {
  const told = facts.settings.serviceCidr;
  const isFree = (cidr: string) => !taken.some((other) => overlap(parseCidr(cidr), parseCidr(other)));
  const fits = (cidr: string) => parseCidr(cidr).prefix >= 12 && parseCidr(cidr).prefix <= 28;
  if (told && isFree(told.value) && fits(told.value)) {
    set("serviceCidr", told.value, showSource(told.source));
    return;
  }
  const free = SERVICES.find(isFree) ?? (SERVICES[0] as string);
  if (told) {
    facts.notExpressed.push({
      what: `the Services' range ${told.value} ${fits(told.value) ? "overlaps nodes or pods" : "has a prefix that the lab cannot have"}: the lab has ${free}`,
      source: told.source,
    });
  } else assumptions.push(`nothing says the range of the Services: assumed ${free}`);
  set("serviceCidr", free, "assumed");
}

function topology(
  subnets: ReturnType<typeof subnetsOf>["subnets"],
  machines: readonly Machine[],
  set: SetKey,
  assumptions: string[],
): void {
  if (machines.length === 0) {
    assumptions.push("no node was given: the lab has four, in two subnets (encaplab's default)");
    return;
  }
  const controls = machines.filter(({ isControlPlane }) => isControlPlane);
  const control = controls[0] ?? machines[0];
  if (controls.length > 1)
    assumptions.push(
      `the cluster has ${controls.length} control planes: in the lab, ${control?.name} is the only one, and the others are workers`,
    );
  const sources = [...new Set(subnets.flatMap(({ source }) => (source ? [showSource(source)] : [])))];
  set(
    "topology",
    subnets.map(({ name, cidr, machines: own }) => ({
      name,
      cidr,
      nodes: own.map((machine) => ({
        name: machine.name,
        ...(machine === control && { role: "control-plane" }),
        address: machine.address,
      })),
    })),
    sources.length > 0
      ? `Subnets: ${sources.slice(0, 3).join(", ")}`
      : "The nodes' addresses; the size of the subnets is assumed",
  );
}

/** The link's MTU: the network's, or that of the device that has the node's address. */
function mtu(
  facts: Facts,
  fabric: Fabric,
  machines: readonly Machine[],
  set: SetKey,
  assumptions: string[],
): void {
  const own = new Set(machines.map(({ address }) => address));
  const nics = facts.links.filter(
    ({ device, addresses }) => isNic(device) && addresses.some((one) => own.has(one.replace(/\/.*/, ""))),
  );
  const smallest = nics.toSorted((a, b) => a.mtu - b.mtu)[0];
  const told = facts.settings.linkMtu ?? (smallest && { value: smallest.mtu, source: smallest.source });
  if (new Set(nics.map((one) => one.mtu)).size > 1 && smallest)
    assumptions.push(`the nodes' devices have different MTUs; the lab has the smallest, ${smallest.mtu}`);
  const { maxMtu = 9216, mtu: usual, name } = fabricFacts({ fabric });
  if (told && told.value >= 1280 && told.value <= maxMtu) set("mtu", told.value, showSource(told.source));
  else if (told)
    facts.notExpressed.push({
      what: `the link's MTU is ${told.value}; the lab can have 1280 to ${maxMtu}`,
      source: told.source,
    });
  else assumptions.push(`nothing says the MTU below the nodes: assumed ${usual}, as usual for ${name}`);
}

/** Routes of the cloud to blocks: the lab has one to each node's block, or none. */
function routes(
  facts: Facts,
  { cidr, ipPools }: ChosenPool,
  machines: readonly Machine[],
  set: SetKey,
): void {
  const pods = parseCidr(cidr);
  const own = facts.cloudRoutes.filter(({ value }) => contains(pods, parseCidr(value).first));
  const [first] = own;
  if (!first) return;
  const isRouted = ({ original }: Machine) => {
    const blocks = facts.blocks.filter(({ node }) => node === original);
    return (
      blocks.length > 0 &&
      blocks.every(({ cidr }) =>
        own.some(({ value }) => contains(parseCidr(value), toNumber(cidr.split("/")[0] as string))),
      )
    );
  };
  const isComplete = machines.length > 0 && machines.every(isRouted);
  if (ipPools)
    facts.notExpressed.push({
      what: `the cloud has ${own.length} routes to pods; a lab with several IPPools has none`,
      source: first.source,
    });
  else if (isComplete || (facts.blocks.length === 0 && own.length >= machines.length))
    set("podRoutes", "static", showSource(first.source));
  else
    facts.notExpressed.push({
      what: `the cloud has ${own.length} routes to pods, and not one for every node's blocks: the lab has none`,
      source: first.source,
    });
}

/** What a fabric does that nothing in the input tells: the lab then does what Calico needs. */
function unknowns(
  security: Security,
  plan: LabPlan,
  machines: readonly Machine[],
  assumptions: string[],
): void {
  const { securityGroup, antiSpoofing, name } = fabricFacts(plan);
  if (securityGroup && security.areGroupsAssumed)
    assumptions.push(
      "nothing says which groups the nodes have: assumed that all of them have all groups that were given",
    );
  else if (securityGroup && !security.groupsAreKnown(machines))
    assumptions.push(
      `not all rules of the nodes' security groups were given: assumed that ${name} lets in what Calico needs`,
    );
  if (!antiSpoofing || !plan.antiSpoofing.needed) return;
  const isTold = (machine: Machine) => {
    const port = security.portOf(machine);
    return port?.checked !== undefined || port?.pairs !== undefined;
  };
  if (!machines.every(isTold))
    assumptions.push(
      `not for all nodes it is told what ${antiSpoofing.name} does: assumed that it lets pods' addresses through`,
    );
}
