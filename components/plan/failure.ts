/** Why a path fails and how to fix it, in sentences. */
import type { Fault } from "../config";
import { insteadOfGateway, setNat, type Tunnels, tellGateway, tunnelsFor } from "./advice";
import { learns } from "./bgp";
import { whyLoop, whyNoRoute, whyUnknownToGateway } from "./bgp-failure";
import { CATALOGUE } from "./catalogue";
import type { Drop, Explanation } from "./drop";
import { fabricFacts } from "./fabric";
import { ruleOf } from "./firewall";
import { isUniform } from "./host";
import type { LabPlan } from "./lab";
import type { Pair } from "./path";
import { ownsNetwork } from "./placement";
import { explainVtep } from "./pool-failure";
import type { RuleName } from "./rule";
import { explainInTenant } from "./tenant-failure";
import type { NodePlan } from "./topology";

/** Why a path fails and how to fix it. */
export interface Failure extends Explanation {
  /** Where the packet is lost, e.g. `w1's security group`. */
  hop: string;
  /** The fault in the config that causes it, if any. */
  fault?: Fault;
}

const DOCS = "https://docs.tigera.io/calico/latest";

const RULE_REFERENCES: Partial<Record<RuleName, string>> = {
  bgp: "https://github.com/projectcalico/calico/issues/3309",
  ipip: "https://github.com/projectcalico/calico/issues/1215",
  vxlan: "https://github.com/kubernetes-sigs/cluster-api-provider-aws/issues/1744",
  "pod-cidr": "https://github.com/antrea-io/antrea/issues/1080",
};

/** Faults that lose packets in their own way, or keep a packet from getting its node's address. */
const LOSES_IN_ITS_OWN_WAY: ReadonlySet<Fault> = new Set([
  "host-firewall-reject",
  "nat-missing",
  "node-ip-wrong-interface",
]);

const RULE_WORDS: Partial<Record<RuleName, string>> = {
  ipip: "IP protocol 4 (not 94) from the group",
  "pod-cidr": "all protocols from the pod CIDR (a rule that names the group does not match pod addresses)",
};

/** A rule as the user would add it, e.g. `TCP 2381-65535 from the group`. */
function wordsOf(plan: LabPlan, name: RuleName): string {
  const { protocol, ports } = ruleOf(plan, name);
  const range = ports && ` ${ports[0] === ports[1] ? ports[0] : ports.join("-")}`;
  return RULE_WORDS[name] ?? `${protocol.toUpperCase()}${range ?? ""} from the group`;
}

/** Puts a lost packet into sentences. */
export function explain(plan: LabPlan, { from, to }: Pick<Pair, "from" | "to">, drop: Drop): Failure {
  const facts = fabricFacts(plan);
  const what = `${drop.onReturn ? "the answer" : "the packet"} ${drop.packet}`;
  const undo = drop.fault ? `take ${drop.fault} out of faults: ` : "";
  const sender = plan.nodes.find(({ name }) => name === from.node);
  // Whose pods the packet is for, or the answer from the internet.
  const owner = drop.onReturn || to.kind === "internet" ? sender : to.node;
  // IPIP's routes are BIRD's: where one of the path's nodes does not learn another's, IPIP leaves the packet on the same way.
  const names = [
    from.node,
    ...("node" in to ? [to.node.name] : []),
    ...(to.kind === "nodeport" ? [to.entry.name] : []),
  ];
  const onPath = plan.nodes.filter(({ name }) => names.includes(name));
  const haveRoutes = onPath.every((a, i) => onPath.slice(i + 1).every((b) => learns(plan, a, b)));
  const canTunnelIpip = plan.bgp.enabled && !facts.dropsIpip && haveRoutes;
  const tunnels = tunnelsFor(plan, { from, to }, drop.onReturn, canTunnelIpip);
  const nat = setNat(plan, sender, to);
  // No encapsulation tunnels packets to a node or to the internet: only natOutgoing helps there.
  const tunnelled =
    tunnels &&
    `use ${tunnels.kinds}${tunnels.pool}, which ${tunnels.kinds === "IPIP or VXLAN" ? "tunnel" : "tunnels"} this path`;
  const orNat = sender?.host.broken.includes("nat-missing") ? undefined : nat;
  const hidden = to.kind === "node" || to.kind === "internet" ? orNat : tunnelled;
  const [between, noRoutes] = isUniform(plan)
    ? ["", ", so no node has a route to another's block"]
    : [" between the two nodes", ", so neither has a route to the other's block"];
  const base = { hop: drop.hop, ...(drop.fault && { fault: drop.fault }) };
  if (
    drop.cause === "host" ||
    (drop.cause === "link" && drop.fault) ||
    (drop.fault && LOSES_IN_ITS_OWN_WAY.has(drop.fault))
  ) {
    const { cause, fix, reference } = CATALOGUE[drop.fault as Fault];
    return { ...base, cause: `${what} is lost: ${cause}`, fix: `${undo}${fix}`, reference };
  }
  switch (drop.cause) {
    case "tenant-route":
    case "tenant-port-security":
    case "tenant-group":
    case "tenant-gateway":
      return { ...base, ...explainInTenant(plan, what, drop, { from, to }) };
    case "security-group": {
      const words = drop.rule ? wordsOf(plan, drop.rule) : drop.packet;
      const fix = `${undo}allow ${words}`;
      const reference =
        (drop.rule && RULE_REFERENCES[drop.rule]) ?? `${DOCS}/getting-started/kubernetes/requirements`;
      return { ...base, cause: `the security group has no rule for ${what}`, fix, reference };
    }
    case "host-firewall": {
      const words = drop.rule ? wordsOf(plan, drop.rule) : drop.packet;
      return {
        ...base,
        cause: `the node's own firewall drops ${what}`,
        fix: `${undo}allow ${words.replace("the group", "the other nodes")} in it`,
        reference: `${DOCS}/getting-started/kubernetes/requirements`,
      };
    }
    case "no-bgp-route": {
      const why = whyNoRoute(plan, drop) ?? {
        because: `BGP is not established${between}`,
        fix: `allow TCP 179 from the ${facts.securityGroup ? "group" : "other nodes"}`,
        reference: RULE_REFERENCES.bgp as string,
      };
      return {
        ...base,
        cause: `${why.because}${noRoutes}, and ${what} follows the default route, where it is lost`,
        fix: `${undo}${why.fix}${tunnels ? `, or use VXLAN${tunnels.pool}, whose routes need no BGP` : ""}`,
        reference: why.reference,
      };
    }
    case "no-vtep":
      return { ...base, ...explainVtep(plan, what, from.node, to) };
    case "anti-spoofing": {
      const { followsRoutes } = facts.antiSpoofing ?? {};
      const setRoutes = followsRoutes && ownsNetwork(plan) ? "set podRoutes: static to " : "";
      const fix = `${setRoutes}${facts.antiSpoofing?.fix}${hidden ? `, or ${hidden}` : ""}`;
      // The routes are there, for an encapsulation that has no pod's address on the wire: more of them do not help.
      const hasRoutes = followsRoutes && plan.podRoutes.length > 0 && hidden;
      return {
        ...base,
        cause: `${facts.antiSpoofing?.name} drops ${what}: a pod's address is not the node's own`,
        fix: `${undo}${hasRoutes ? hidden : fix}`,
        reference: facts.antiSpoofing?.reference ?? DOCS,
      };
    }
    case "protocol":
      return {
        ...base,
        cause: `${facts.name} does not carry IP protocol 4 (IP-in-IP), and drops ${what}`,
        fix: facts.dropsIpip?.fix.replace("use VXLAN", `use VXLAN${tunnels?.pool ?? ""}`) ?? "",
        reference: facts.dropsIpip?.reference ?? DOCS,
      };
    case "gateway": {
      const why = owner && whyUnknownToGateway(plan, owner, drop);
      if (why)
        return {
          ...base,
          cause: `${why.because}, so it knows no route for ${what}, and drops it`,
          fix: `${undo}${why.fix}${to.kind === "internet" && nat ? `, or ${nat}` : ""}`,
          reference: why.reference,
        };
      const neighbours = facts.layer3
        ? "; nodes of one subnet are no neighbours here, so all packets without a tunnel pass it"
        : "";
      const instead = to.kind === "internet" ? nat : insteadOfGateway(plan, tunnels);
      return {
        ...base,
        cause: `${plan.sites ? drop.hop : `the ${facts.gateway}`} knows the nodes' subnets but not pod addresses, and drops ${what}${neighbours}`,
        fix: [instead, tellGateway(plan)].filter(Boolean).join(", or "),
        reference: facts.layer3?.reference ?? `${DOCS}/networking/configuring/vxlan-ipip`,
      };
    }
    case "loop": {
      const why = whyLoop(plan, owner as NodePlan);
      return {
        ...base,
        cause: `${what} goes round in circles until its TTL is used up: ${why.because}`,
        fix: why.fix,
        reference: why.reference,
      };
    }
    case "link":
      return {
        ...base,
        ...notSelected(plan, to, what, { tunnels, nat }),
      };
    case "mtu":
      return {
        ...base,
        cause: `${what} is ${drop.mtu?.size} bytes with DF set, and ${drop.hop} carries ${drop.mtu?.limit}`,
        fix:
          isTunnels(plan, drop.mtu?.limit) && plan.mtu.pod > plan.mtu.tunnel
            ? `${undo}pods need an MTU of ${plan.mtu.tunnel}: ${Math.min(plan.mtu.link, plan.link?.mtu.inner ?? plan.mtu.link)} minus the tunnel's header`
            : `${undo}send at most ${drop.mtu?.limit} bytes, which is what the hop carries`,
        reference: `${DOCS}/networking/configuring/mtu`,
      };
    case "no-answer":
      return {
        ...base,
        cause: `${what} leaves with the pod's address, and the internet has no route back to it`,
        fix: nat ?? "",
        reference: `${DOCS}/networking/configuring/workloads-outside-cluster`,
      };
  }
}

const isTunnels = ({ mtu }: LabPlan, limit: number | undefined): boolean =>
  limit === mtu.tunnel || Object.values(mtu.tunnels ?? {}).some((one) => one === limit);

/** A packet that the link between the sites does not carry. @param instead how it would have the nodes' addresses. */
function notSelected(
  plan: LabPlan,
  to: Pair["to"],
  what: string,
  instead: { tunnels: Tunnels | undefined; nat: string | undefined },
): Explanation {
  const held = plan.link?.selectors === "subnets" ? "the sites' subnets only" : "other addresses";
  const isForPod = to.kind !== "node" && to.kind !== "internet";
  const hidden = isForPod
    ? instead.tunnels &&
      `use ${instead.tunnels.kinds}${instead.tunnels.pool}, whose outer packets have the nodes' addresses`
    : instead.nat;
  // Behind the tunnel, the router needs routes to pods.
  const withRoutes = isForPod && plan.podRoutes.length === 0 ? ", with podRoutes: static" : "";
  const selected = `put the pod CIDR into them (link.selectors: pods)${withRoutes}`;
  return {
    cause: `the traffic selectors of the tunnel between the sites hold ${held}, and it drops ${what}`,
    fix: [hidden, selected].filter(Boolean).join(", or "),
    reference: "https://docs.strongswan.org/docs/5.9/howtos/forwarding.html",
  };
}
