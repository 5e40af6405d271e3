/** The notes on a packet's way below the nodes and over the gateway, in the words of `ip route`, `nft` and the clouds. */
import { gatewayHop } from "./bgp";
import { INTERNET } from "./endpoint";
import { fabricFacts } from "./fabric";
import { SMALLER_BY } from "./fault-facts";
import { ruleThatPasses } from "./filter";
import { ruleOf } from "./firewall";
import type { HopNote } from "./hop";
import { withFirewall } from "./host";
import type { LabPlan } from "./lab";
import { isAnswer, isPod, type Leg, type Wire } from "./packet";
import { blockWith } from "./pool";
import { forwarded, rewritten } from "./rewrite";
import type { RuleName } from "./rule";
import { gatewayName, siteOf } from "./site";
import { type NodePlan, subnetOf } from "./topology";

/** A rule of the firewall table in words, e.g. `nodes-tcp-180: TCP 180-2378 from nodes`. */
function ruleText(plan: LabPlan, name: RuleName): string {
  const { protocol, ports, source } = ruleOf(plan, name);
  const range = ports ? ` ${ports[0] === ports[1] ? ports[0] : ports.join("-")}` : "";
  const what =
    protocol === "4" ? "IP protocol 4" : protocol === "all" ? "all protocols" : protocol.toUpperCase();
  return `${name}: ${what}${range} from ${source}`;
}

/** The address that a node's packets to the internet get from the gateway. A cloud's is known only to the cloud. */
export const publicAddress = (plan: Pick<LabPlan, "onTwin" | "sites">, node: NodePlan): string =>
  plan.onTwin ? (siteOf(plan, node)?.address ?? INTERNET.gateway) : "public address";

/** What each hop between nodes says of a packet. Nothing is worked out unless the trace is kept. */
export function notesOn(plan: LabPlan, leg: Leg, wire: Wire) {
  const { nic, antiSpoofing, securityGroup } = fabricFacts(plan);
  const keep = (note: HopNote) => leg.keep?.(leg.direction, note);
  const isReply = isAnswer(wire, leg.seen);
  const routeOf = (pods: NodePlan, { address }: NodePlan) =>
    `route ${blockWith(pods, wire.destination)} via ${address}${plan.podRoutes.length > 0 ? "" : " proto bird"}`;
  const ANSWER = "an answer to a packet that has passed the other way";
  return {
    firewall(
      { name }: NodePlan,
      direction: "in" | "out",
      closed?: { rule?: RuleName; fault?: string },
    ): void {
      if (!withFirewall(plan).some((node) => node.name === name)) return;
      const opens = isReply ? ANSWER : `no rule drops it`;
      const drops = closed?.rule
        ? `drops ${ruleText(plan, closed.rule)}`
        : "rejects all but ICMP, SSH and answers";
      keep({
        kind: "firewall",
        name: `${name}'s firewall`,
        node: name,
        device: { [direction]: nic },
        decision: closed ? drops : opens,
        ...(closed?.rule && { rule: closed.rule }),
      });
    },
    port({ name, address }: NodePlan, refused: string | undefined, direction: "in" | "out"): void {
      const own = direction === "out" ? wire.source : wire.destination;
      const reason = own === address ? "is the port's own address" : "is a pod's, which the port allows";
      const decision = refused
        ? `${antiSpoofing?.name}: ${refused} is not ${direction === "out" || refused === wire.destination ? "the port's" : "the sender's"} address`
        : `${antiSpoofing?.name}: ${own} ${reason}`;
      keep({ kind: "port", name: `${name}'s port`, node: name, decision });
    },
    link({ name }: NodePlan, carries: number): void {
      keep({
        kind: "link",
        name: `${name}'s link`,
        node: name,
        decision: `carries at most ${carries} bytes`,
      });
    },
    /** @param pods the node that the packet is for, where `to` is another one to which the gateway sends it. */
    gateway(
      name: string,
      to: NodePlan,
      pods: NodePlan,
      problem: "protocol" | "mtu" | "route" | "loop" | undefined,
    ): void {
      const route = isPod(plan, wire.destination) && gatewayHop(plan, pods) ? routeOf(pods, to) : undefined;
      const subnet = subnetOf(plan, to).cidr;
      const decision = {
        protocol: "does not carry IP protocol 4",
        mtu: `carries at most ${plan.mtu.link - SMALLER_BY} bytes, and sends no "fragmentation needed"`,
        route: `no route to ${wire.destination}: it knows the subnets only`,
        loop: `${route}, which sends it here again: a loop`,
        none: route ?? `route ${subnet}, to ${to.address}`,
      }[problem ?? "none"];
      keep({ kind: "gateway", name, decision, ...(!problem && { change: forwarded }) });
    },
    group(to: NodePlan, refused?: { rule?: RuleName }): void {
      if (!securityGroup) return;
      const { name } = to;
      const passes = isReply || refused ? undefined : ruleThatPasses(plan, wire, to)?.name;
      const rule = refused ? refused.rule : passes;
      const missing = rule ? `no rule ${ruleText(plan, rule)}` : "no rule for it";
      const decision = refused
        ? missing
        : isReply
          ? ANSWER
          : rule
            ? ruleText(plan, rule)
            : "a rule of the group";
      keep({
        kind: "security-group",
        name: `${name}'s security group`,
        node: name,
        decision,
        ...(rule && { rule }),
      });
    },
    toInternet(node: NodePlan, tooLong: boolean, translates: boolean): void {
      const source = publicAddress(plan, node);
      const decision = translates
        ? `default route; SNAT from ${wire.source} to its public address`
        : "default route; no SNAT for a pod's address";
      keep({
        kind: "gateway",
        name: gatewayName(plan, node),
        decision: tooLong ? `the internet's path carries at most ${INTERNET.mtu} bytes` : decision,
        ...(!tooLong && { change: (packet) => rewritten(forwarded(packet), translates ? { source } : {}) }),
      });
      if (tooLong) return;
      const [name, unreachable] = ["the internet", `no route back to ${wire.source}`];
      keep({ kind: "internet", name, decision: translates ? "delivered" : unreachable, delivered: true });
    },
    fromInternet(name: string, destination: string, arrives: boolean): void {
      keep({
        kind: "gateway",
        name,
        decision: arrives
          ? `answer: SNAT undone, to ${destination}`
          : `no route to ${destination}: it knows the subnets only`,
        ...(arrives && { change: (packet) => rewritten(forwarded(packet), { destination }) }),
      });
    },
  };
}
