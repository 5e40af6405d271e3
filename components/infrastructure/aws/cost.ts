/** AWS prices for the cost estimate. */
import { type LabPlan, machineCount } from "../../plan";
import { estimateCost } from "../common";
import type { CostEstimate } from "../interface";
import type { Found } from "./lookup";

/** US dollars per hour: Linux, on demand, us-east-1. */
const INSTANCE: Readonly<Record<string, number>> = {
  "t3.medium": 0.0416,
  "t3.large": 0.0832,
  "t3.xlarge": 0.1664,
  "t3a.medium": 0.0376,
  "t3a.large": 0.0752,
  "t4g.medium": 0.0336,
  "t4g.large": 0.0672,
  "t4g.xlarge": 0.1344,
  "m5.large": 0.096,
  "m6i.large": 0.096,
  "m6g.large": 0.077,
  "m7i.large": 0.1008,
  "m7g.large": 0.0816,
  "c5.large": 0.085,
  "c6i.large": 0.085,
  "c6g.large": 0.068,
};
const PUBLIC_ADDRESS = 0.005;
/** A Site-to-Site VPN connection, as long as it exists, with or without a tunnel that is up. */
const VPN_CONNECTION = 0.05;
/** Each of the connection's two tunnels has a public address, which is charged like any other. */
const TUNNELS = 2;
/** US dollars per GiB and hour: gp3 costs 0.08 per GiB and month, and a month has 730 hours. */
const DISK_GIB = 0.08 / 730;
const AS_OF = "2025-06";
/**
 * Percent by which other regions are dearer, at most: São Paulo, where a t3.medium costs 0.0672 and an m5.large 0.153
 * (EC2 on-demand pricing, 2025-06).
 */
const DEAREST = 65;

/** US dollars per vCPU and hour that EC2 charges a burstable type above its baseline, in its default mode "unlimited". */
const SURPLUS: readonly [type: RegExp, perHour: number][] = [
  [/^t3a?\./, 0.05],
  [/^t4g\./, 0.04],
];

/** Estimates the plan's cost at on-demand prices. @param spot adds a note that spot instances cost less. */
export function estimateAws(plan: LabPlan, found: Found, spot: boolean): CostEstimate {
  const { peerSite } = plan;
  const count = machineCount(plan);
  const isConnected = peerSite !== undefined && !peerSite.gateway;
  const surplus = SURPLUS.find(([type]) => type.test(found.instanceType))?.[1];
  const source = [
    `us-east-1 list prices of ${AS_OF}`,
    ...(found.region === "us-east-1" ? [] : [`${found.region} may cost up to ${DEAREST} % more`]),
    ...(spot ? ["spot instances cost less"] : []),
    ...(surplus
      ? [`sustained load is extra: surplus credits, $${surplus.toFixed(2)} per vCPU and hour`]
      : []),
    "traffic is extra",
  ].join("; ");
  return estimateCost(
    [
      { what: found.instanceType, count, perHour: INSTANCE[found.instanceType] },
      {
        what: "public IPv4 address",
        count: count + (isConnected ? TUNNELS : 0),
        perHour: PUBLIC_ADDRESS,
      },
      ...(isConnected ? [{ what: "VPN connection", count: 1, perHour: VPN_CONNECTION }] : []),
      { what: `${found.diskSize} GiB disk`, count, perHour: DISK_GIB * found.diskSize },
    ],
    source,
  );
}
