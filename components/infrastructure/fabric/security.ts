/**
 * The fabric's rules as nftables: the security group, and the anti-spoofing of every port.
 *
 * A group tracks connections for each port separately: what a node has sent opens that node's port for the answer, even
 * if the other end refused the packet (calico#1996). Hence one conntrack zone for each port.
 */
import {
  type FirewallRule,
  fabricFacts,
  type LabPlan,
  type NodePlan,
  type RuleName,
  SMALLER_BY,
} from "../../plan";
import { port } from "./names";

/** Desired state: one nftables file for the namespace `fabric`. */
export interface SecurityState {
  rules: string;
  /** Whether TCP 179 is open. Closing it must also end the sessions that are up. */
  bgpOpen: boolean;
  /** The nodes at whose ports TCP 179 is closed although it is open. Absent if there are none. */
  bgpClosedOn?: string[];
}

/**
 * Marks BGP's connections. The observation keeps them when it makes the groups forget all others: a group that has
 * forgotten a session drops the packet that ends it.
 */
export const BGP_MARK = "179";

/**
 * Before br_netfilter, which passes bridged packets to the IP family at priority 0. When they come back, some kernels
 * (6.1) skip every other hook of that priority.
 */
const FIRST = "-200";

/** Marks that tell the IP family the direction of a bridged packet: it sees the bridge, not the port. */
const FROM_NODE = "1";
const TO_NODE = "2";

/**
 * The desired state of a plan's rules.
 * @param operator the addresses from which the user reaches the nodes. The twin's nodes are not reached that way.
 */
export function renderSecurity(plan: LabPlan, operator: readonly string[] = []): SecurityState {
  const facts = fabricFacts(plan);
  const closedFor = facts.securityGroup ? exceptionsTo(plan, "bgp").map(({ name }) => name) : [];
  return {
    rules: [
      // Declare each table empty and delete it first, so that the file replaces the old rules in one transaction.
      ...["bridge", "ip"].flatMap((family) => [`table ${family} fabric {}`, `delete table ${family} fabric`]),
      ...bridgeRules(plan),
      ...(facts.securityGroup ? securityGroup(plan, operator) : []),
      ...narrowLinks(plan),
    ].join("\n"),
    bgpOpen: !facts.securityGroup || plan.firewall.some(({ name, open }) => name === "bgp" && open),
    ...(closedFor.length > 0 && { bgpClosedOn: closedFor }),
  };
}

/** Links that carry less than the NICs say. A switch drops what is too long, and tells nobody. */
function narrowLinks(plan: LabPlan): string[] {
  const drops = plan.nodes
    .filter(({ host }) => host.broken.includes("link-mtu-smaller"))
    .flatMap(({ name }) =>
      ["iifname", "oifname"].map(
        (way) => `    ${way} "${port(name).tap}" ip length > ${plan.mtu.link - SMALLER_BY} counter drop`,
      ),
    );
  const empty = ["table bridge links {}", "delete table bridge links"];
  if (drops.length === 0) return empty;
  return [...empty, "table bridge links {", ...chain("links", "forward", FIRST, drops), "}"];
}

/** What needs no connection tracking: anti-spoofing, and a protocol that the fabric does not carry. */
function bridgeRules(plan: LabPlan): string[] {
  const { antiSpoofing, dropsIpip } = fabricFacts(plan);
  if (!antiSpoofing && !dropsIpip) return [];
  const drops = [
    ...plan.nodes.flatMap((node) => antiSpoofingAt(plan, node)),
    ...(dropsIpip ? ['    iifname "tap*" ip protocol 4 counter drop'] : []),
  ];
  return ["table bridge fabric {", ...chain("anti-spoofing", "forward", FIRST, drops), ...direction(), "}"];
}

function antiSpoofingAt(plan: LabPlan, { name, address, host }: NodePlan): string[] {
  const { out = [], in: into = [] } = fabricFacts(plan).antiSpoofing?.checks ?? {};
  const { allowsPods } = host;
  const pods = plan.ipPool.cidr;
  const { tap } = port(name);
  const own = `{ ${[address, ...(allowsPods ? [pods] : [])].join(", ")} }`;
  return [
    ...(out.includes("source") ? [`    iifname "${tap}" ip saddr != ${own} counter drop`] : []),
    ...(into.includes("destination") ? [`    oifname "${tap}" ip daddr != ${own} counter drop`] : []),
    // Other nodes' own addresses may come in, and the internet's answers.
    ...(into.includes("source") && !allowsPods ? [`    oifname "${tap}" ip saddr ${pods} counter drop`] : []),
  ];
}

const direction = (): string[] =>
  chain("direction", "prerouting", "-300", [
    `    iifname "tap*" meta mark set ${FROM_NODE}`,
    `    iifname "qvb*" meta mark set ${TO_NODE}`,
  ]);

function securityGroup(plan: LabPlan, operator: readonly string[]): string[] {
  const zones = plan.nodes.map(({ name, index }) => `"${port(name).bridge}" : ${index + 1}`);
  const pods = fabricFacts(plan).groupHasPods && plan.antiSpoofing.allowsPods ? [plan.ipPool.cidr] : [];
  const nodes = [...plan.nodes.map(({ address }) => address), ...pods];
  return [
    "table ip fabric {",
    "  set nodes {",
    `    type ipv4_addr${pods.length > 0 ? "; flags interval" : ""}`,
    `    elements = { ${nodes.join(", ")} }`,
    "  }",
    ...chain("zones", "prerouting", "raw", [`    ct zone set iifname map { ${zones.join(", ")} }`]),
    ...chain("security-group", "forward", "0", [
      `    tcp dport 179 ct mark set ${BGP_MARK}`,
      `    meta mark ${FROM_NODE} accept comment "egress is allowed, and remembered"`,
      `    meta mark ${TO_NODE} jump ingress`,
    ]),
    "  chain ingress {",
    "    ct state established,related accept",
    ...plan.firewall.flatMap((rule) => (rule.open ? renderRule(plan, rule, operator) : [])),
    "    counter drop",
    "  }",
    "}",
  ];
}

/** An nftables chain at a hook. */
export function chain(name: string, hook: string, priority: string, rules: readonly string[]): string[] {
  return [
    `  chain ${name} {`,
    `    type filter hook ${hook} priority ${priority}; policy accept;`,
    ...rules,
    "  }",
  ];
}

/** One rule of the table. */
function renderRule(
  plan: LabPlan,
  { name, protocol, ports, source }: FirewallRule,
  operator: readonly string[],
): string[] {
  if (source === "operator" && operator.length === 0) return [];
  const sources = {
    nodes: "@nodes",
    pods: plan.ipPool.cidr,
    operator: `{ ${operator.join(", ")} }`,
  };
  const from = `ip saddr ${sources[source]}`;
  const closed = exceptionsTo(plan, name).map((node) => `"${port(node.name).bridge}"`);
  // A fault that names nodes takes the rule out of the groups of their ports. Here, a packet is on its port's bridge.
  const except = closed.length > 0 ? `iifname != { ${closed.join(", ")} } ` : "";
  return [`    ${except}${from}${match(protocol, ports)} accept comment "${name}"`];
}

/** The nodes on which a fault closes a rule that is open everywhere else. */
const exceptionsTo = ({ nodes }: LabPlan, rule: RuleName): NodePlan[] =>
  nodes.filter(({ host }) => host.closed.some((one) => one.rule === rule && one.direction === "in"));

/** A rule's protocol and ports in the syntax of nft, with a space in front; empty for every protocol. */
export function match(protocol: FirewallRule["protocol"], ports: FirewallRule["ports"]): string {
  if (protocol === "all") return "";
  if (!ports) return ` ip protocol ${protocol}`;
  return ` ${protocol} dport ${ports[0] === ports[1] ? ports[0] : `${ports[0]}-${ports[1]}`}`;
}
