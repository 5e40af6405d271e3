/** The section `study`. */
import { address, pattern, section } from "./value";

/**
 * The image of the study's pods, if the config names none: small programs for networks, for amd64 and arm64.
 *
 * Its repository has the tag (2024-05-15), whose workflow pushes it to Docker Hub and to ghcr.io, and whose Dockerfile
 * installs on Alpine iputils (ping), curl, iproute2, tcpdump, socat, conntrack-tools and iperf3; sh, timeout and the like
 * are BusyBox's (github.com/nicolaka/netshoot, tag v0.13: `Dockerfile`, `.github/workflows/release-buildx.yml`). Alpine
 * installs ping without file capabilities, so a pod that has none may start it (aports, `main/iputils/APKBUILD`).
 * OVN-Kubernetes' e2e tests use the same tag.
 */
export const STUDY_IMAGE = "docker.io/nicolaka/netshoot:v0.13";

/** How a cluster is measured. All keys are optional. */
export const study = section({
  /**
   * The image of the pods that measure: a reference, or the path of an archive (`docker save`), which every node then
   * imports. It must have sh, ping (of iputils), curl, ip, tcpdump, socat and conntrack. An image that the nodes have already is not
   * pulled. Default: `docker.io/nicolaka/netshoot:v0.13`.
   */
  image: pattern(
    /^[\w./:@~+-]{1,300}$/,
    "the reference of an image, or the path of an image archive (docker save)",
  ).optional(),
  /**
   * The IPv4 address of a host outside that answers pings, and TCP on port 443. The path to the internet is measured with
   * it. Default: `1.1.1.1`.
   */
  internet: address().optional(),
});
