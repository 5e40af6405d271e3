/** What a user sees with `ip route` and similar commands on a node, in a form in which two labs can be compared. */
import type { LabPlan, NodePlan } from "../../components/plan";

/** Runs a line of shell in a node and returns what it printed. */
export type OnNode = (node: string, line: string) => Promise<string>;

/** Addresses that differ between labs, to be replaced by their meaning. */
export interface Named {
  /** The blocks of each node, as CIDRs. */
  blocks: ReadonlyMap<string, readonly string[]>;
  /** The address of each node's tunnel device, where it has one. */
  tunnelAddresses: ReadonlyMap<string, string>;
}

/** What is compared. */
const TOPICS = ["ip route", "ip -d link", "ip neigh", "bridge fdb", "ip rule", "sysctls of cali*"] as const;
/** The lines of a node, by topic. */
export type Look = Record<(typeof TOPICS)[number], string[]>;

const LINES: Record<(typeof TOPICS)[number], string> = {
  "ip route": "ip route",
  // One line per device. All pod devices become one line, because they are alike and labs have different numbers of
  // pods.
  "ip -d link": "ip -d -o link show",
  // Only the entries that Felix programs. Others come and go with traffic.
  "ip neigh": "ip neigh show nud permanent",
  "bridge fdb": "bridge fdb show | grep ' dst '; true",
  "ip rule": "ip rule",
  "sysctls of cali*":
    "device=$(ip -o link | grep -oE 'cali[0-9a-f]{11}' | head -n 1); cd /proc/sys/net/ipv4 && grep -H . conf/$device/* neigh/$device/* 2>/dev/null; true",
};

/** Stands between two topics in what {@link lookAt} reads. */
const SEPARATOR = "-- next topic --";

/** Reads a node in one call. Lines are sorted and unique. */
export async function lookAt(on: OnNode, plan: LabPlan, node: NodePlan, named: Named): Promise<Look> {
  const commands = TOPICS.map((topic) => `( ${LINES[topic]} )`);
  const texts = (await on(node.name, commands.join(`; echo '${SEPARATOR}'; `))).split(SEPARATOR);
  const entries = TOPICS.map((topic, i) => {
    const lines = (texts[i] ?? "").split("\n").map((line) => normalised(line, plan, named));
    return [topic, [...new Set(lines.filter((line) => line !== ""))].sort()] as const;
  });
  return Object.fromEntries(entries) as Look;
}

/** The lines that only one of two nodes shows, each with its topic. Empty if a user sees the same on both. */
export const differences = (cluster: Look, twin: Look): string[] =>
  TOPICS.flatMap((topic) => [
    ...cluster[topic]
      .filter((line) => !twin[topic].includes(line))
      .map((line) => `${topic}, only in the cluster: ${line}`),
    ...twin[topic]
      .filter((line) => !cluster[topic].includes(line))
      .map((line) => `${topic}, only on the twin: ${line}`),
  ]);

/** Replaces names and addresses that a lab assigns at random by their meaning, and nothing else. */
function normalised(line: string, plan: LabPlan, { blocks, tunnelAddresses }: Named): string {
  let text = line.trim().replaceAll(/\s+/g, " ").replaceAll("\\", "");
  for (const [node, cidrs] of blocks) {
    for (const cidr of cidrs) text = text.replaceAll(cidr, `<block of ${node}>`);
  }
  for (const [node, address] of tunnelAddresses) {
    text = text.replaceAll(new RegExp(`\\b${address}\\b`, "g"), `<tunnel address of ${node}>`);
  }
  return (
    text
      // Pods: any other address in the pod CIDR, and its device.
      .replaceAll(new RegExp(`\\b${podPattern(plan)}\\b`, "g"), "<pod>")
      .replaceAll(/\bcali[0-9a-f]{11}\b/g, "cali*")
      // Device numbers depend on the order of creation. Namespaces have names or numbers.
      .replaceAll(/^\d+: /g, "")
      .replaceAll(/@if\d+\b/g, "@pair")
      .replaceAll(/\blink-netns(id)? \S+/g, "in another namespace")
      // Felix gives each node's VXLAN device a random MAC.
      .replaceAll(/\b66:[0-9a-f]{2}(:[0-9a-f]{2}){4}\b/g, "<VTEP>")
  );
}

/** Pattern of an address in the pod CIDR, which must consist of whole octets, as in the tests. */
function podPattern({ ipPool }: LabPlan): string {
  const [network = "", prefix] = ipPool.cidr.split("/");
  const octets = network.split(".").slice(0, Number(prefix) / 8);
  return [...octets, ...Array(4 - octets.length).fill("\\d+")].join("\\.");
}
