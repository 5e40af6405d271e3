/** What faults change on a node itself: its own firewall, and settings of its kernel. */
import type { Fault } from "../../config";
import {
  fabricFacts,
  isMisrecorded,
  type LabPlan,
  type NodePlan,
  ruleOf,
  TUNNELS,
  type TunnelKind,
  VPN_INTERFACE,
} from "../../plan";
import { BGP_MARK, chain, match } from "./security";
import { batch, inside, nft } from "./shell";

/** Desired state of what faults change on a node. A healthy node has none. */
export interface HostState {
  /** The node's own firewall, as an nftables file; empty if it has none. */
  firewall: string;
  /** Whether the firewall closes TCP 179. Closing it must also end the sessions that are up. */
  bgpClosed: boolean;
  /** The reverse path filter of every device: strict. Absent if it is loose. */
  strictRpFilter?: true;
  /** Whether the kernel forwards packets. Absent if it does. */
  forwards?: false;
  /** The address of the VPN's interface, which Calico has taken for the node's own. */
  vpn?: string;
  /** How the VXLAN device is made whose packets get wrong checksums: one that is made anew needs it again. */
  badChecksums?: string;
}

/** The desired state of a node's faults; undefined on a node without any. */
export function renderHost(
  plan: LabPlan,
  node: NodePlan,
  tunnel?: { kind: TunnelKind; link: string },
): HostState | undefined {
  const firewall = renderFirewall(plan, node);
  const has = (fault: Fault) => node.host.broken.includes(fault);
  const badChecksums = has("vxlan-checksum") && tunnel?.kind === "vxlan" ? tunnel.link : undefined;
  const kernel = has("rp-filter-strict") || has("ip-forward-off");
  if (firewall === "" && !kernel && !badChecksums && !isMisrecorded(node)) return undefined;
  const bgpClosed =
    firewall !== "" && (has("host-firewall-reject") || node.host.closed.some(({ rule }) => rule === "bgp"));
  return {
    firewall,
    bgpClosed,
    ...(has("rp-filter-strict") && { strictRpFilter: true }),
    ...(has("ip-forward-off") && { forwards: false }),
    ...(isMisrecorded(node) && { vpn: node.recordedAddress }),
    ...(badChecksums && { badChecksums }),
  };
}

/** The firewall is stateful, as those of the distributions are: an answer passes (calico#1996). */
function renderFirewall(plan: LabPlan, { host }: NodePlan): string {
  const closed = fabricFacts(plan).securityGroup ? [] : host.closed;
  const rejects = host.broken.includes("host-firewall-reject");
  const forwards = !host.broken.includes("host-firewall-forward-drop");
  if (closed.length === 0 && !rejects && forwards) return "";
  const drops = (direction: "in" | "out") =>
    closed
      .filter((one) => one.direction === direction)
      .map(({ rule }) => {
        const { protocol, ports } = ruleOf(plan, rule);
        return `   ${match(protocol, ports)} counter drop comment "${rule}"`;
      });
  // Mark BGP's connections, as the fabric does: the observation makes the firewall forget all others.
  const mark = `    tcp dport 179 ct mark set ${BGP_MARK}`;
  const answers = "    ct state established,related accept";
  return [
    "table ip host-firewall {",
    ...chain("input", "input", "0", [mark, answers, ...drops("in"), ...(rejects ? REJECT : [])]),
    ...chain("output", "output", "0", [mark, answers, ...drops("out")]),
    ...(forwards ? [] : chain("forward", "forward", "0", ["    counter drop"])),
    "}",
  ].join("\n");
}

/** As in Oracle Cloud's images: ICMP, the loopback and SSH come in, and everything else is told so. */
const REJECT = [
  "    ip protocol icmp accept",
  '    iifname "lo" accept',
  "    tcp dport 22 accept",
  "    counter reject with icmp host-prohibited",
];

/** Whether a change of the firewall closes TCP 179, in whatever direction. */
export const closesSessions = (old: HostState | undefined, state: HostState | undefined): boolean =>
  state?.bgpClosed === true && old?.firewall !== state.firewall;

/** Bash that brings what faults change on a node from one state to the other. */
export function changeHost(node: string, old: HostState | undefined, state: HostState | undefined): string[] {
  return [
    ...changeFirewall(node, old, state),
    ...changeKernel(node, old, state),
    ...changeChecksums(node, old, state),
  ];
}

/**
 * Makes the VPN's interface, before any tunnel begins there. A bridge without ports: it is in every kernel, and what is sent
 * into it is gone. Its MTU limits no tunnel, whatever the lab's MTU is.
 */
export function addVpn(node: string, old: HostState | undefined, state: HostState | undefined): string {
  if (!state?.vpn || old?.vpn === state.vpn) return "";
  return batch(node, [
    ...(old?.vpn ? [`link del ${VPN_INTERFACE}`] : []),
    `link add ${VPN_INTERFACE} mtu 65535 type bridge`,
    `addr add ${state.vpn} dev ${VPN_INTERFACE}`,
    `link set ${VPN_INTERFACE} up`,
  ]);
}

/** Removes the VPN's interface, after the last tunnel that began there: a VXLAN device goes with the one below it. */
export const removeVpn = (node: string, old: HostState | undefined, state: HostState | undefined): string =>
  old?.vpn && !state?.vpn ? batch(node, [`link del ${VPN_INTERFACE}`]) : "";

/**
 * Writes a wrong checksum into what enters the tunnel. Only where the device computes none itself does it reach the
 * receiver's TCP and UDP, which count it (`TcpInCsumErrors`): a virtual device otherwise passes packets on unchecked.
 */
function changeChecksums(node: string, old: HostState | undefined, state: HostState | undefined): string[] {
  if (old?.badChecksums === state?.badChecksums) return [];
  const empty = "table ip checksum-offload {}\ndelete table ip checksum-offload";
  if (!state?.badChecksums) return [nft(node, empty)];
  const { device } = TUNNELS.vxlan;
  const rules = ["tcp", "udp"].map(
    (protocol) => `    oifname "${device}" ip protocol ${protocol} counter ${protocol} checksum set 0xbad`,
  );
  const table = ["table ip checksum-offload {", ...chain("corrupt", "postrouting", "400", rules), "}"];
  return [
    nft(node, [empty, ...table].join("\n")),
    inside(node, `/run/encaplab/bin/checksum-offload-off ${device}`),
  ];
}

/** Sets what differs from a healthy node, or takes it back. A device that is made later has the default. */
function changeKernel(node: string, old: HostState | undefined, state: HostState | undefined): string[] {
  const strict = state?.strictRpFilter === true;
  const forwards = state?.forwards !== false;
  const commands = [
    ...(strict === (old?.strictRpFilter === true)
      ? []
      : [
          `for file in /proc/sys/net/ipv4/conf/*/rp_filter; do echo ${strict ? 1 : 2} > "$file"; done`,
          ...(strict ? [] : ["echo 0 > /proc/sys/net/ipv4/conf/all/rp_filter"]),
        ]),
    ...(forwards === (old?.forwards !== false)
      ? []
      : [`echo ${forwards ? 1 : 0} > /proc/sys/net/ipv4/ip_forward`]),
  ];
  return commands.length > 0 ? [inside(node, commands.join("\n"))] : [];
}

/** Replaces the firewall in one transaction. */
function changeFirewall(node: string, old: HostState | undefined, state: HostState | undefined): string[] {
  if ((old?.firewall ?? "") === (state?.firewall ?? "")) return [];
  const empty = "table ip host-firewall {}\ndelete table ip host-firewall";
  return [
    nft(node, [empty, state?.firewall ?? ""].join("\n")),
    // The new rules apply from cold, as the verdict assumes: forget what the old ones let through.
    inside(node, "conntrack -F 2> /dev/null"),
  ];
}
