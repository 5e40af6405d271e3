/** The files of a site router's strongSwan, and the routes by which it sends into the tunnel. */
import {
  associationFault,
  IPSEC_DEVICE,
  type LabPlan,
  type LinkPlan,
  linkFault,
  parseCidr,
  type SitePlan,
  sizeOf,
  toAddress,
  withoutGroup,
  withoutRoute,
} from "../../plan";
import { childrenOf, renderSwanctl, startsLink } from "../common";

/** Folder of each router's files, in the sandbox. */
export const IPSEC = "/run/ipsec";

/** One router's end of the tunnel. */
export interface IpsecState {
  /** Its namespace. */
  router: string;
  /** strongswan.conf and swanctl.conf. */
  strongswan: string;
  swanctl: string;
  /** How many child security associations it has with the other end. */
  children: number;
  /** Its static routes into the tunnel, in the syntax of `ip route`. */
  routes: string[];
}

/** Desired state of the link between the sites. */
export interface LinkState {
  /** Those that only answer come first, so that what the others send finds them. */
  ends: IpsecState[];
  /** The MTU of the tunnel's device, in bytes. */
  mtu: number;
  /** The device's address, where the selectors need one. */
  address?: string;
  /** The pre-shared key, as swanctl.conf takes it. */
  psk: string;
  /** Whether a tunnel comes up, and whether it stays. */
  tunnel: "up" | "down" | "lost";
  /** Whether nodes of the two sites reach each other. */
  carries: boolean;
}

/** The state of a plan's link; undefined in a lab without sites. @param psk the pre-shared key. */
export function renderLink(plan: LabPlan, psk: string): LinkState | undefined {
  const { sites, link } = plan;
  const [first, last] = sites ?? [];
  if (!first || !last || !link) return undefined;
  const ends = [
    { site: first, other: last },
    { site: last, other: first },
  ].sort((x, y) => Number(startsLink(link, x.site)) - Number(startsLink(link, y.site)));
  const fault = associationFault(plan);
  const pool = parseCidr(plan.ipPool.cidr);
  return {
    ends: ends.map(({ site, other }) => renderEnd(plan, link, site, other)),
    mtu: link.mtu.inner,
    // kernel-libipsec takes a selector only if the router has an address in it. The pool's last one is no pod's.
    ...(link.selectors === "pods" && { address: toAddress(pool.first + sizeOf(pool) - 1) }),
    // 0s: base64 follows, which needs no quoting (swanctl.conf, secrets).
    psk: `0s${Buffer.from(psk).toString("base64")}`,
    tunnel: fault === undefined ? "up" : fault === "ipsec-rekey-lost" && link.ike === 2 ? "lost" : "down",
    carries: linkFault(plan) === undefined,
  };
}

function renderEnd(plan: LabPlan, link: LinkPlan, site: SitePlan, other: SitePlan): IpsecState {
  const folder = `${IPSEC}/${site.router}`;
  const remote = plan.nodes.filter((node) => node.site === other.name);
  const into = [
    ...plan.subnets.filter(({ name }) => other.subnets.includes(name)).map(({ cidr }) => cidr),
    ...remote.map(({ block }) => block),
  ];
  const hasRoutes = withoutRoute(plan)?.name !== site.name;
  return {
    router: site.router,
    children: childrenOf(plan, link, site, other).length,
    strongswan: renderStrongswan(folder),
    swanctl: renderSwanctlOf(plan, link, site, other),
    routes: hasRoutes ? into.map((cidr) => `${cidr} dev ${IPSEC_DEVICE}`) : [],
  };
}

/** The plugins that are needed. kernel-libipsec comes before kernel-netlink, so that ESP is not the kernel's. */
const PLUGINS =
  "random nonce aes gcm sha1 sha2 hmac gmp kdf drbg kernel-libipsec kernel-netlink socket-default vici";

const renderStrongswan = (folder: string): string =>
  [
    "charon-systemd {",
    `  load = ${PLUGINS}`,
    // The static routes are the lab's: a fault takes one away. kernel-libipsec makes routes of the selectors whatever
    // install_routes says, so its table is asked last, after the default route.
    "  routing_table = 220",
    "  routing_table_prio = 40000",
    "  retransmit_timeout = 1.0",
    "  retransmit_base = 1.2",
    `  plugins { vici { socket = unix://${folder}/vici } }`,
    `  filelog { file { path = ${folder}/charon.log\n    default = 1\n    flush_line = yes } }`,
    "}",
    `swanctl {\n  load = random\n  socket = unix://${folder}/vici\n}`,
    "",
  ].join("\n");

/** The secret of a router that has another one than its peer. */
const WRONG_PSK = "not the other router's key";

function renderSwanctlOf(plan: LabPlan, link: LinkPlan, site: SitePlan, other: SitePlan): string {
  const isLast = plan.sites?.at(-1)?.name === site.name;
  const has = (fault: LinkPlan["broken"][number]) => link.broken.includes(fault);
  const isLost = has("ipsec-rekey-lost");
  return renderSwanctl(link.ike, {
    id: { own: site.address, peer: other.address },
    address: site.address,
    peer: other.address,
    proposals: {
      ike: has("ipsec-proposal-mismatch") && isLast ? otherProposal(link.proposals.ike) : link.proposals.ike,
      esp: isLost
        ? `${withoutGroup(link.proposals.esp)}-${isLast ? "modp1536" : "modp2048"}`
        : link.proposals.esp,
    },
    children: childrenOf(plan, link, site, other),
    starts: startsLink(link, site),
    ...(isLost && { settings: ["rekey_time = 1s", "life_time = 3s", "rand_time = 0s"] }),
    ...(has("ipsec-psk-mismatch") && isLast && { secret: `"${WRONG_PSK}"` }),
  });
}

/** A proposal with another cipher. */
const otherProposal = (proposal: string): string =>
  proposal.startsWith("aes256")
    ? proposal.replace("aes256", "aes128")
    : proposal.replace(/^aes\d+/, "aes256");
