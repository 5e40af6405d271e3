/** The nodes: one port and one instance each, and one floating IP over which all are reached. */
import * as openstack from "@pulumi/openstack";
import * as pulumi from "@pulumi/pulumi";
import type { OpenStackConfig } from "../../config";
import type { LabPlan, NodePlan } from "../../plan";
import { cloudInit, type Foundation, groupsOf, KeyPair, type Scope } from "../common";
import type { CloudNode, Connection } from "../interface";
import { keyPairName } from "./api";
import type { Found } from "./lookup";
import type { Network, NetworkSubnet } from "./network";
import type { Security } from "./security";
import type { Label } from "./tags";

/** Login user of Ubuntu's images. */
const USER = "ubuntu";

/** GiB of the boot volume for a flavor without a disk: room for Kubernetes' images, and some to spare. */
const VOLUME_SIZE = 20;

/** What the nodes are made from. */
export interface NodesArgs {
  plan: LabPlan;
  config: OpenStackConfig;
  found: Found;
  network: Network;
  security: Security;
  label: Label;
}

/** Declares the nodes, in the plan's order. */
export function createNodes(
  args: NodesArgs,
  { stack, scope, login, labTags: { lab } }: Foundation,
): CloudNode[] {
  const { plan, config } = args;
  const { parent, named } = scope;
  const publicKey = pulumi.output(login.publicKey).apply((key) => key.trim());
  const keyPair = new openstack.compute.Keypair(
    named("login"),
    { name: pulumi.all([lab, publicKey]).apply(([id, key]) => keyPairName(stack, id, key)), publicKey },
    // A lab of an earlier version keeps the name without its id: a new name would be a new key pair, and with it new
    // machines. A new key replaces them anyway, and the name may then be the same.
    { parent, ignoreChanges: ["name"], deleteBeforeReplace: true },
  );
  const built = plan.nodes.map((node) => {
    const subnet = args.network.subnets.get(node.subnet) as NetworkSubnet;
    const port = createPort(node, subnet, args, scope);
    const hostKey = new KeyPair(named(`${node.name}-host`), { parent });
    const instance = createInstance(node, port, subnet, keyPair, hostKey, args, scope);
    return { node, subnet, port, hostKey, instance };
  });
  const controlPlane = built.find(
    ({ node }) => node.name === plan.controlPlane.name,
  ) as (typeof built)[number];
  const publicAddress = createFloatingIp(
    controlPlane.node,
    controlPlane.port,
    controlPlane.subnet,
    args,
    scope,
  );
  const connectionTo = ({ node, hostKey }: (typeof built)[number], jump?: Connection): Connection => ({
    host: jump ? node.address : publicAddress,
    port: 22,
    user: config.user ?? USER,
    privateKey: login.privateKey,
    hostKey: hostKey.publicKey,
    ...(jump && { jump }),
  });
  const jump = connectionTo(controlPlane);
  return built.map((made) => ({
    ...made.node,
    resource: made.instance,
    ...(made === controlPlane
      ? { connection: jump, publicAddress }
      : { connection: connectionTo(made, jump) }),
  }));
}

/** The node's port. It holds the fabric's part of a fault or a mode, which changes in place while the machine runs. */
function createPort(
  node: NodePlan,
  { subnet, leg }: NetworkSubnet,
  { plan, security, label }: NodesArgs,
  { parent, named }: Scope,
): openstack.networking.Port {
  return new openstack.networking.Port(
    named(node.name),
    {
      ...label.described(node.name),
      // The network's id from the subnet: when the subnet is replaced, so is the port, and the port is deleted first.
      networkId: subnet.networkId,
      fixedIps: [{ subnetId: subnet.id, ipAddress: node.address }],
      // On the port, not on the instance: there, Nova would set the groups, and would need their names.
      securityGroupIds: groupsOf(node, security).map(({ id }) => id),
      allowedAddressPairs: node.host.allowsPods ? [{ ipAddress: plan.ipPool.cidr }] : [],
    },
    {
      parent,
      // The rules exist before the port and before every change to it. The router's interface is deleted after it.
      dependsOn: [...security.rules, leg],
      // A new address needs a new machine: Neutron would change it in place, and the machine would not notice.
      replaceOnChanges: ["fixedIps"],
      // The plan fixes the address, so the old port must release it first.
      deleteBeforeReplace: true,
    },
  );
}

function createInstance(
  node: NodePlan,
  port: openstack.networking.Port,
  { leg }: NetworkSubnet,
  keyPair: openstack.compute.Keypair,
  hostKey: KeyPair,
  { found: { image, flavor }, label }: NodesArgs,
  { parent, named }: Scope,
): openstack.compute.Instance {
  return new openstack.compute.Instance(
    named(node.name),
    {
      ...label(node.name),
      flavorId: flavor.id,
      ...(flavor.disk > 0 ? { imageId: image.id } : { blockDevices: [bootVolume(image.id)] }),
      networks: [{ port: port.id }],
      keyPair: keyPair.name,
      userData: cloudInit(node.name, hostKey),
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

/** Declares the floating IP. @returns the address, once it leads to the node. */
function createFloatingIp(
  node: NodePlan,
  port: openstack.networking.Port,
  { leg }: NetworkSubnet,
  { found, label }: NodesArgs,
  { parent, named }: Scope,
): pulumi.Output<string> {
  const { description, tags } = label.described(node.name);
  const floatingIp = new openstack.networking.FloatingIp(
    named(node.name),
    { pool: found.externalNetwork.name, description, tags },
    // Neutron refuses to delete a router's interface that a floating IP needs (terraform-provider-openstack#2671):
    // delete this first.
    { parent, dependsOn: leg },
  );
  const association = new openstack.networking.FloatingIpAssociate(
    named(node.name),
    { floatingIp: floatingIp.address, portId: port.id },
    // Releasing the floating IP ends its association too.
    { parent, dependsOn: leg, deletedWith: floatingIp },
  );
  return association.floatingIp;
}
