/** The section `openstack`. */
import { access } from "./access";
import { NEUTRON_BACKENDS } from "./choices";
import { oneOf, section, text } from "./value";

/** The keys of a lab on OpenStack. */
export const openstack = section({
  /** The entry of clouds.yaml with the credentials. Default: OS_CLOUD, or the OS_* variables of an openrc file. */
  cloud: text("the name of an entry of clouds.yaml").optional(),
  /** The region. Before you change it, destroy the lab. Default: the one of the credentials. */
  region: text("a region's name").optional(),
  /** The image's name. Required to build a lab; if it is missing, the preview lists the images of the cloud. */
  image: text("an image's name").optional(),
  /**
   * The flavor's name: at least 2 vCPUs and 4 GiB. A flavor without a disk boots from a volume. Required to build a lab; if
   * it is missing, the preview lists the flavors of the cloud.
   */
  flavor: text("a flavor's name").optional(),
  /** The external network's name. Default: the only one there is. */
  externalNetwork: text("the external network's name").optional(),
  /**
   * What runs below Neutron: `ovn`, or `ovs` (the Open vSwitch or Linux bridge agent). They treat pod addresses differently.
   * Default: not known; the verdict is then the one for OVN, and says which paths differ with OVS.
   */
  backend: oneOf(NEUTRON_BACKENDS).optional(),
  ...access,
});
