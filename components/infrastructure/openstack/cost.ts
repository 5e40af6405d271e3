/** The cost estimate on OpenStack. */
import { type LabPlan, machineCount } from "../../plan";
import { estimateCost } from "../common";
import type { CostEstimate } from "../interface";
import type { Found } from "./lookup";

/** What the plan pays for, without prices: each cloud has its own, and OpenStack has no API for them. */
export const estimateOpenStack = (
  plan: Pick<LabPlan, "nodes" | "peerSite">,
  { flavor }: Found,
): CostEstimate =>
  estimateCost(
    [
      { what: flavor.name, count: machineCount(plan), perHour: undefined },
      ...(plan.peerSite && !plan.peerSite.gateway
        ? [{ what: "VPN connection", count: 1, perHour: undefined }]
        : []),
    ],
    "",
  );
