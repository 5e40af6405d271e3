/** The section `calico`. */
import { list, oneOf, pattern, section, text } from "./value";

/** How Calico is installed. All keys are optional. */
export const calico = section({
  /**
   * `manifest`: Calico's own manifest of `calicoVersion`. `none`: no Calico; pods get the reference CNI plugins and static
   * routes, and the IPPool is only declared. Default: `manifest`.
   */
  install: oneOf(["manifest", "none"]).optional(),
  /** Where Calico's manifest is: an https URL, or a file on this machine. Default: where the Calico project publishes it. */
  manifest: text("an https URL or a path")
    .refine((value) => !/^(?!https:)[a-z][a-z\d+.-]*:\/\//i.test(value), {
      error:
        "must be an https URL or a path: what is fetched runs as root on every node, and only https keeps it unchanged",
    })
    .optional(),
  /**
   * The manifest's expected SHA-256, in hex. Default: for a release that encaplab names, the one of Calico's tag; else that
   * of the manifest at its first use on this machine.
   */
  checksum: pattern(/^(sha256:)?[0-9a-f]{64}$/, "a SHA-256 in hex, as sha256sum prints it").optional(),
  /**
   * Paths of archives of Calico's images, as `docker save` writes them. Nodes import them before the manifest is applied.
   * Default: none, nodes pull the images.
   */
  images: list(text("the path of an image archive"), 1, 20, "paths of image archives").optional(),
});
