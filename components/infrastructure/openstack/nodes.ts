/** The nodes: a port and an instance each, and one floating IP over which all are reached. */
import * as openstack from "@pulumi/openstack";
import * as pulumi from "@pulumi/pulumi";
import type { OpenStackConfig } from "../../config";
import type { LabPlan, NodePlan } from "../../plan";
import { cloudInit } from "../cloud-init";
import type { CloudNode, Connection } from "../interface";
import { KeyPair, type Login } from "../key";
import { keyPairName } from "../openstack-api";
import type { Found } from "./lookup";
import type { Network, NetworkSubnet } from "./network";
import type { Security } from "./security";
import type { Label } from "./tags";

/** The login name of Ubuntu's images. */
const USER = "ubuntu";

/** GiB of the volume that a machine of a flavor without a disk boots from: Kubernetes' images and room to spare. */
const VOLUME_SIZE = 20;

export interface NodesArgs {
  plan: LabPlan;
  config: OpenStackConfig;
  found: Found;
  network: Network;
  security: Security;
  login: Login;
  label: Label;
}

/** The plan's nodes in its order. */
export function createNodes(name: string, args: NodesArgs, parent: pulumi.Resource): CloudNode[] {
  const { plan, config, login } = args;
  const publicKey = pulumi.output(login.publicKey).apply((key) => key.trim());
  const keyPair = new openstack.compute.Keypair(
    "login",
    { name: publicKey.apply((key) => keyPairName(name, key)), publicKey },
    { parent },
  );
  const built = plan.nodes.map((node) => {
    const subnet = args.network.subnets.get(node.subnet) as NetworkSubnet;
    const port = createPort(node, subnet, args, parent);
    const hostKey = new KeyPair(`${node.name}-host`, { parent });
    const instance = createInstance(node, port, subnet, keyPair, hostKey, args, parent);
    return { node, subnet, port, hostKey, instance };
  });
  const leader = built.find(({ node }) => node.role === "control-plane") as (typeof built)[number];
  const publicAddress = createFloatingIp(leader.node, leader.port, leader.subnet, args, parent);
  const connectionTo = ({ node, hostKey }: (typeof built)[number], jump?: Connection): Connection => ({
    host: jump ? node.address : publicAddress,
    port: 22,
    user: config.user ?? USER,
    privateKey: login.privateKey,
    hostKey: hostKey.publicKey,
    ...(jump && { jump }),
  });
  const jump = connectionTo(leader);
  return built.map((made) => ({
    ...made.node,
    resource: made.instance,
    ...(made === leader ? { connection: jump, publicAddress } : { connection: connectionTo(made, jump) }),
  }));
}

/** What makes the fabric's part of a fault or a mode is here: all of it changes in place, under a running machine. */
function createPort(
  node: NodePlan,
  { subnet, leg }: NetworkSubnet,
  { plan, security, label }: NodesArgs,
  parent: pulumi.Resource,
): openstack.networking.Port {
  return new openstack.networking.Port(
    node.name,
    {
      ...label.described(node.name),
      // The network as the subnet has it: where the subnet is replaced, the port is too, and goes first.
      networkId: subnet.networkId,
      fixedIps: [{ subnetId: subnet.id, ipAddress: node.address }],
      // On the port, not on the instance: that one would ask Nova to put them there, by their names.
      securityGroupIds: [security.group.id],
      allowedAddressPairs: plan.antiSpoofing.allowsPods ? [{ ipAddress: plan.ipPool.cidr }] : [],
    },
    {
      parent,
      // Rules come before the port and before every change of it. The router's leg goes after it.
      dependsOn: [...security.rules, leg],
      // Another address is another machine. Neutron would change it in place, and the machine would not know.
      replaceOnChanges: ["fixedIps"],
      // Its address is the plan's: the old port must have given it up.
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
  parent: pulumi.Resource,
): openstack.compute.Instance {
  return new openstack.compute.Instance(
    node.name,
    {
      ...label(node.name),
      flavorId: flavor.id,
      ...(flavor.disk > 0 ? { imageId: image.id } : { blockDevices: [bootVolume(image.id)] }),
      networks: [{ port: port.id }],
      keyPair: keyPair.name,
      userData: cloudInit(node.name, hostKey),
      // The first boot then needs no metadata service, which reaches a machine in many ways or not at all.
      configDrive: true,
    },
    {
      parent,
      dependsOn: leg,
      // A newer checkout's user data replaces no machine. A newer image of the same name would rebuild it: the provider
      // does so in place, and everything on it is gone (resource_openstack_compute_instance_v2.go, Update). Another key
      // does replace it: Nova lets no key in later.
      ignoreChanges: ["userData", "imageId", "blockDevices"],
      // A port is at one machine at a time.
      deleteBeforeReplace: true,
    },
  );
}

/** Nova gives a machine no disk of its own where its flavor has none (policy servers:create:zero_disk_flavor). */
const bootVolume = (imageId: string) => ({
  uuid: imageId,
  sourceType: "image",
  destinationType: "volume",
  bootIndex: 0,
  volumeSize: VOLUME_SIZE,
  deleteOnTermination: true,
});

/** @returns the address, once it leads to the node. */
function createFloatingIp(
  node: NodePlan,
  port: openstack.networking.Port,
  { leg }: NetworkSubnet,
  { found, label }: NodesArgs,
  parent: pulumi.Resource,
): pulumi.Output<string> {
  const { description, tags } = label.described(node.name);
  const floatingIp = new openstack.networking.FloatingIp(
    node.name,
    { pool: found.externalNetwork.name, description, tags },
    // The router keeps a leg over which a floating IP leads (terraform-provider-openstack#2671): this goes before it.
    { parent, dependsOn: leg },
  );
  const association = new openstack.networking.FloatingIpAssociate(
    node.name,
    { floatingIp: floatingIp.address, portId: port.id },
    // A floating IP that is given back leads nowhere any more.
    { parent, dependsOn: leg, deletedWith: floatingIp },
  );
  return association.floatingIp;
}
