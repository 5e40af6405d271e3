/** The router between the subnets: which routes it has, what it translates, and what it drops. */
import { fabricFacts, isMisrecorded, type LabPlan, type SitePlan, SMALLER_BY, vpnRange } from "../../plan";

/**
 * The router's routes besides those to its subnets, in the syntax of `ip route`.
 * @param site the router's site. Default: the router of a lab without sites.
 */
export const routerRoutes = (plan: LabPlan, site?: SitePlan): string[] => [
  // Otherwise stray packets follow the default route to a neighbour that answers "unreachable". Clouds stay silent.
  `blackhole ${plan.ipPool.cidr}`,
  ...(plan.nodes.some(isMisrecorded) ? [`blackhole ${vpnRange(plan).cidr}`] : []),
  ...(plan.tenant ? [`blackhole ${plan.tenant.cidr}`] : []),
  ...plan.podRoutes
    .filter(({ node }) => !site || plan.nodes.some((one) => one.name === node && one.site === site.name))
    .map(({ block, via }) => `${block} via ${via}`),
];

/** The router's address translation, as an nftables file. @param external its interface to the internet. */
export const renderRouter = (plan: LabPlan, external: string): string =>
  [
    "table ip nat {",
    "  chain postrouting {",
    "    type nat hook postrouting priority srcnat;",
    `    oifname "${external}"${translated(plan)} masquerade`,
    "  }",
    ...blackHole(plan),
    "}",
  ].join("\n");

/** Most gateways translate only the nodes' own addresses, as an internet gateway or OVN does. */
function translated(plan: LabPlan): string {
  if (fabricFacts(plan).snat === "any") return "";
  return ` ip saddr { ${plan.subnets.map(({ cidr }) => cidr).join(", ")} }`;
}

/** A gateway that carries less between the subnets than their links, and sends no ICMP error about it. */
function blackHole(plan: LabPlan): string[] {
  if (!plan.nodes.some(({ host }) => host.broken.includes("mtu-black-hole"))) return [];
  return [
    "  chain black-hole {",
    "    type filter hook forward priority 0;",
    `    iifname "eth*" oifname "eth*" ip length > ${plan.mtu.link - SMALLER_BY} counter drop`,
    "  }",
  ];
}
