/** The twin's matrix: what is varied, and the selection for CI. */
import { ENCAPSULATIONS, type Encapsulation, type Fabric, faultLabel } from "../../components/config";
import { ENCAPSULATION_FACTS, fabricFacts, hasEffect } from "../../components/plan";
import { EVERYWHERE, faultsOf, ON_ONE_NODE, onHost } from "./fault-settings";
import { pairsOf, pairwise } from "./pairwise";
import { errorOf, planOf, type RawConfig } from "./problems";

/** Where the nodes are: each fabric, and Neutron with its other backend. */
export const SITES: Readonly<Record<Site, { fabric: Fabric; openstack?: { backend: "ovs" } }>> = {
  aws: { fabric: "aws" },
  openstack: { fabric: "openstack" },
  plain: { fabric: "plain" },
  "openstack with OVS": { fabric: "openstack", openstack: { backend: "ovs" } },
  l3: { fabric: "l3" },
  azure: { fabric: "azure" },
  gcp: { fabric: "gcp" },
  hetzner: { fabric: "hetzner" },
  oci: { fabric: "oci" },
  tailscale: { fabric: "tailscale" },
};
type Site = Fabric | "openstack with OVS";
export const SITE_NAMES = Object.keys(SITES) as Site[];

/** What may differ besides encapsulation, fabric and fault. */
const VARIANTS = {
  defaults: {},
  "natOutgoing off": { natOutgoing: false },
  podRoutes: { podRoutes: true },
  "podRoutes, natOutgoing off": { podRoutes: true, natOutgoing: false },
  // Three nodes in one subnet, where CrossSubnet and None are alike.
  "one subnet": {
    topology: [{ name: "a", cidr: "10.100.200.0/24", nodes: ["cp1", "w1", "w2"] }],
    serviceCidr: "10.96.0.0/16",
  },
  "mtu 1400": { mtu: 1400 },
  "blocks of /28": { blockSize: 28, podCidr: "10.200.0.0/20" },
  "bgp off": { bgp: "Disabled" },
} satisfies Record<string, RawConfig>;

/** One case of the matrix: a value in each of its four dimensions. */
export type Case = Readonly<{
  encapsulation: Encapsulation;
  fabric: Site;
  /** The label of a setting, or "no fault". */
  fault: string;
  variant: keyof typeof VARIANTS;
}>;

/** The case as a stack's config. */
export const configOf = (
  { encapsulation, fabric, fault, variant }: Case,
  base: RawConfig = {},
): RawConfig => ({
  ...base,
  ...VARIANTS[variant],
  encapsulation,
  ...SITES[fabric],
  faults: faultsOf(fault),
});

export const titleOf = ({ encapsulation, fabric, fault, variant }: Case): string =>
  `${encapsulation} on ${fabric}: ${variant}, ${fault}`;

/** Whether a kernel without the ipip driver, as many are, plays it in the slow QEMU machine. */
export const needsQemu = ({ encapsulation }: Pick<Case, "encapsulation">): boolean =>
  ENCAPSULATION_FACTS[encapsulation].tunnel === "ipip";

/** Cheap ones first, since the selection prefers what comes first: many kernels lack IP in IP, and then QEMU plays it. */
const BY_COST = [...ENCAPSULATIONS].sort(
  (a, b) => Number(needsQemu({ encapsulation: a })) - Number(needsQemu({ encapsulation: b })),
);

/** Every combination of the dimensions' values, also those that no lab can have. */
export const COMBINATIONS: readonly Case[] = BY_COST.flatMap((encapsulation) =>
  SITE_NAMES.flatMap((fabric) =>
    (Object.keys(VARIANTS) as (keyof typeof VARIANTS)[]).flatMap((variant) =>
      ["no fault", ...EVERYWHERE.map(faultLabel)].map((fault) => ({ encapsulation, fabric, fault, variant })),
    ),
  ),
);

const isPossible = (one: Case): boolean => errorOf(configOf(one)) === undefined;

const isEffective = (one: Case): boolean =>
  faultsOf(one.fault).every((setting) => hasEffect(planOf(configOf(one)), setting));

/** Every combination with variants that the config's own checks accept. */
export const VARIED: readonly Case[] = COMBINATIONS.filter(isPossible);

/** The fabrics whose pairs CI plays: each has rules that no other one has. */
const IN_PAIRS: readonly Site[] = ["aws", "openstack", "plain"];
export const inPairs = ({ fabric }: Case): boolean => IN_PAIRS.includes(fabric);

/** Faults of single nodes, wherever they change something. Without natOutgoing only where they change nothing with it. */
export const PLACED: readonly Case[] = ON_ONE_NODE.map(faultLabel).flatMap((fault) =>
  BY_COST.flatMap((encapsulation) =>
    IN_PAIRS.flatMap((fabric) => {
      const cases = (["defaults", "natOutgoing off"] as const).map((variant) => ({
        encapsulation,
        fabric,
        fault,
        variant,
      }));
      return cases.filter((one) => isPossible(one) && isEffective(one)).slice(0, 1);
    }),
  ),
);

/**
 * The other fabrics in CI. Each differs from those in {@link IN_PAIRS} by a few facts, and these cases are one for each
 * fact: where it decides the outcome. The complete matrix has the rest, such as those with IP in IP, which most kernels
 * play in the slow QEMU machine.
 */
export const BY_FACT: readonly Case[] = [
  // The group has the pods as members, and the router translates their addresses.
  { encapsulation: "None", fabric: "openstack with OVS", variant: "one subnet", fault: "pod-cidr-blocked" },
  {
    encapsulation: "VXLANCrossSubnet",
    fabric: "openstack with OVS",
    variant: "podRoutes, natOutgoing off",
    fault: "no fault",
  },
  // Nodes of one subnet are no neighbours; routes help.
  { encapsulation: "VXLANCrossSubnet", fabric: "l3", variant: "defaults", fault: "no fault" },
  { encapsulation: "None", fabric: "l3", variant: "podRoutes", fault: "no fault" },
  // The cloud's own check of addresses.
  { encapsulation: "None", fabric: "azure", variant: "podRoutes", fault: "source-dest-check" },
  { encapsulation: "VXLAN", fabric: "azure", variant: "defaults", fault: "no fault" },
  { encapsulation: "VXLANCrossSubnet", fabric: "oci", variant: "podRoutes", fault: "no fault" },
  // Nodes with /32: CrossSubnet tunnels everything.
  { encapsulation: "VXLANCrossSubnet", fabric: "gcp", variant: "natOutgoing off", fault: "no fault" },
  { encapsulation: "None", fabric: "hetzner", variant: "podRoutes", fault: "no fault" },
  // Pod addresses pass where they are routed.
  { encapsulation: "VXLAN", fabric: "tailscale", variant: "natOutgoing off", fault: "no fault" },
  { encapsulation: "None", fabric: "tailscale", variant: "podRoutes, natOutgoing off", fault: "no fault" },
];

const isIn = (list: readonly Case[]) => {
  const titles = new Set(list.map(titleOf));
  return (one: Case): boolean => titles.has(titleOf(one));
};

/** Cases whose fault, if they have one, changes something. With a fault that has no effect a case shows little. */
export const EFFECTIVE: readonly Case[] = VARIED.filter(isEffective);

/**
 * What CI plays of the faults of single nodes: each on a fabric with a security group and on one without, where it can be
 * had there, in the cheapest encapsulation that shows it; a fault that only IPIP shows (in QEMU), or of a node
 * itself, on one fabric.
 */
export const PLACED_SELECTION: readonly Case[] = PLACED.filter((one) => {
  const kindOf = (each: Case) =>
    needsQemu(each) || onHost.has(each.fault)
      ? each.fault
      : `${each.fault} ${fabricFacts(SITES[each.fabric]).securityGroup}`;
  const first = PLACED.find((other) => kindOf(other) === kindOf(one));
  const cheaper = PLACED.find((other) => other.fault === one.fault);
  return one === first && (one === cheaper || !needsQemu(one));
});

/** Faults that change something only under IP in IP. */
const shownByIpip: ReadonlySet<string> = new Set(
  EVERYWHERE.map(faultLabel).filter(
    (fault) => !EFFECTIVE.some((one) => one.fault === fault && !needsQemu(one)),
  ),
);

/**
 * What CI plays a case for: each pair of its values. QEMU takes a minute for a case beside other suites, so there it is the
 * encapsulation, the fabric, and a fault that no other encapsulation shows, each once.
 */
export const worthOf = (one: Case): string[] => {
  if (!needsQemu(one)) return pairsOf(one);
  const { encapsulation, fabric, fault } = one;
  return [encapsulation, fabric, ...(shownByIpip.has(fault) ? [fault] : [])].map(
    (value) => `IP in IP, ${value}`,
  );
};

/** The cases of {@link IN_PAIRS} that CI plays for {@link worthOf}, each by an effective case where there is one. */
export function selectPairs(): Case[] {
  const [varied, effective] = [VARIED.filter(inPairs), EFFECTIVE.filter(inPairs)];
  const cheap = (cases: readonly Case[]) => cases.filter((one) => !needsQemu(one));
  // A fault of one node leaves the other nodes' paths as they are without it.
  const chosen = [...pairwise(cheap(effective)), ...PLACED_SELECTION.filter(needsQemu)];
  const playing = pairwise(effective, chosen, worthOf).filter(isIn(VARIED));
  return pairwise(cheap(varied), playing);
}

/**
 * What CI plays: {@link selectPairs}, {@link BY_FACT}, and {@link PLACED_SELECTION}. What QEMU would play for anything else
 * than {@link worthOf} is left to the matrix.
 */
export const SELECTION: readonly Case[] = [
  ...selectPairs(),
  ...VARIED.filter(isIn(BY_FACT)),
  ...PLACED_SELECTION,
];

/** One effective case for each encapsulation, fabric and fault that there are together. */
const TRIPLES: readonly Case[] = [
  ...new Map(
    EFFECTIVE.toReversed().map((one) => [`${one.encapsulation} ${one.fabric} ${one.fault}`, one]),
  ).values(),
];

/**
 * The matrix: every encapsulation on every fabric with every fault that changes something there, every pair of all values
 * on all fabrics, and every fault of single nodes. The product of everything would take a day in QEMU, and a variant
 * decides an outcome together with one other value, not with three.
 */
export const MATRIX: readonly Case[] = [
  ...VARIED.filter(isIn(pairwise(VARIED, [...TRIPLES, ...SELECTION.filter(isIn(VARIED))]))),
  ...PLACED,
];
