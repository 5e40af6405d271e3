/** Checks what the fabric, the gateway and the link must be able to do. */
import type { LabConfig } from "../../config";
import { fabricFacts } from "../fabric";
import { ownsNetwork, placementOf } from "../placement";
import type { Report } from "./report";

/** Checks `fabric`, `podRoutes` and `mtu` against the other keys. */
export function checkFabric(config: LabConfig, report: Report): void {
  const placement = placementOf(config);
  const { fabric } = placement;
  const { name, maxMtu = Number.POSITIVE_INFINITY } = fabricFacts(placement);
  if (config.fabric && config.fabric !== fabric) {
    report("fabric", config.fabric, `must be ${fabric} or not set: cloud ${config.cloud} has its own fabric`);
  }
  if (config.podRoutes === "static" && !ownsNetwork(placement)) {
    report(
      "podRoutes",
      config.podRoutes,
      "must be none, or set rehearse: true: the lab cannot program the gateway between existing machines",
    );
  }
  if ((config.mtu ?? 0) > maxMtu) report("mtu", config.mtu, `${name} carries at most ${maxMtu} bytes`);
}
