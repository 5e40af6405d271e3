/** What the commands ask of whose cluster they read: `import` and `diagnose`. */
import { Option } from "commander";
import { FABRICS, type Fabric } from "../../components/config";

/** The clouds whose command line can be asked what they know of a cluster. */
const LIVE_CLOUDS = ["aws", "openstack"] as const;
export type LiveCloud = (typeof LIVE_CLOUDS)[number];

/** The values of both options. */
export interface ClusterOptions {
  cloud?: LiveCloud;
  fabric?: Fabric;
}

export const cloudOption = (): Option =>
  new Option(
    "--cloud <cloud>",
    "also ask the cloud, by its own command line and with your credentials",
  ).choices(LIVE_CLOUDS);

/** @param source what says whose rules apply unless this option does. */
export const fabricOption = (source: string): Option =>
  new Option("--fabric <fabric>", `whose network rules apply, if the ${source} does not say`).choices(
    FABRICS,
  );
