/** What a switch loses if nothing but the IPPool is changed: the least that any tool on top of Calico can reach. Pure. */
import type { Encapsulation } from "../config";
import type { LabPlan, Path } from "../plan";

/** The floor of one switch. */
export interface Floor {
  /** Milliseconds lost in the worse direction of each path. Absent for a path that was not measured. */
  lost: Partial<Record<Path, number>>;
  /** What was measured, and how. */
  source: string;
}

/** Milliseconds on same-subnet and, where the path works before and after, on cross-subnet. same-node loses nothing. */
type Lost = readonly [sameSubnet: number, crossSubnet?: number];
type Switches = Partial<Record<Encapsulation, Partial<Record<Encapsulation, Lost>>>>;

/**
 * A bare patch of the IPPool on real Calico 3.28.5, in four node containers in two subnets on two cores, at 20 packets a
 * second. The kernel had no ipip, so the modes with IPIP are unknown.
 *
 * `routed`: the router between the subnets has a route to each block (`npm run bench:cluster`, 2026-11-25). What BIRD has
 * given up and Felix has not yet taken over then goes by the router. `plain`: it has none; medians of three rounds on busy
 * cores (2026-11-26).
 */
const BARE_PATCH: Record<"routed" | "plain", Switches> = {
  routed: {
    VXLAN: { None: [0, 0], VXLANCrossSubnet: [0, 0] },
    VXLANCrossSubnet: { VXLAN: [0, 0], None: [0, 0] },
    None: { VXLAN: [150, 450], VXLANCrossSubnet: [0, 300] },
  },
  plain: {
    VXLAN: { None: [100], VXLANCrossSubnet: [50, 0] },
    VXLANCrossSubnet: { VXLAN: [50, 0], None: [50] },
    None: { VXLAN: [2600], VXLANCrossSubnet: [2350] },
  },
};

/** The floor of a switch of a lab; undefined if it was not measured. @param plan the lab before the switch. */
export function floorOf(
  { encapsulation, podRoutes, bgp }: Pick<LabPlan, "encapsulation" | "podRoutes" | "bgp">,
  to: Encapsulation,
): Floor | undefined {
  // Where the router learns its routes, they come and go during a switch, which was not measured.
  if (bgp.gatewayAsNumber !== undefined) return undefined;
  const isRouted = podRoutes.length > 0;
  const lost = BARE_PATCH[isRouted ? "routed" : "plain"][encapsulation]?.[to];
  if (!lost) return undefined;
  const [near, far] = lost;
  return {
    lost: { "same-node": 0, "same-subnet": near, ...(far !== undefined && { "cross-subnet": far }) },
    source: `a bare patch of the IPPool, on Calico 3.28.5 in node containers with${isRouted ? "" : "out"} routes to the blocks in the router`,
  };
}
