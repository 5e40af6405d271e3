/** BIRD on the router between the subnets, which learns the nodes' pods from them (`podRoutes: bgp`). */
import { gatewayReflects, isIbgp, type LabPlan, subnetOf } from "../../plan";

/** How soon a session comes up, and comes back, in seconds. BIRD's own values are 5, 120, and 60 to 300. */
export const BGP_TIMES = "connect delay time 1; connect retry time 1; error wait time 1, 2;";

/** An address in the name of a BIRD protocol, as Calico's templates write it. */
export const underlined = (address: string): string => address.replaceAll(".", "_");

/** What of the router's configuration depends on where it runs. */
export interface RouterBirdOptions {
  /** BIRD's word for where it logs: `syslog`, `stderr`, or the path of a file in quotes. */
  log: string;
}

/**
 * Renders the configuration of the router, which waits for the nodes. It knows its subnets, looks up every next hop there, and
 * takes nothing but routes to pods. For BIRD 2 and 3. @returns the file, or an empty text if the router speaks no BGP.
 */
export function renderRouterBird(plan: LabPlan, { log }: RouterBirdOptions): string {
  const { gatewayAsNumber, asNumber } = plan.bgp;
  const [first] = plan.subnets;
  if (gatewayAsNumber === undefined || !first) return "";
  // An eBGP peer tells every peer of everything. A node drops what has its own AS number in its path.
  const tells = gatewayReflects(plan) || !isIbgp(plan);
  const client = gatewayReflects(plan) ? ` rr client; rr cluster id ${first.gateway};` : "";
  return [
    `router id ${first.gateway};`,
    `log ${log} { info, warning, error, fatal, bug };`,
    "protocol device { scan time 2; }",
    "protocol direct {",
    "  ipv4;",
    `  interface ${plan.subnets.map(({ cidr }) => cidr).join(", ")};`,
    "}",
    "protocol kernel {",
    "  scan time 10; metric 0;",
    "  ipv4 { import none; export where source = RTS_BGP; };",
    "}",
    "template bgp nodes {",
    "  multihop; passive on;",
    `  ${BGP_TIMES}`,
    `  ipv4 { import where net ~ ${plan.ipPool.cidr}; export ${tells ? "where source = RTS_BGP" : "none"}; gateway recursive; };`,
    "}",
    ...plan.nodes.map((node) => {
      const { address } = node;
      const own = subnetOf(plan, node).gateway;
      return `protocol bgp Node_${underlined(address)} from nodes { local ${own} as ${gatewayAsNumber}; neighbor ${address} as ${asNumber};${client} }`;
    }),
    "",
  ].join("\n");
}
