/** The faults of the twin's matrix: on all nodes, and on one. */
import { FAULTS, type Fault, type FaultSetting, faultLabel, faultOf } from "../../components/config";
import { FAULT_FACTS } from "../../components/plan";

/** What only route reflectors or a tenant's port can have. Their labs are in bgp-cases.ts and tenant-labs.ts. */
const OF_OTHER_LABS: readonly Fault[] = ["reflector-down", "tenant-port-unplugged"];

/** The faults that the matrix's labs can have: they have no sites, no route reflectors and no tenant network. */
export const OF_MATRIX = FAULTS.filter(
  (fault) => FAULT_FACTS[fault].of !== "link" && !OF_OTHER_LABS.includes(fault),
);

/** The faults that are tried with every variant: those of the network and of Calico, on all nodes. */
export const EVERYWHERE: readonly FaultSetting[] = OF_MATRIX.filter(
  (fault) => FAULT_FACTS[fault].of !== "host",
);

/**
 * All other faults are tried without variants, because they depend on nothing that a variant changes: those of a node's
 * own kernel or firewall, and every fault on one node alone.
 */
export const ON_ONE_NODE: readonly FaultSetting[] = OF_MATRIX.flatMap((fault) => {
  const { of, closes, onAllBecause } = FAULT_FACTS[fault];
  const everywhere: FaultSetting[] = of === "host" ? [fault] : [];
  if (onAllBecause) return everywhere;
  const out: FaultSetting[] = closes ? [{ fault, nodes: ["w2"], direction: "out" }] : [];
  return [...everywhere, { fault, nodes: ["w2"] }, ...out];
});

const SETTINGS = new Map([...EVERYWHERE, ...ON_ONE_NODE].map((setting) => [faultLabel(setting), setting]));

/** The faults of a case, as in a stack's config. */
export const faultsOf = (fault: string): FaultSetting[] => {
  const setting = SETTINGS.get(fault);
  return setting ? [setting] : [];
};

/** Faults of a node itself depend on no fabric: one is enough. */
export const onHost = new Set(
  ON_ONE_NODE.filter((setting) => FAULT_FACTS[faultOf(setting)].of === "host").map(faultLabel),
);
