/** What the commands ask of whose cluster they read: `import` and `diagnose`. */
import { Option } from "commander";
import { FABRICS, type Fabric } from "../../components/config";

/** The clouds that can be asked what they know of a cluster. */
const ASKED = ["aws", "openstack"] as const;

/** The values of both options. */
export interface ClusterOptions {
  cloud?: (typeof ASKED)[number];
  fabric?: Fabric;
}

export const cloudOption = (): Option =>
  new Option(
    "--cloud <cloud>",
    "also ask the cloud, by its own command line and with your credentials",
  ).choices(ASKED);

/** @param source what says whose rules apply unless this option does. */
export const fabricOption = (source: string): Option =>
  new Option("--fabric <fabric>", `whose network rules apply, if the ${source} does not say`).choices(
    FABRICS,
  );
