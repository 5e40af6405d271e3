/** The nodes: an instance each. */
import * as aws from "@pulumi/aws";
import type * as pulumi from "@pulumi/pulumi";
import type { AwsConfig } from "../../config";
import type { LabPlan, NodePlan } from "../../plan";
import { cloudInit } from "../cloud-init";
import type { CloudNode } from "../interface";
import { KeyPair, type Login } from "../key";
import type { Found } from "./lookup";
import type { Network } from "./network";
import type { Security } from "./security";
import type { ResourceTags } from "./tags";

/** The login name of Ubuntu's images. */
const USER = "ubuntu";

export interface NodesArgs {
  plan: LabPlan;
  config: AwsConfig;
  found: Found;
  /** See AwsArgs. */
  ownEndpoint: boolean;
  network: Network;
  security: Security;
  login: Login;
  tags: ResourceTags;
}

/** The plan's nodes in its order, and their instances by name. */
export function createNodes(
  name: string,
  args: NodesArgs,
  parent: pulumi.Resource,
): { nodes: CloudNode[]; instances: Map<string, aws.ec2.Instance> } {
  const { config, login, tags } = args;
  const keyPair = new aws.ec2.KeyPair(name, { publicKey: login.publicKey, tags: tags("login") }, { parent });
  const instances = new Map<string, aws.ec2.Instance>();
  const nodes = args.plan.nodes.map((node): CloudNode => {
    const hostKey = new KeyPair(`${node.name}-host`, { parent });
    const instance = createInstance(node, args, keyPair, hostKey, parent);
    instances.set(node.name, instance);
    return {
      ...node,
      resource: instance,
      publicAddress: instance.publicIp,
      connection: {
        host: instance.publicIp,
        port: 22,
        user: config.user ?? USER,
        privateKey: login.privateKey,
        hostKey: hostKey.publicKey,
      },
    };
  });
  return { nodes, instances };
}

function createInstance(
  node: NodePlan,
  { plan, config, found, ownEndpoint, network, security, tags }: NodesArgs,
  keyPair: aws.ec2.KeyPair,
  hostKey: KeyPair,
  parent: pulumi.Resource,
): aws.ec2.Instance {
  return new aws.ec2.Instance(
    node.name,
    {
      ami: found.imageId,
      instanceType: found.instanceType,
      subnetId: network.subnets.get(node.subnet)?.id,
      privateIp: node.address,
      associatePublicIpAddress: true,
      vpcSecurityGroupIds: [security.group.id],
      // Changed in place, on a running machine. Off only where pod addresses leave a node, and no fault wants it on.
      sourceDestCheck: !plan.antiSpoofing.allowsPods,
      keyName: keyPair.keyName,
      userData: cloudInit(node.name, hostKey),
      metadataOptions: {
        httpEndpoint: "enabled",
        // IMDSv2 alone, and not for pods: they are a hop further away.
        httpTokens: "required",
        httpPutResponseHopLimit: 1,
      },
      rootBlockDevice: {
        volumeType: "gp3",
        volumeSize: found.diskSize,
        encrypted: true,
        deleteOnTermination: true,
        tags: tags(`${node.name}-root`),
      },
      ...(config.spot && {
        // One-time: an interrupted machine is gone, and the next `up` makes another one.
        instanceMarketOptions: { marketType: "spot", spotOptions: { spotInstanceType: "one-time" } },
      }),
      tags: tags(node.name),
    },
    {
      parent,
      // Rules come before the machine and before every change of it, and the way out before its first boot.
      dependsOn: [...security.rules, ...network.ready],
      // What only a first boot reads, and what follows from the state of a machine, never replaces or restarts it. An
      // image does so when it was chosen by its id.
      ignoreChanges: [
        "userData",
        "keyName",
        "associatePublicIpAddress",
        ...(config.imageId ? [] : ["ami"]),
        // A machine's group never changes. What only resembles EC2 may not show the groups that the provider names with
        // the network interface (moto 5), and every `up` would set them again.
        ...(ownEndpoint ? ["vpcSecurityGroupIds"] : []),
      ],
      // Its private address is the plan's: the old machine must have given it up.
      deleteBeforeReplace: true,
      // EC2 cannot stop a one-time spot instance, which a change of its type in place would need.
      ...(config.spot && { replaceOnChanges: ["instanceType"] }),
    },
  );
}
