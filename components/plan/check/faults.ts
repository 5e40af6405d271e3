/** Checks that the lab can have each of its faults. */
import { FABRICS, type LabConfig } from "../../config";
import { FAULT_FACTS } from "../fault";
import { placementOf } from "../placement";
import type { Report } from "./report";

/** Checks each fault against the fabric and the machines. */
export function checkFaults(config: LabConfig, report: Report): void {
  const { cloud, fabric, onTwin } = placementOf(config);
  config.faults.forEach((fault, i) => {
    const { fabrics, of } = FAULT_FACTS[fault];
    if (config.faults.indexOf(fault) < i)
      report(`faults[${i}]`, fault, "it is already in the list; name each fault once");
    if (cloud === "hosts" && !onTwin && of === "fabric") {
      report(
        `faults[${i}]`,
        fault,
        "the lab cannot break the network of existing machines; remove the fault, or set rehearse: true",
      );
    } else if (!fabrics.includes(fabric)) {
      const others = FABRICS.filter((name) => fabrics.includes(name)).join(" or ");
      report(`faults[${i}]`, fault, `fabric ${fabric} cannot have this fault, which is for ${others}`);
    }
  });
}
