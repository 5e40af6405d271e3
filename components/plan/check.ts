/** Checks that need more than one key: overlaps, room, contradictions. Reports every problem at once. */
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

/** Ranges that already have a meaning, on every cloud or on the twin. */
const RESERVED_RANGES: readonly [string, string][] = [
  ["0.0.0.0/8", "this network"],
  ["127.0.0.0/8", "loopback"],
  ["169.254.0.0/16", "link-local: pods route via 169.254.1.1, and clouds serve metadata there"],
  ["203.0.113.0/24", "the twin's internet"],
  ["224.0.0.0/3", "multicast and reserved addresses"],
];

/** Names of the twin's network namespaces that are not nodes. */
const RESERVED_NAMES = ["router", "internet", "fabric"];

type Report = (key: string, value: unknown, message: string) => void;

/** Checks a config whose keys are valid one by one. @throws {ConfigError} listing every problem found. */
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

/** The lab's fabric: the cloud's own on AWS and OpenStack, else the key `fabric`, which defaults to `plain`. */
export function fabricOf(config: LabConfig): Fabric {
  if (config.cloud === "aws" || config.cloud === "openstack") return config.cloud;
  return config.fabric ?? "plain";
}

/** Whether the lab uses existing machines: it can choose neither their network nor their addresses. */
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
      report(key, text, `it has bits set after its prefix; the network is ${formatCidr(cidr)}`);
    const clash = ranges.slice(0, i).find((other) => overlap(cidr, other.cidr));
    if (clash)
      report(key, text, `it overlaps ${clash.key} (${clash.text}); choose ranges that do not overlap`);
    const reserved = RESERVED_RANGES.find(([range]) => overlap(cidr, parseCidr(range)));
    if (reserved) report(key, text, `it overlaps ${reserved[0]}, ${reserved[1]}; choose a private range`);
  });
  const services = parseCidr(config.serviceCidr).prefix;
  if (services < 12 || services > 28) {
    report(
      "serviceCidr",
      config.serviceCidr,
      "must have a prefix from /12 to /28, as the API server requires",
    );
  }
  const [largest, smallest, whose] = onOthersNetwork(config)
    ? [8, 30, "to have room for nodes"]
    : [16, 28, "as EC2 requires"];
  config.topology.forEach((subnet, i) => {
    const { prefix } = parseCidr(subnet.cidr);
    if (prefix < largest || prefix > smallest) {
      report(
        `topology[${i}].cidr`,
        subnet.cidr,
        `must have a prefix from /${largest} to /${smallest}, ${whose}`,
      );
    }
  });
}

function checkNames(config: LabConfig, report: Report): void {
  const taken = new Map<string, string>(
    RESERVED_NAMES.map((name) => [name, "a name that the twin reserves"]),
  );
  config.topology.forEach((subnet, i) => {
    const twin = config.topology.findIndex((other) => other.name === subnet.name);
    if (twin < i)
      report(
        `topology[${i}].name`,
        subnet.name,
        `topology[${twin}] already has that name; names must be unique`,
      );
    subnet.nodes.forEach((node, j) => {
      const key = `topology[${i}].nodes[${j}].name`;
      const owner = taken.get(node.name);
      if (owner) report(key, node.name, `it is ${owner}; names must be unique`);
      else taken.set(node.name, `already the name of topology[${i}].nodes[${j}]`);
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
          `its pod ${clash} would have the name of another node`,
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
        `${subnet.cidr} has room for ${roomIn(cidr)}; use a larger subnet or fewer nodes`,
      );
    }
    subnet.nodes.forEach(({ address }, j) => {
      if (!address) return;
      const key = `topology[${i}].nodes[${j}].address`;
      const trouble = addressTrouble(cidr, toNumber(address), reserved);
      if (trouble) report(key, address, trouble);
      const owner = addresses.get(address);
      if (owner) report(key, address, `${owner} already has that address; addresses must be unique`);
      addresses.set(address, key);
    });
  });
  const nodes = config.topology.flatMap((subnet) => subnet.nodes);
  if (nodes.length > MAX_NODES) {
    report(
      "topology",
      `${nodes.length} nodes`,
      `must have at most ${MAX_NODES} nodes, Calico's advice for a full BGP mesh`,
    );
  }
  const controlPlanes = nodes.filter(({ role }) => role === "control-plane");
  if (controlPlanes.length > 1 || (controlPlanes.length === 0 && nodes[0]?.role === "worker")) {
    const names = controlPlanes.map(({ name }) => name).join(", ") || "none";
    report("topology", `control planes: ${names}`, "must have exactly one node with role control-plane");
  }
}

/** @param reserved how many addresses at the subnet's start no node can have. */
function addressTrouble(subnet: Cidr, address: number, reserved: number): string | undefined {
  if (!contains(subnet, address)) return `it is outside its subnet ${formatCidr(subnet)}`;
  const offset = address - subnet.first;
  if (offset >= reserved && offset < sizeOf(subnet) - 1) return undefined;
  if (reserved === 1) return `it is the network or the broadcast address of ${formatCidr(subnet)}`;
  return `clouds reserve the first ${RESERVED_ADDRESSES} addresses and the last one of ${formatCidr(subnet)}`;
}

function checkBlocks(config: LabConfig, report: Report): void {
  const pool = parseCidr(config.podCidr);
  if (config.blockSize > 30) {
    report(
      "blockSize",
      config.blockSize,
      `must be from 20 to 30: a block holds the tunnel's address and ${PODS_PER_NODE} study pods`,
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
      `it has ${blocks} blocks of /${config.blockSize} for ${nodes} nodes; use a larger podCidr or a larger blockSize number`,
    );
  }
}

function checkFabric(config: LabConfig, report: Report): void {
  const fabric = fabricOf(config);
  if (config.fabric && config.fabric !== fabric) {
    report("fabric", config.fabric, `must be ${fabric} or not set: cloud ${config.cloud} has its own fabric`);
  }
  if (config.bgp === "Disabled" && ENCAPSULATION_FACTS[config.encapsulation].routesBy === "BIRD") {
    report(
      "bgp",
      config.bgp,
      `must be Enabled: encapsulation ${config.encapsulation} gets its routes by BGP; only VXLAN and VXLANCrossSubnet work without it`,
    );
  }
  if (config.podRoutes && onOthersNetwork(config)) {
    report(
      "podRoutes",
      true,
      "must be false, or set rehearse: true: the lab cannot program the gateway between existing machines",
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
      report(`faults[${i}]`, fault, "it is already in the list; name each fault once");
    if (config.cloud === "hosts" && !config.rehearse && FAULT_FACTS[fault].of === "fabric") {
      report(
        `faults[${i}]`,
        fault,
        "the lab cannot break the network of existing machines; remove the fault, or set rehearse: true",
      );
    } else if (!fabrics.includes(fabric)) {
      const others = FABRICS.filter((name) => fabrics.includes(name)).join(" or ");
      report(`faults[${i}]`, fault, `fabric ${fabric} cannot have this fault, which is for ${others}`);
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
      `must be one of ${known}; set allowUnsupported: true to try another`,
    );
  } else if (!release.kubernetes.includes(minorOf(config.kubernetesVersion))) {
    report(
      "kubernetesVersion",
      config.kubernetesVersion,
      `Calico ${config.calicoVersion} is tested with ${release.kubernetes.join(", ")}; choose one of these or another calicoVersion, or set allowUnsupported: true`,
    );
  }
}
