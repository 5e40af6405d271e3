/** The faults of the twin's matrix: on all nodes, and on one. */
import { FAULTS, type FaultSetting, faultLabel, faultOf } from "../../components/config";
import { FAULT_FACTS } from "../../components/plan";

/** The faults that a lab without sites can have. */
export const WITHOUT_SITES = FAULTS.filter((fault) => FAULT_FACTS[fault].of !== "link");

/** The faults that are tried with every variant: those of the network and of Calico, on all nodes. */
export const EVERYWHERE: readonly FaultSetting[] = WITHOUT_SITES.filter(
  (fault) => FAULT_FACTS[fault].of !== "host",
);

/**
 * All other faults are tried without variants, because they depend on nothing that a variant changes: those of a node's
 * own kernel or firewall, and every fault on one node alone.
 */
export const ON_ONE_NODE: readonly FaultSetting[] = WITHOUT_SITES.flatMap((fault) => {
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
