/** The sites of a lab: which router each has, and the IPsec link that joins them. */
import { BOTH_SITES, type Fault, type LabConfig, type Selectors } from "../config";
import { contains, parseCidr, toNumber } from "./addressing";
import { INTERNET } from "./endpoint";
import { innerMtu } from "./esp";
import { fabricFacts } from "./fabric";
import type { LabPlan } from "./lab";
import { placementOf } from "./placement";
import { remember } from "./remember";
import type { NodePlan } from "./topology";

/** A site: its subnets, and the router that they share. */
export interface SitePlan {
  name: string;
  /** The router's name: `router-<site>`, also its namespace on the twin, or the machine that is the gateway. */
  router: string;
  /** The router's IPv4 address, on the twin towards the other site's router, and of a machine inside its site. */
  address: string;
  /** The names of its subnets. */
  subnets: string[];
  /** The machine that is the gateway where the lab is on machines, by name. Absent where the config names none. */
  gateway?: string;
}

/** The IPsec tunnel between the two sites' routers. */
export interface LinkPlan {
  /** The version of IKE. */
  ike: number;
  /** The sites that start the tunnel. */
  initiators: string[];
  proposals: { ike: string; esp: string };
  selectors: Selectors;
  /**
   * In bytes: `path` is what the path between the routers carries, `esp` what ESP leaves of that, and `inner` what the
   * tunnel carries, which is never more than {@link LIBIPSEC_MTU}.
   */
  mtu: { path: number; esp: number; inner: number };
  /** The faults of the link. */
  broken: readonly Fault[];
}

/** The device through which a router sends into the tunnel, as strongSwan's kernel-libipsec names it. */
export const IPSEC_DEVICE = "ipsec0";

/** The UDP port of IKE (RFC 7296, section 2). */
export const IKE_PORT = 500;

/** ESP's number among the IP protocols (RFC 4303). */
export const ESP_PROTOCOL = "50";

/** The UDP port of ESP behind a NAT, and of kernel-libipsec always (RFC 3948). */
export const NAT_T_PORT = 4500;

/**
 * What the TUN device of strongSwan's kernel-libipsec carries, in bytes (`TUN_DEFAULT_MTU` in src/libstrongswan/networking/
 * tun_device.c, 5.9.8). It cannot be raised: longer packets are cut where it reads them.
 */
export const LIBIPSEC_MTU = 1400;

/** What both sides propose where the config does not say. */
export const DEFAULT_PROPOSALS = { ike: "aes128-sha256-modp2048", esp: "aes128-sha256" } as const;

/** The name of a site's router. */
export const routerOf = (site: string): string => `router-${site}`;

/**
 * The sites of a config. On the twin the first address behind the internet's is the first site's router's, and so on; on
 * machines a site's gateway is one of them.
 * @param nodes those of the lab.
 */
export function planSites(
  config: LabConfig,
  nodes: readonly Pick<NodePlan, "name" | "address">[],
): SitePlan[] {
  const first = toNumber(INTERNET.gateway);
  const parts = INTERNET.gateway.split(".").slice(0, 3).join(".");
  const { onTwin } = placementOf(config);
  return (config.sites ?? []).map(({ name, subnets, gateway }, i) => {
    const machine = onTwin ? undefined : nodes.find((one) => one.name === gateway);
    return {
      name,
      router: machine?.name ?? routerOf(name),
      address: machine?.address ?? `${parts}.${(first % 256) + i}`,
      subnets,
      ...(gateway !== undefined && { gateway }),
    };
  });
}

/** The link of a config that has sites. */
export function planLink({ sites, link = {} }: Pick<LabConfig, "sites" | "link">): LinkPlan | undefined {
  if (!sites) return undefined;
  const names = sites.map(({ name }) => name);
  const { initiator = names[0] as string, proposals } = link;
  const esp = proposals?.esp ?? DEFAULT_PROPOSALS.esp;
  const path = link.mtu ?? INTERNET.mtu;
  // Two routers with public addresses would use ESP itself; kernel-libipsec puts it into UDP always.
  const left = innerMtu(path, esp, true);
  return {
    ike: link.ike ?? 2,
    initiators: initiator === BOTH_SITES ? names : [initiator],
    proposals: { ike: proposals?.ike ?? DEFAULT_PROPOSALS.ike, esp },
    selectors: link.selectors ?? "subnets",
    mtu: { path, esp: left, inner: Math.min(left, LIBIPSEC_MTU) },
    broken: [],
  };
}

/** The site of a node; undefined in a lab without sites. */
export const siteOf = (
  { sites }: Pick<LabPlan, "sites">,
  node: Pick<NodePlan, "site">,
): SitePlan | undefined => sites?.find(({ name }) => name === node.site);

/** What the gateway of a node is called: its site's router, or the fabric's own name of it. */
export const gatewayName = (
  plan: Pick<LabPlan, "sites" | "fabric" | "backend">,
  node: Pick<NodePlan, "site">,
): string => siteOf(plan, node)?.router ?? fabricFacts(plan).gateway;

/** Whether packets between two nodes take the link between the sites. */
export const crossesLink = (a: Pick<NodePlan, "site">, b: Pick<NodePlan, "site">): boolean =>
  a.site !== b.site;

/** The ranges of one side of the link's selectors, each a CIDR. */
export function selectorsOf(plan: LabPlan, { subnets, address }: SitePlan): string[] {
  const { selectors, broken } = plan.link as LinkPlan;
  // The router's own address in the place of its subnets: what a typing error in the prefix makes of a selector.
  if (broken.includes("ipsec-selectors-too-narrow")) return [`${gatewaysOf(plan, subnets)[0] ?? address}/32`];
  if (selectors === "any") return ["0.0.0.0/0"];
  const own = plan.subnets.filter(({ name }) => subnets.includes(name)).map(({ cidr }) => cidr);
  return selectors === "pods" ? [...own, plan.ipPool.cidr] : own;
}

const gatewaysOf = ({ subnets }: LabPlan, names: readonly string[]): string[] =>
  subnets.filter(({ name }) => names.includes(name)).map(({ gateway }) => gateway);

/** Both sides of the selectors as text, seen from a site: `10.0.3.0/24 === 10.0.4.0/24`. */
export const selectorsText = (plan: LabPlan, from: SitePlan, to: SitePlan): string =>
  [from, to].map((site) => selectorsOf(plan, site).join(", ")).join(" === ");

/** Whether the selectors hold a packet between two sites. */
export function isSelected(
  plan: LabPlan,
  { source, destination }: { source: string; destination: string },
  from: SitePlan,
  to: SitePlan,
): boolean {
  const holds = (site: SitePlan, address: string) =>
    rangesOf(plan, site).some((range) => contains(range, toNumber(address)));
  return holds(from, source) && holds(to, destination);
}

/** Each side's ranges. */
const rangesOf = remember((plan, site: SitePlan) => selectorsOf(plan, site).map(parseCidr));

/** The faults with which the link carries nothing, since the routers have no security association. */
const NO_ASSOCIATION: readonly Fault[] = [
  "ipsec-nobody-initiates",
  "ipsec-psk-mismatch",
  "ipsec-proposal-mismatch",
  "ipsec-rekey-lost",
];

/** The fault because of which the routers have no security association; undefined where they have one. */
export const associationFault = ({ link }: Pick<LabPlan, "link">): Fault | undefined =>
  link?.broken.find((fault) => NO_ASSOCIATION.includes(fault));

/** The site whose router has lost its static route to the other one, with the fault `ipsec-route-missing`: the last. */
export const withoutRoute = ({ sites, link }: Pick<LabPlan, "sites" | "link">): SitePlan | undefined =>
  link?.broken.includes("ipsec-route-missing") ? sites?.at(-1) : undefined;

/** The fault of the link that keeps the nodes of two sites from reaching each other; undefined where they do. */
export const linkFault = (plan: Pick<LabPlan, "sites" | "link">): Fault | undefined =>
  associationFault(plan) ??
  plan.link?.broken.find(
    (fault) => fault === "ipsec-route-missing" || fault === "ipsec-selectors-too-narrow",
  );
