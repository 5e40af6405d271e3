/** Checks that Calico is known, and tested with the chosen Kubernetes. */
import type { LabConfig } from "../../config";
import { CALICO_RELEASES, isTested, minorOf } from "../versions";
import type { Report } from "./report";

/** Checks the two versions, unless `allowUnsupported` is set. */
export function checkVersions(config: LabConfig, report: Report): void {
  if (config.allowUnsupported) return;
  const release = CALICO_RELEASES[minorOf(config.calicoVersion)];
  if (!release) {
    const known = Object.keys(CALICO_RELEASES).join(", ");
    report(
      "calicoVersion",
      config.calicoVersion,
      `must be one of ${known}; set allowUnsupported: true to try another`,
    );
  } else if (!isTested(config.calicoVersion, config.kubernetesVersion)) {
    report(
      "kubernetesVersion",
      config.kubernetesVersion,
      `Calico ${config.calicoVersion} is tested with ${release.kubernetes.join(", ")}; choose one of these or another calicoVersion, or set allowUnsupported: true`,
    );
  }
}
