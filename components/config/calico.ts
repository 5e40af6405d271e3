/** The section `calico`. */
import { list, oneOf, pattern, section, text } from "./value";

/** How Calico is installed. All keys are optional. */
export const calico = section({
  /**
   * `manifest`: Calico's own manifest of `calicoVersion`. `none`: no Calico; pods get the reference CNI plugins and static
   * routes, and the IPPool is only declared. Default: `manifest`.
   */
  install: oneOf(["manifest", "none"]).optional(),
  /** Where Calico's manifest is: a URL, or a file on this machine. Default: where the Calico project publishes it. */
  manifest: text("a URL or a path").optional(),
  /** The manifest's expected SHA-256, in hex. Default: the manifest is not checked. */
  checksum: pattern(/^(sha256:)?[0-9a-f]{64}$/, "a SHA-256 in hex, as sha256sum prints it").optional(),
  /**
   * Paths of archives of Calico's images, as `docker save` writes them. Nodes import them before the manifest is applied.
   * Default: none, nodes pull the images.
   */
  images: list(text("the path of an image archive"), 1, 20, "paths of image archives").optional(),
});
