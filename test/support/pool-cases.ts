/** Labs with several IPPools: each mixture of encapsulations with each way in which pools select nodes. */
import { ENCAPSULATIONS, type Encapsulation } from "../../components/config";
import { errorOf, type RawConfig } from "./problems";
import { SMALL } from "./twin-play";

type Pools = readonly Readonly<Record<string, unknown>>[];

/** Each node is selected by one pool: without a tunnel of the other's kind. */
const apart = (one: Encapsulation, other: Encapsulation): Pools => [
  { name: "near", cidr: "172.16.0.0/17", encapsulation: one, nodes: ["cp1", "w1"] },
  { name: "far", cidr: "172.16.128.0/17", encapsulation: other, nodes: ["w2", "w3"] },
];

/** A third pool gives every node a tunnel, and pods nothing: of IPIP, that is a tunl0 with an address of a block apart. */
const tunnels =
  (encapsulation: Encapsulation) =>
  (one: Encapsulation, other: Encapsulation): Pools => [
    ...apart(one, other),
    { name: "tunnels", cidr: "172.17.0.0/20", encapsulation, allowedUses: ["Tunnel"] },
  ];

/** Which nodes the pools select. */
const SELECTIONS: Record<Selection, (one: Encapsulation, other: Encapsulation) => Pools> = {
  apart,
  "with a pool for tunnels": tunnels("VXLAN"),
  "with a pool for IPIP tunnels": tunnels("IPIP"),
  /** The second pool selects all nodes. Where it has a tunnel, their pods are in it. */
  "one for all": (one, other) => [
    { name: "some", cidr: "172.16.0.0/17", encapsulation: one, nodes: ["cp1", "w2"] },
    { name: "the-rest", cidr: "172.16.128.0/17", blockSize: 28, encapsulation: other },
  ],
};
type Selection = "apart" | "with a pool for tunnels" | "with a pool for IPIP tunnels" | "one for all";

/** What may differ besides. */
const VARIANTS = {
  defaults: {},
  "on aws": { fabric: "aws" },
  "a router with BGP": { podRoutes: "bgp" },
  "static routes": { podRoutes: "static" },
  "static routes on aws, checked": { podRoutes: "static", fabric: "aws", faults: ["source-dest-check"] },
  "one pool without natOutgoing": { natOutgoing: false },
  "a disabled pool over the nodes": {},
  "a missing rule": { fabric: "openstack", faults: ["vxlan-blocked"] },
  "strict rp_filter": { faults: ["rp-filter-strict"] },
  "too large an MTU": { faults: ["mtu-too-big"] },
  "a node as /32": { faults: [{ fault: "node-as-32", nodes: ["cp1"] }] },
  "bgp blocked": { faults: [{ fault: "bgp-blocked", nodes: ["w2"] }] },
} satisfies Record<string, RawConfig>;
type Variant = keyof typeof VARIANTS;

/** A lab to play, with its title. */
export interface PoolCase {
  title: string;
  config: RawConfig;
  /** The same with the smallest topology that has every path, for a machine under emulation. */
  small: RawConfig;
}

/** The pools for three nodes: the first node alone is of the first pool. */
const inSmall = (pools: Pools): Pools =>
  pools.map(({ nodes, ...pool }) => {
    if (!Array.isArray(nodes)) return pool;
    return { ...pool, nodes: nodes.includes("cp1") ? ["cp1"] : ["w1", "w2"] };
  });

const caseOf = (
  one: Encapsulation,
  other: Encapsulation,
  selection: Selection,
  variant: Variant = "defaults",
): PoolCase => {
  const pools = SELECTIONS[selection](one, other).map((pool, i) =>
    variant === "one pool without natOutgoing" && i === 0 ? { ...pool, natOutgoing: true } : pool,
  );
  const outside = { name: "on-premises", cidr: "10.0.4.0/22", disabled: true };
  const all = [...pools, ...(variant === "a disabled pool over the nodes" ? [outside] : [])];
  const config = { podCidr: "172.16.0.0/15", ...VARIANTS[variant] };
  return {
    title: `${one} + ${other}, ${selection}: ${variant}`,
    config: { ...config, ipPools: all },
    small: { ...config, ...SMALL, ipPools: inSmall(all) },
  };
};

/** What CI plays: mixtures that need no QEMU, each way of selecting, and each variant once. */
export const POOL_SELECTION: readonly PoolCase[] = [
  caseOf("None", "VXLAN", "apart"),
  caseOf("None", "VXLAN", "with a pool for tunnels"),
  caseOf("None", "VXLANCrossSubnet", "one for all"),
  caseOf("VXLANCrossSubnet", "None", "apart"),
  caseOf("VXLANCrossSubnet", "None", "with a pool for tunnels", "on aws"),
  caseOf("VXLAN", "VXLANCrossSubnet", "apart", "a missing rule"),
  caseOf("None", "VXLAN", "with a pool for tunnels", "a router with BGP"),
  caseOf("None", "VXLANCrossSubnet", "with a pool for tunnels", "static routes"),
  caseOf("VXLAN", "None", "one for all", "static routes on aws, checked"),
  caseOf("VXLANCrossSubnet", "None", "with a pool for tunnels", "one pool without natOutgoing"),
  caseOf("VXLAN", "None", "with a pool for tunnels", "a disabled pool over the nodes"),
  caseOf("None", "VXLAN", "with a pool for tunnels", "strict rp_filter"),
  caseOf("VXLAN", "None", "apart", "too large an MTU"),
  caseOf("VXLANCrossSubnet", "None", "with a pool for tunnels", "a node as /32"),
  caseOf("None", "VXLANCrossSubnet", "with a pool for tunnels", "bgp blocked"),
];

/** Every two encapsulations, in every way, with every variant that such a lab can have. */
export const POOL_MATRIX: readonly PoolCase[] = ENCAPSULATIONS.flatMap((one) =>
  ENCAPSULATIONS.filter((other) => other !== one).flatMap((other) =>
    (Object.keys(SELECTIONS) as Selection[]).flatMap((selection) =>
      (Object.keys(VARIANTS) as Variant[])
        .map((variant) => caseOf(one, other, selection, variant))
        .filter(({ config }) => errorOf(config) === undefined),
    ),
  ),
);
