/**
 * A report without the names and addresses of its lab, to be shown in public: each is replaced by the same other one
 * everywhere, and what shares a subnet still does.
 */
import { type LabPlan, type NodePlan, type PoolPlan, routerOf, type TenantPlan } from "../../plan";
import type { Bench } from "../bench";
import type { Observation } from "../observation";
import { addressesFor, numbered, partsOf } from "./other-addresses";
import { type Report, type ReportMode, reportedPlan } from "./report";

/** Keys of the config that name nothing of the user's but nodes, subnets and addresses. */
const OPEN_KEYS =
  /^encaplab:(cloud|fabric|encapsulation|bgp|peering|faults|rehearse|natOutgoing|podRoutes|mtu|podCidr|serviceCidr|blockSize|proxyMode|kubernetesVersion|calicoVersion|allowUnsupported|cluster|observe)$/;

/** Replaces texts by others, the same one each time. */
interface Names {
  /** The whole text is a name. */
  name(text: string): string;
  /** The whole text is a site's name, which may also be a subnet's. */
  site(text: string): string;
  /** The whole text is a pool's name. */
  pool(text: string): string;
  /** Names and addresses inside a sentence. */
  text(text: string): string;
  /** As `text`, for addresses alone: a subnet may be called `a`. */
  addresses<T>(value: T): T;
}

/** The report with other names and addresses. Pure: the same report is always redacted in the same way. */
export function redact(report: Report): Report {
  const names = namesFor(report);
  const plan = redactPlan(names, report.plan);
  const modes = report.modes.map((mode): ReportMode => {
    if ("refused" in mode) return { ...mode, refused: names.text(mode.refused) };
    const full = redactPlan(names, reportedPlan(report, mode.encapsulation) as LabPlan);
    const keys = Object.keys(mode.differs) as (keyof LabPlan)[];
    return { ...mode, differs: Object.fromEntries(keys.map((key) => [key, full[key]])) };
  });
  return {
    ...report,
    stack: "lab",
    plan,
    modes,
    ...(report.observation && { observation: redactObservation(names, report.observation) }),
    ...(report.switched && { switched: mapTexts(report.switched, names.text) }),
    ...(report.bench && { bench: redactBench(names, report.bench) }),
    notes: report.notes.map(names.text),
    config: report.config
      .filter(({ key }) => OPEN_KEYS.test(key))
      .map(({ key, value }) => ({ key, value: names.text(value) })),
    // Last: an address outside the lab is numbered as it comes by.
    ...(report.captured && {
      captured: { ...names.addresses(report.captured), file: "capture.pcap", by: report.captured.by },
    }),
  };
}

function redactPlan({ name, site, pool, addresses }: Names, plan: LabPlan): LabPlan {
  const node = (one: NodePlan): NodePlan => ({
    ...one,
    name: name(one.name),
    subnet: name(one.subnet),
    ...(one.site && { site: site(one.site) }),
    ...(one.pool && { pool: pool(one.pool) }),
    pods: one.pods.map((pod) => ({
      ...pod,
      name: name(pod.name),
      node: name(pod.node),
    })),
  });
  return addresses({
    ...plan,
    subnets: plan.subnets.map((subnet) => ({ ...subnet, name: name(subnet.name) })),
    nodes: plan.nodes.map(node),
    ...(plan.ipPools && {
      ipPools: plan.ipPools.flatMap((one) => redactPool(one, pool(one.name), plan, name)),
    }),
    ...(plan.sites && {
      sites: plan.sites.map((one) => ({
        ...one,
        name: site(one.name),
        router: one.router === routerOf(one.name) ? routerOf(site(one.name)) : name(one.router),
        subnets: one.subnets.map(name),
        ...(one.gateway !== undefined && { gateway: name(one.gateway) }),
      })),
    }),
    ...(plan.link && { link: { ...plan.link, initiators: plan.link.initiators.map(site) } }),
    controlPlane: node(plan.controlPlane),
    services: plan.services.map((one) => ({ ...one, name: name(one.name), node: name(one.node) })),
    bgp: { ...plan.bgp, reflectors: plan.bgp.reflectors.map(name) },
    podRoutes: plan.podRoutes.map((route) => ({ ...route, node: name(route.node) })),
    ...(plan.tenant && { tenant: redactTenant(name, plan.tenant) }),
    faults: plan.faults.map((fault) =>
      typeof fault === "string" || !fault.nodes ? fault : { ...fault, nodes: fault.nodes.map(name) },
    ),
  });
}

/**
 * A pool with another name. A disabled one may be around the nodes' subnets, which are moved each to another place: then it is
 * one for each of them, and for the twin's internet.
 */
function redactPool(pool: PoolPlan, other: string, plan: LabPlan, name: Names["name"]): PoolPlan[] {
  const named = { ...pool, name: other, ...(pool.nodes && { nodes: pool.nodes.map(name) }) };
  const parts = pool.disabled ? partsOf(pool, plan) : [];
  if (parts.length === 0) return [named];
  return parts.map((cidr, i) => ({ ...named, name: `${other}${i > 0 ? `-${i + 1}` : ""}`, cidr }));
}

const redactTenant = (name: Names["name"], tenant: TenantPlan): TenantPlan => ({
  ...tenant,
  instances: tenant.instances.map((one) => ({ ...one, name: name(one.name), host: name(one.host) })),
  ports: tenant.ports.map((one) => ({ ...one, node: name(one.node) })),
});

/** What was seen is text of tcpdump, `ip route` and our own. */
function redactObservation({ name, text }: Names, observation: Observation): Observation {
  const down = Object.entries(observation.sessionsDown);
  return {
    ...mapTexts(observation, text),
    sessionsDown: Object.fromEntries(down.map(([node, peers]) => [name(node), peers.map(text)])),
  };
}

/** What was measured is words of our own. */
function redactBench({ name, text }: Names, bench: Bench): Bench {
  return {
    ...bench,
    pairs: bench.pairs.map((pair) => ({
      ...pair,
      from: name(pair.from),
      to: name(pair.to),
      nodes: [name(pair.nodes[0]), name(pair.nodes[1])],
    })),
    modes: bench.modes.map((mode) => ("refused" in mode ? { ...mode, refused: text(mode.refused) } : mode)),
    lost: bench.lost.map((loss) => ({
      ...loss,
      hop: text(loss.hop),
      cause: text(loss.cause),
      fix: text(loss.fix),
    })),
    samples: bench.samples.map((sample) => ({ ...sample, problems: sample.problems.map(text) })),
    machines: bench.machines.map((machine) => ({ ...machine, nodes: machine.nodes.map(name) })),
  };
}

/** Every text in a value, at any depth. Keys stay. */
function mapTexts<T>(value: T, change: (text: string) => string): T {
  if (typeof value === "string") return change(value) as T;
  if (Array.isArray(value)) return value.map((item) => mapTexts(item, change)) as T;
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, mapTexts(item, change)])) as T;
}

function namesFor({ plan }: Report): Names {
  const known = new Map<string, string>();
  const interfaces = numbered((i) => `cali${`${i}`.padStart(11, "0")}`);
  const ports = numbered((i) => `tap${`${i}`.padStart(11, "0")}`);
  let workers = 0;
  for (const { name, role, pods } of plan.nodes) {
    const other = role === "control-plane" ? "cp1" : `w${++workers}`;
    known.set(name, other);
    pods.forEach((pod, i) => {
      known.set(pod.name, `${other}-${i + 1}`);
    });
  }
  plan.subnets.forEach(({ name }, i) => {
    known.set(`service-${name}`, `service-subnet${i + 1}`);
  });
  plan.tenant?.instances.forEach(({ name }, i) => {
    known.set(name, `vm${i + 1}`);
  });
  const sites = new Map(plan.sites?.map(({ name }, i) => [name, `site${i + 1}`]));
  for (const [name, other] of sites) known.set(routerOf(name), routerOf(other));
  // In the same order: Calico asks its pools by their names.
  const pools = new Map(plan.ipPools?.map(({ name }, i) => [name, `pool-${String(i + 1).padStart(2, "0")}`]));
  const subnets = new Map(plan.subnets.map(({ name }, i) => [name, `subnet${i + 1}`]));
  const address = addressesFor(plan);
  const macs = numbered((i) => `02:00:00:00:00:${(i % 256).toString(16).padStart(2, "0")}`);
  const addresses = (text: string) =>
    text
      .replace(/\b(?:\d{1,3}\.){3}\d{1,3}\b(\/\d{1,2}\b)?/g, address)
      // A hash of the pod's name.
      .replace(/\bcali[0-9a-f]{11}\b/g, interfaces)
      // Of the node's or the instance's.
      .replace(/\btap[0-9a-f]{11}\b/g, ports)
      .replace(/\b(?:[0-9a-f]{2}:){5}[0-9a-f]{2}\b/gi, macs);
  const longestFirst = [...known.keys()].sort((a, b) => b.length - a.length).map(escaped);
  const token = new RegExp(`(?<![\\w.-])(?:${longestFirst.join("|")})(?![\\w-]|\\.\\w)`, "g");
  return {
    name: (text) => subnets.get(text) ?? known.get(text) ?? text,
    site: (text) => sites.get(text) ?? text,
    pool: (text) => pools.get(text) ?? text,
    text: (text) => addresses(text.replace(token, (name) => known.get(name) ?? name)),
    addresses: (value) => mapTexts(value, addresses),
  };
}

const escaped = (text: string): string => text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");
