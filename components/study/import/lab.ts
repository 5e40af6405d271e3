/** Makes the config of a lab of the facts. */
import { ConfigError, faultLabel, MAX_NODES, PROXY_MODES, parseConfig, type RawConfig } from "../../config";
import { type LabPlan, planLab } from "../../plan";
import { cloudRoutes } from "./cloud-routes";
import type { Entry, SetKey } from "./entry";
import { ImportError } from "./error";
import { exchangeOf } from "./exchange";
import { fabricOf, type Wishes } from "./fabric";
import type { Facts } from "./facts";
import { faultsOf, showFault } from "./faults";
import type { FoundFault } from "./found-fault";
import { linkMtu } from "./link-mtu";
import { type Machine, machinesOf } from "./machines";
import { poolOf } from "./pool";
import { otherBlocks } from "./pools";
import { Security } from "./security";
import { services } from "./services";
import { clean, showSource } from "./source";
import { subnetsOf } from "./subnets";
import { topology } from "./topology";
import { assumeRules } from "./unknown-rules";
import { versions } from "./versions";

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
  const set: SetKey = (key, value, why) => entries.push({ key, value, why });
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
  linkMtu(facts, fabric, machines, set, assumptions);
  cloudRoutes(facts, chosen, machines, set);
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
  assumeRules(security, healthy, machines, assumptions);
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
