/** swanctl.conf of one end of the tunnel between two sites, wherever its strongSwan runs. Pure. */
import { type LabPlan, type LinkPlan, type SitePlan, selectorsOf } from "../../plan";

/** What stands in the file for the pre-shared key, until it is where it is read. */
export const PSK_MARK = "@PSK@";

/** One end, seen from itself. */
export interface SwanctlEnd {
  /** The own identity and the peer's, each an IPv4 address. */
  id: { own: string; peer: string };
  /** The own address. Default: any of the machine's. */
  address?: string;
  /** The peer's address or host name. */
  peer: string;
  proposals: { ike: string; esp: string };
  /** The selectors of each child, own and peer's. */
  children: readonly [own: string, peer: string][];
  /** Whether this end starts the tunnel. */
  starts: boolean;
  /** More settings of each child, a line each. Default: an end that starts a tunnel starts it again when it is lost. */
  settings?: readonly string[];
  /** The pre-shared key as the file takes it. Default: {@link PSK_MARK}. */
  secret?: string;
}

/** Whether a site starts the tunnel. */
export const startsLink = ({ initiators, broken }: LinkPlan, { name }: SitePlan): boolean =>
  !broken.includes("ipsec-nobody-initiates") && initiators.includes(name);

/** The selectors of each child, local and remote. IKEv1 negotiates one pair for each child, IKEv2 all at once. */
export function childrenBetween(
  ike: number,
  local: readonly string[],
  remote: readonly string[],
): [string, string][] {
  if (ike === 2) return [[local.join(","), remote.join(",")]];
  return local.flatMap((a) => remote.map((b): [string, string] => [a, b]));
}

/** The selectors of each child between two sites of a plan. */
export const childrenOf = (
  plan: LabPlan,
  { ike }: LinkPlan,
  site: SitePlan,
  other: SitePlan,
): [string, string][] => childrenBetween(ike, selectorsOf(plan, site), selectorsOf(plan, other));

/** The text of swanctl.conf. @param ike the version of IKE. */
export function renderSwanctl(
  ike: number,
  { id, address, peer, proposals, children, starts: isStarting, settings, secret = PSK_MARK }: SwanctlEnd,
): string {
  const more = settings ?? (isStarting ? ["dpd_action = restart", "close_action = start"] : []);
  const child = ([own, theirs]: readonly [string, string], i: number) =>
    [
      `      link${children.length > 1 ? i : ""} {`,
      `        local_ts = ${own}`,
      `        remote_ts = ${theirs}`,
      `        esp_proposals = ${proposals.esp}`,
      `        start_action = ${isStarting ? "start" : "none"}`,
      ...more.map((line) => `        ${line}`),
      "      }",
    ].join("\n");
  return [
    "connections {",
    "  link {",
    `    version = ${ike}`,
    ...(address === undefined ? [] : [`    local_addrs = ${address}`]),
    `    remote_addrs = ${peer}`,
    `    proposals = ${proposals.ike}`,
    // kernel-libipsec carries ESP in UDP only.
    "    encap = yes",
    "    mobike = no",
    "    keyingtries = 0",
    "    dpd_delay = 10s",
    `    local {\n      auth = psk\n      id = ${id.own}\n    }`,
    `    remote {\n      auth = psk\n      id = ${id.peer}\n    }`,
    `    children {\n${children.map(child).join("\n")}\n    }`,
    "  }",
    "}",
    "secrets {",
    "  ike-link {",
    `    id-local = ${id.own}`,
    `    id-remote = ${id.peer}`,
    `    secret = ${secret}`,
    "  }",
    "}",
    "",
  ].join("\n");
}
