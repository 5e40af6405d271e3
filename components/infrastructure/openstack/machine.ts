/** A machine of the lab in Nova, node or gateway, and the floating IP that leads to one. */
import * as openstack from "@pulumi/openstack";
import * as pulumi from "@pulumi/pulumi";
import { cloudInit, type Foundation, type KeyPair, type Scope } from "../common";
import { keyPairName } from "./api";
import type { Found } from "./lookup";
import type { NetworkSubnet } from "./network";
import type { Label } from "./tags";

/** Login user of Ubuntu's images. */
export const USER = "ubuntu";

/** GiB of the boot volume for a flavor without a disk: room for Kubernetes' images, and some to spare. */
const VOLUME_SIZE = 20;

/** What every machine is made from. */
export interface MachineArgs {
  found: Found;
  label: Label;
  /** With which you log in. */
  keyPair: openstack.compute.Keypair;
}

/** Declares the key pair with which you log in to every machine of the lab. */
export function createKeyPair({
  stack,
  scope: { parent, named },
  login,
  labTags: { lab },
}: Foundation): openstack.compute.Keypair {
  const publicKey = pulumi.output(login.publicKey).apply((key) => key.trim());
  return new openstack.compute.Keypair(
    named("login"),
    { name: pulumi.all([lab, publicKey]).apply(([id, key]) => keyPairName(stack, id, key)), publicKey },
    // A lab of an earlier version keeps the name without its id: a new name would be a new key pair, and with it new
    // machines. A new key replaces them anyway, and the name may then be the same.
    { parent, ignoreChanges: ["name"], deleteBeforeReplace: true },
  );
}

/** Declares an instance on a port. @param name also its host name. */
export function createInstance(
  name: string,
  port: openstack.networking.Port,
  { leg }: NetworkSubnet,
  hostKey: KeyPair,
  { found: { image, flavor }, keyPair, label }: MachineArgs,
  { parent, named }: Scope,
): openstack.compute.Instance {
  return new openstack.compute.Instance(
    named(name),
    {
      ...label(name),
      flavorId: flavor.id,
      ...(flavor.disk > 0 ? { imageId: image.id } : { blockDevices: [bootVolume(image.id)] }),
      networks: [{ port: port.id }],
      keyPair: keyPair.name,
      userData: cloudInit(name, hostKey),
      // With it, the first boot needs no metadata service, which reaches machines in many different ways or not at all.
      configDrive: true,
    },
    {
      parent,
      dependsOn: leg,
      // User data of a newer checkout must not replace a machine. Nor may a newer image of the same name: the provider
      // would rebuild the machine in place, and everything on it would be lost
      // (resource_openstack_compute_instance_v2.go, Update). A new key does replace it, because Nova cannot add a key
      // later.
      ignoreChanges: ["userData", "imageId", "blockDevices"],
      // A port can be attached to only one machine at a time.
      deleteBeforeReplace: true,
    },
  );
}

/** For a flavor without a disk, Nova gives the machine no disk of its own (policy servers:create:zero_disk_flavor). */
const bootVolume = (imageId: string) => ({
  uuid: imageId,
  sourceType: "image",
  destinationType: "volume",
  bootIndex: 0,
  volumeSize: VOLUME_SIZE,
  deleteOnTermination: true,
});

/** Declares a floating IP. @returns the address, once it leads to the port. */
export function createFloatingIp(
  name: string,
  port: openstack.networking.Port,
  { leg }: NetworkSubnet,
  { found, label }: Pick<MachineArgs, "found" | "label">,
  { parent, named }: Scope,
): pulumi.Output<string> {
  const { description, tags } = label.described(name);
  const floatingIp = new openstack.networking.FloatingIp(
    named(name),
    { pool: found.externalNetwork.name, description, tags },
    // Neutron refuses to delete a router's interface that a floating IP needs (terraform-provider-openstack#2671):
    // delete this first.
    { parent, dependsOn: leg },
  );
  const association = new openstack.networking.FloatingIpAssociate(
    named(name),
    { floatingIp: floatingIp.address, portId: port.id },
    // Releasing the floating IP ends its association too.
    { parent, dependsOn: leg, deletedWith: floatingIp },
  );
  return association.floatingIp;
}
