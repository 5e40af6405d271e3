/** Labs in which not every node has a session with every other one alone: reflectors, a router that speaks BGP, settings. */
import { ENCAPSULATIONS, type Encapsulation, type FaultSetting, faultLabel } from "../../components/config";
import { hasEffect } from "../../components/plan";
import { pairwise, type Values } from "./pairwise";
import { errorOf, planOf, type RawConfig } from "./problems";
import { kindFor } from "./twin";

/** Two subnets of three nodes: the smallest lab in which a node on a detour, or a reflector's client, has another neighbour too. */
const TOPOLOGY = [
  { name: "a", cidr: "10.0.3.0/24", nodes: ["cp1", "w1", "w2"] },
  { name: "b", cidr: "10.0.4.0/24", nodes: ["w3", "w4", "w5"] },
];

/** Who exchanges routes. */
export const EXCHANGES = {
  reflectors: { bgp: "routeReflectors", routeReflectors: ["w1", "w3"] },
  "three reflectors": { bgp: "routeReflectors", routeReflectors: ["cp1", "w2", "w4"] },
  "a router of the same AS": { podRoutes: "bgp" },
  "a router of another AS": { podRoutes: "bgp", peering: { gatewayAsNumber: 64513 } },
  "a router of another AS, next hops kept": {
    podRoutes: "bgp",
    peering: { gatewayAsNumber: 64513, keepOriginalNextHop: true },
  },
  "a router, no mesh": { podRoutes: "bgp", peering: { nodeToNodeMesh: false } },
  "a router of another AS, no mesh": {
    podRoutes: "bgp",
    peering: { nodeToNodeMesh: false, gatewayAsNumber: 64513 },
  },
  "reflectors and a router": { bgp: "routeReflectors", routeReflectors: ["w1", "w3"], podRoutes: "bgp" },
  "reflectors and a router of another AS": {
    bgp: "routeReflectors",
    routeReflectors: ["w1", "w3"],
    podRoutes: "bgp",
    peering: { gatewayAsNumber: 64513 },
  },
  "no mesh": { peering: { nodeToNodeMesh: false } },
  disableBGPExport: { podRoutes: "bgp", peering: { disableBGPExport: true } },
} satisfies Record<string, RawConfig>;
type Exchange = keyof typeof EXCHANGES;

const on = (fault: "bgp-blocked" | "reflector-down", node: string, direction?: "out"): FaultSetting => ({
  fault,
  nodes: [node],
  ...(direction && { direction }),
});

/** Faults that decide about sessions: of a reflector, of a client, and of both. */
const FAULTS: readonly (readonly FaultSetting[])[] = [
  [],
  [on("reflector-down", "w1")],
  ["reflector-down"],
  [on("bgp-blocked", "w1")],
  [on("bgp-blocked", "w3", "out")],
  [on("bgp-blocked", "w2", "out")],
  [on("bgp-blocked", "w1"), on("reflector-down", "w3")],
  [{ fault: "host-firewall-reject", nodes: ["w3"] }],
  [{ fault: "node-ip-wrong-interface", nodes: ["w4"] }],
];

/** A lab to play, with its title. */
export interface BgpCase {
  title: string;
  config: RawConfig;
  /** What of it decides an outcome. */
  values: Values & { encapsulation: Encapsulation };
}

function caseOf(
  encapsulation: Encapsulation,
  exchange: Exchange,
  faults: readonly FaultSetting[],
  natOutgoing = true,
): BgpCase {
  const broken = faults.map(faultLabel).join(" and ") || "no fault";
  const nat = natOutgoing ? "" : ", natOutgoing off";
  return {
    title: `${encapsulation}: ${exchange}, ${broken}${nat}`,
    config: { topology: TOPOLOGY, encapsulation, natOutgoing, ...EXCHANGES[exchange], faults: [...faults] },
    values: { encapsulation, exchange, faults: broken, nat },
  };
}

/** What CI plays: each exchange once, and each fault where it decides most. In QEMU, nothing. */
export const BGP_SELECTION: readonly BgpCase[] = [
  ...(Object.keys(EXCHANGES) as Exchange[]).map((exchange) => caseOf("None", exchange, [])),
  ...FAULTS.slice(1, 7).map((faults) => caseOf("None", "reflectors", faults)),
  caseOf("None", "reflectors and a router", [on("bgp-blocked", "w3", "out")]),
  caseOf("None", "a router of another AS", [], false),
  caseOf("VXLANCrossSubnet", "reflectors and a router", ["reflector-down"]),
  caseOf("VXLAN", "a router of another AS", [], false),
  // The node's tunnels start at an address of the VPN, and arrive.
  caseOf("VXLAN", "reflectors", [{ fault: "node-ip-wrong-interface", nodes: ["w4"] }], false),
];

/** Every encapsulation with every exchange and every fault that changes something there. */
const everyCase = (): BgpCase[] =>
  ENCAPSULATIONS.flatMap((encapsulation) =>
    (Object.keys(EXCHANGES) as Exchange[]).flatMap((exchange) =>
      [true, false].flatMap((natOutgoing) =>
        FAULTS.map((faults) => caseOf(encapsulation, exchange, faults, natOutgoing)).filter(
          ({ config }) =>
            errorOf(config) === undefined &&
            (config.faults as FaultSetting[]).every((fault) => hasEffect(planOf(config), fault)),
        ),
      ),
    ),
  );

/**
 * What the matrix plays: every case, and of those in QEMU every pair of values. A case takes half a minute there, and a way
 * to exchange routes decides together with a fault as much in the one tunnel of IP in IP as in the other. A function, because
 * to judge them all takes seconds, which CI's selection does not need.
 */
export function selectMatrix(): BgpCase[] {
  const all = everyCase();
  const inMachine = ({ values }: BgpCase) => kindFor(values.encapsulation) === "machine";
  const pairs = new Set<Values>(pairwise(all.filter(inMachine).map(({ values }) => values)));
  return all.filter((one) => !inMachine(one) || pairs.has(one.values));
}
