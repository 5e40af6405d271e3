/** What one key alone cannot tell: overlaps, room, contradictions. Reports every problem at once. */
import {
  CONTAINERS,
  ConfigError,
  FABRICS,
  type Fabric,
  type LabConfig,
  MAX_NODES,
  type Problem,
} from "../config";
import {
  type Cidr,
  contains,
  formatCidr,
  hasHostBits,
  overlap,
  parseCidr,
  sizeOf,
  toNumber,
} from "./addressing";
import { ENCAPSULATION_FACTS } from "./encapsulation";
import { FABRIC_FACTS } from "./fabric";
import { FAULT_FACTS } from "./fault";
import { PODS_PER_NODE, RESERVED_ADDRESSES, roomIn } from "./topology";
import { CALICO_RELEASES, minorOf } from "./versions";

/** Ranges that mean something else, on every cloud or on the twin. */
const RESERVED_RANGES: readonly [string, string][] = [
  ["0.0.0.0/8", "this network"],
  ["127.0.0.0/8", "loopback"],
  ["169.254.0.0/16", "link-local: pods route by 169.254.1.1, clouds serve metadata there"],
  ["203.0.113.0/24", "the twin's internet"],
  ["224.0.0.0/3", "multicast and reserved addresses"],
];

/** Namespaces of the twin that are not nodes. */
const RESERVED_NAMES = ["router", "internet", "fabric"];

type Report = (key: string, value: unknown, message: string) => void;

/** @throws {ConfigError} listing everything that does not go together. */
export function checkConfig(config: LabConfig): void {
  const problems: Problem[] = [];
  const report: Report = (key, value, message) => problems.push({ key, value, message });
  checkRanges(config, report);
  checkNames(config, report);
  checkNodes(config, report);
  checkBlocks(config, report);
  checkFabric(config, report);
  checkFaults(config, report);
  checkVersions(config, report);
  if (problems.length > 0) throw new ConfigError(problems);
}

/** The fabric in force: the cloud's own, unless the twin or the hosts say which. */
export function fabricOf(config: LabConfig): Fabric {
  if (config.cloud === "aws" || config.cloud === "openstack") return config.cloud;
  return config.fabric ?? "plain";
}

/** Machines that were there before the lab: neither their network nor their addresses are ours to choose. */
function onOthersNetwork({ cloud, rehearse, hosts }: LabConfig): boolean {
  return cloud === "hosts" && !rehearse && hosts?.machines !== CONTAINERS;
}

function checkRanges(config: LabConfig, report: Report): void {
  const ranges = [
    { key: "podCidr", text: config.podCidr },
    { key: "serviceCidr", text: config.serviceCidr },
    ...config.topology.map(({ cidr }, i) => ({ key: `topology[${i}].cidr`, text: cidr })),
  ].map((range) => ({ ...range, cidr: parseCidr(range.text) }));
  ranges.forEach(({ key, text, cidr }, i) => {
    if (hasHostBits(text))
      report(key, text, `it has bits set behind its prefix; the network is ${formatCidr(cidr)}`);
    const clash = ranges.slice(0, i).find((other) => overlap(cidr, other.cidr));
    if (clash) report(key, text, `it overlaps ${clash.key} (${clash.text}); choose ranges that are apart`);
    const reserved = RESERVED_RANGES.find(([range]) => overlap(cidr, parseCidr(range)));
    if (reserved) report(key, text, `it overlaps ${reserved[0]}, ${reserved[1]}; choose a private range`);
  });
  const services = parseCidr(config.serviceCidr).prefix;
  if (services < 12 || services > 28) {
    report("serviceCidr", config.serviceCidr, "allowed are prefixes from /12 to /28, as the API server's");
  }
  const [largest, smallest, whose] = onOthersNetwork(config)
    ? [8, 30, "with room for nodes"]
    : [16, 28, "as on EC2"];
  config.topology.forEach((subnet, i) => {
    const { prefix } = parseCidr(subnet.cidr);
    if (prefix < largest || prefix > smallest) {
      report(
        `topology[${i}].cidr`,
        subnet.cidr,
        `allowed are prefixes from /${largest} to /${smallest}, ${whose}`,
      );
    }
  });
}

function checkNames(config: LabConfig, report: Report): void {
  const taken = new Map<string, string>(
    RESERVED_NAMES.map((name) => [name, "a name the twin keeps for itself"]),
  );
  config.topology.forEach((subnet, i) => {
    const twin = config.topology.findIndex((other) => other.name === subnet.name);
    if (twin < i)
      report(`topology[${i}].name`, subnet.name, `topology[${twin}] has that name already; names are unique`);
    subnet.nodes.forEach((node, j) => {
      const key = `topology[${i}].nodes[${j}].name`;
      const owner = taken.get(node.name);
      if (owner) report(key, node.name, `it is ${owner}; names are unique`);
      else taken.set(node.name, `the name of topology[${i}].nodes[${j}] already`);
    });
  });
  for (const [i, subnet] of config.topology.entries()) {
    for (const [j, node] of subnet.nodes.entries()) {
      const pods = Array.from({ length: PODS_PER_NODE }, (_, p) => `${node.name}-${p + 1}`);
      const clash = pods.find((pod) => taken.has(pod));
      if (clash) {
        report(
          `topology[${i}].nodes[${j}].name`,
          node.name,
          `its pod ${clash} would bear the name of another node`,
        );
      }
    }
  }
}

function checkNodes(config: LabConfig, report: Report): void {
  const addresses = new Map<string, string>();
  config.topology.forEach((subnet, i) => {
    const cidr = parseCidr(subnet.cidr);
    const reserved = onOthersNetwork(config) ? 1 : RESERVED_ADDRESSES;
    if (reserved > 1 && cidr.prefix <= 28 && subnet.nodes.length > roomIn(cidr)) {
      report(
        `topology[${i}].nodes`,
        `${subnet.nodes.length} nodes`,
        `${subnet.cidr} has room for ${roomIn(cidr)}; allowed is a larger subnet or fewer nodes`,
      );
    }
    subnet.nodes.forEach(({ address }, j) => {
      if (!address) return;
      const key = `topology[${i}].nodes[${j}].address`;
      const trouble = addressTrouble(cidr, toNumber(address), reserved);
      if (trouble) report(key, address, trouble);
      const owner = addresses.get(address);
      if (owner) report(key, address, `${owner} has that address already; addresses are unique`);
      addresses.set(address, key);
    });
  });
  const nodes = config.topology.flatMap((subnet) => subnet.nodes);
  if (nodes.length > MAX_NODES) {
    report(
      "topology",
      `${nodes.length} nodes`,
      `allowed are at most ${MAX_NODES} nodes, Calico's advice for a full BGP mesh`,
    );
  }
  const leaders = nodes.filter(({ role }) => role === "control-plane");
  if (leaders.length > 1 || (leaders.length === 0 && nodes[0]?.role === "worker")) {
    const names = leaders.map(({ name }) => name).join(", ") || "none";
    report("topology", `control planes: ${names}`, "allowed is exactly one node with role control-plane");
  }
}

/** @param reserved how many addresses at the subnet's start are nobody's. */
function addressTrouble(subnet: Cidr, address: number, reserved: number): string | undefined {
  if (!contains(subnet, address)) return `it lies outside its subnet ${formatCidr(subnet)}`;
  const offset = address - subnet.first;
  if (offset >= reserved && offset < sizeOf(subnet) - 1) return undefined;
  if (reserved === 1) return `it is the network's own or the broadcast address of ${formatCidr(subnet)}`;
  return `clouds keep the first ${RESERVED_ADDRESSES} addresses and the last one of ${formatCidr(subnet)} for themselves`;
}

function checkBlocks(config: LabConfig, report: Report): void {
  const pool = parseCidr(config.podCidr);
  if (config.blockSize > 30) {
    report(
      "blockSize",
      config.blockSize,
      `a block holds the tunnel's address and ${PODS_PER_NODE} study pods; allowed are 20 to 30`,
    );
  }
  if (config.blockSize < pool.prefix) {
    report("blockSize", config.blockSize, `a block cannot be larger than podCidr ${config.podCidr}`);
    return;
  }
  const blocks = 2 ** (config.blockSize - pool.prefix);
  const nodes = config.topology.reduce((sum, subnet) => sum + subnet.nodes.length, 0);
  if (blocks < nodes) {
    report(
      "podCidr",
      config.podCidr,
      `it has ${blocks} blocks of /${config.blockSize} for ${nodes} nodes; allowed is a larger podCidr or a larger blockSize number`,
    );
  }
}

function checkFabric(config: LabConfig, report: Report): void {
  const fabric = fabricOf(config);
  if (config.fabric && config.fabric !== fabric) {
    report(
      "fabric",
      config.fabric,
      `cloud ${config.cloud} brings its own; allowed is ${fabric}, or the key left out`,
    );
  }
  if (config.bgp === "Disabled" && ENCAPSULATION_FACTS[config.encapsulation].routesBy === "BIRD") {
    report(
      "bgp",
      config.bgp,
      `encapsulation ${config.encapsulation} gets its routes by BGP; allowed is Enabled, or VXLAN or VXLANCrossSubnet without BGP`,
    );
  }
  if (config.podRoutes && onOthersNetwork(config)) {
    report(
      "podRoutes",
      true,
      "the gateway between existing machines is not ours to program; allowed is false, or rehearse: true",
    );
  }
  if (fabric === "aws" && (config.mtu ?? 0) > FABRIC_FACTS.aws.mtu) {
    report("mtu", config.mtu, `EC2 carries at most ${FABRIC_FACTS.aws.mtu} bytes`);
  }
}

function checkFaults(config: LabConfig, report: Report): void {
  const fabric = fabricOf(config);
  config.faults.forEach((fault, i) => {
    const { fabrics } = FAULT_FACTS[fault];
    if (config.faults.indexOf(fault) < i)
      report(`faults[${i}]`, fault, "it is in the list already; name each fault once");
    if (config.cloud === "hosts" && !config.rehearse && FAULT_FACTS[fault].of === "fabric") {
      report(
        `faults[${i}]`,
        fault,
        "the network under these machines is not ours to break; take the fault out, or set rehearse: true",
      );
    } else if (!fabrics.includes(fabric)) {
      const others = FABRICS.filter((name) => fabrics.includes(name)).join(" or ");
      report(
        `faults[${i}]`,
        fault,
        `fabric ${fabric} has nothing that could fail so; this fault is for ${others}`,
      );
    }
  });
}

function checkVersions(config: LabConfig, report: Report): void {
  if (config.allowUnsupported) return;
  const release = CALICO_RELEASES[minorOf(config.calicoVersion)];
  if (!release) {
    const known = Object.keys(CALICO_RELEASES).join(", ");
    report(
      "calicoVersion",
      config.calicoVersion,
      `allowed are ${known}; allowUnsupported: true tries another`,
    );
  } else if (!release.kubernetes.includes(minorOf(config.kubernetesVersion))) {
    report(
      "kubernetesVersion",
      config.kubernetesVersion,
      `Calico ${config.calicoVersion} is tested with ${release.kubernetes.join(", ")}; choose one of these, another calicoVersion, or allowUnsupported: true`,
    );
  }
}
