/** What the nodes' security groups let in, by the rules that the cloud's own tools print. */
import { contains, parseCidr, sizeOf, toNumber } from "../../plan";
import type { Facts, GroupRule, PortFact } from "./facts";
import { isIpv4 } from "./fields";
import type { Machine } from "./machines";
import type { Source } from "./source";

/** The name of the group whose rules a list shows without saying whose they are. */
export const UNNAMED = "the group";

/** What a packet is, as a rule sees it. */
export interface Traffic {
  /** `tcp`, `udp`, `icmp`, `4`. */
  protocol: string;
  /** Without one, every port of the protocol is meant. */
  port?: number;
  /** What sends it: a node, or pods of any node. */
  from: Machine | { pods: string };
}

/** The nodes' interfaces in their cloud, and the rules of their groups. */
export class Security {
  private readonly ports = new Map<string, PortFact>();
  private readonly told: ReadonlySet<string>;
  private readonly rulesOf = new Map<string, GroupRule[]>();
  private readonly remotes: ReadonlySet<string>;

  constructor(private readonly facts: Facts) {
    for (const port of facts.ports)
      for (const address of port.addresses) {
        // A list of ports has no address pairs, and what one port's own answer says counts more.
        const before = this.ports.get(address);
        this.ports.set(address, {
          ...before,
          ...port,
          source: port.pairs || !before ? port.source : before.source,
        });
      }
    this.told = new Set(facts.groups.map(({ value }) => value));
    for (const rule of facts.rules) {
      const group = rule.group ?? UNNAMED;
      this.rulesOf.set(group, [...(this.rulesOf.get(group) ?? []), rule]);
    }
    this.remotes = new Set(facts.rules.flatMap((rule) => rule.remote ?? []));
  }

  /** A node's interface. */
  portOf = ({ address }: Machine): PortFact | undefined => this.ports.get(address);

  /** Whether the groups that were given are taken for those of all nodes, because nothing says whose they are. */
  get areGroupsAssumed(): boolean {
    return this.told.size > 0 && (this.isUnnamed || this.facts.ports.length === 0);
  }

  private get isUnnamed(): boolean {
    return this.told.size === 1 && this.told.has(UNNAMED);
  }

  /** Groups of a node whose rules are known; undefined if some are not, so that nothing can be said. */
  private groupsOf(machine: Machine): readonly string[] | undefined {
    if (this.told.size === 0) return undefined;
    if (this.areGroupsAssumed) return [...this.told];
    const own = this.portOf(machine)?.groups;
    return own?.every((group) => this.told.has(group)) ? own : undefined;
  }

  /** Whether all groups of all nodes are known. */
  groupsAreKnown = (machines: readonly Machine[]): boolean =>
    machines.length > 0 && machines.every((machine) => this.groupsOf(machine) !== undefined);

  /** Whether a node's groups let packets in; undefined if their rules are not known. */
  letsIn(to: Machine, traffic: Traffic): boolean | undefined {
    const { from } = traffic;
    const member = "address" in from ? new Set(this.groupsOf(from) ?? []) : undefined;
    // A list of one group's rules does not say its id: the only group that its rules name is itself.
    const isMember = (remote: string) =>
      member !== undefined && (member.has(remote) || (this.isUnnamed && this.remotes.size === 1));
    return this.groupsOf(to)?.some((group) =>
      this.rulesOf.get(group)?.some((rule) => matches(rule, traffic, isMember)),
    );
  }

  /** Where the rules of a node's groups begin, as evidence. */
  sourceOf(machine: Machine): Source | undefined {
    const groups = this.groupsOf(machine);
    return this.facts.groups.find(({ value }) => groups?.includes(value))?.source;
  }
}

function matches(
  rule: GroupRule,
  { protocol, port, from }: Traffic,
  isMember: (remote: string) => boolean,
): boolean {
  if (rule.protocol !== "all") {
    if (rule.protocol !== protocol) return false;
    const [first, last] = rule.ports ?? [0, 65_535];
    // Without a port, a rule must be for all of them: some groups say 0 and others 1 for the first.
    if (
      port === undefined
        ? /^(tcp|udp)$/.test(protocol) && (first > 1 || last < 65_535)
        : port < first || port > last
    )
      return false;
  }
  if (rule.remote !== undefined) return isMember(rule.remote);
  if (rule.cidr === undefined) return true;
  if (!isIpv4(rule.cidr)) return false;
  const range = parseCidr(rule.cidr);
  if ("address" in from) return contains(range, toNumber(from.address));
  const pods = parseCidr(from.pods);
  return contains(range, pods.first) && sizeOf(range) >= sizeOf(pods);
}
