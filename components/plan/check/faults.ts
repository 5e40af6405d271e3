/** Checks that the lab can have each of its faults. */
import { FABRICS, type FaultSetting, faultLabel, faultOf, type LabConfig, placeOf } from "../../config";
import { fabricFacts } from "../fabric";
import { FAULT_FACTS } from "../fault";
import { placementOf } from "../placement";
import { checkNodeNames } from "./node-names";
import type { Report } from "./report";

/** Checks each fault against the fabric, the machines and the nodes. */
export function checkFaults(config: LabConfig, report: Report): void {
  config.faults.forEach((setting, i) => {
    const problem = problemWith(config, setting) ?? duplicate(config.faults.slice(0, i), setting);
    if (problem) report(`faults[${i}]`, faultLabel(setting), problem);
    checkNodeNames(config, placeOf(setting).nodes ?? [], `faults[${i}].nodes`, report);
  });
}

/** Why the lab cannot have a fault, and the way out; undefined if it can. */
function problemWith(config: LabConfig, setting: FaultSetting): string | undefined {
  const { cloud, fabric, onThisMachine, onTwin, onContainers } = placementOf(config);
  const { fabrics, of, closes, onAllBecause, onTwinBecause } = FAULT_FACTS[faultOf(setting)];
  const { nodes, direction } = placeOf(setting);
  if (of === "link" && !config.sites)
    return "there is no link that it could break: set sites, or remove the fault";
  if (cloud === "hosts" && !onThisMachine && of === "fabric")
    return "the lab cannot break the network of existing machines; remove the fault, or set rehearse: true";
  if (onContainers && onTwinBecause)
    return `node containers cannot have it: ${onTwinBecause}; set rehearse: twin, or remove the fault`;
  if (of === "link" && !onTwin)
    return "only the twin breaks the tunnel; set rehearse: twin, or remove the fault";
  if (of === "host" && !onThisMachine) {
    const who = onTwinBecause ? "the twin" : "a lab on this machine";
    return `only ${who} can have it: it breaks a node's own kernel, firewall or link; set rehearse: true, or remove the fault`;
  }
  if (!fabrics.includes(fabric)) {
    const others = FABRICS.filter((name) => fabrics.includes(name)).join(" or ");
    return `fabric ${fabric} cannot have this fault, which is for ${others}`;
  }
  if (nodes && onAllBecause) return `it is on all nodes or on none: ${onAllBecause}; leave out nodes`;
  if (direction && !closes) return "this fault has no direction: it blocks no packets; leave out direction";
  if (direction === "out" && fabricFacts({ fabric }).securityGroup)
    return `the security group of fabric ${fabric} lets everything out, so the fault can only be in; leave out direction, or take fabric plain on this machine`;
  return undefined;
}

function duplicate(before: readonly FaultSetting[], setting: FaultSetting): string | undefined {
  const kindOf = (one: FaultSetting) => `${faultOf(one)} ${placeOf(one).direction ?? "in"}`;
  return before.some((one) => kindOf(one) === kindOf(setting))
    ? "it is already in the list; name each fault once, with all its nodes"
    : undefined;
}
