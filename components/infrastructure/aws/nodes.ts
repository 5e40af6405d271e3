/** The nodes: one EC2 instance each. */
import * as aws from "@pulumi/aws";
import type { AwsConfig } from "../../config";
import type { LabPlan, NodePlan } from "../../plan";
import {
  cloudInit,
  type Foundation,
  groupsOf,
  KeyPair,
  PROJECT_TAG,
  type Scope,
  type StateResource,
} from "../common";
import type { CloudNode } from "../interface";
import type { Found } from "./lookup";
import type { Network } from "./network";
import type { Security } from "./security";
import type { ResourceTags } from "./tags";

/** Login user of Ubuntu's images. */
const USER = "ubuntu";

/** What the nodes are made from. */
export interface NodesArgs {
  plan: LabPlan;
  config: AwsConfig;
  found: Found;
  /** See ResolvedAwsArgs. */
  ownEndpoint: boolean;
  network: Network;
  security: Security;
  tags: ResourceTags;
}

/**
 * A warning if machines that are there were made with the other value of `spot`, else undefined: EC2 cannot change it.
 * @param held the stack's own state.
 */
export function spotWarning(
  held: readonly StateResource[],
  { spot = false }: Pick<AwsConfig, "spot">,
): string | undefined {
  const machines = held.filter(({ type }) => type === "aws:ec2/instance:Instance");
  const other = machines.filter(
    ({ inputs }) =>
      (((inputs ?? {}) as { instanceMarketOptions?: unknown }).instanceMarketOptions !== undefined) !== spot,
  );
  if (other.length === 0) return undefined;
  return `aws.spot is now ${spot}: EC2 cannot change that on a machine, so ${other.length} of the lab's ${machines.length} machines are replaced, and with them the cluster and all that runs on it`;
}

/** Declares the nodes, in the plan's order, and their instances by node name. */
export function createNodes(
  args: NodesArgs,
  { stack, scope, login }: Pick<Foundation, "stack" | "scope" | "login">,
): { nodes: CloudNode[]; instances: Map<string, aws.ec2.Instance> } {
  const { config, tags } = args;
  const { parent, named } = scope;
  const keyPair = new aws.ec2.KeyPair(
    // EC2's name of the key begins with this, too.
    named(`${PROJECT_TAG}-${stack}`),
    { publicKey: login.publicKey, tags: tags("login") },
    { parent },
  );
  const instances = new Map<string, aws.ec2.Instance>();
  const nodes = args.plan.nodes.map((node): CloudNode => {
    const hostKey = new KeyPair(named(`${node.name}-host`), { parent });
    const instance = createInstance(node, args, keyPair, hostKey, scope);
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
  { config, found, ownEndpoint, network, security, tags }: NodesArgs,
  keyPair: aws.ec2.KeyPair,
  hostKey: KeyPair,
  { parent, named }: Scope,
): aws.ec2.Instance {
  return new aws.ec2.Instance(
    named(node.name),
    {
      ami: found.imageId,
      instanceType: found.instanceType,
      subnetId: network.subnets.get(node.subnet)?.id,
      privateIp: node.address,
      associatePublicIpAddress: true,
      vpcSecurityGroupIds: groupsOf(node, security).map(({ id }) => id),
      // EC2 changes this while the machine runs. Off only if pod addresses leave a node and no fault keeps it on.
      sourceDestCheck: !node.host.allowsPods,
      keyName: keyPair.keyName,
      userData: cloudInit(node.name, hostKey),
      metadataOptions: {
        httpEndpoint: "enabled",
        // IMDSv2 only, and not for pods: they are one hop further away.
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
        // One-time: an interrupted machine is gone, and the next `up` makes a new one.
        instanceMarketOptions: { marketType: "spot", spotOptions: { spotInstanceType: "one-time" } },
      }),
      tags: tags(node.name),
    },
    {
      parent,
      // The rules exist before the machine and before every change to it. Internet access exists before its first boot.
      dependsOn: [...security.rules, ...network.ready],
      // Do not replace or restart a machine for a change in what only its first boot reads, or in what EC2 derives from
      // its state. A changed image replaces it only if the config names the image by id.
      ignoreChanges: [
        "userData",
        "keyName",
        "associatePublicIpAddress",
        ...(config.imageId ? [] : ["ami"]),
        // A machine's groups change only with a fault on some nodes. An endpoint that only resembles EC2 (moto 5) may not
        // show the groups that the provider sets on the network interface, and every `up` would set them again.
        ...(ownEndpoint && security.apart.length === 0 ? ["vpcSecurityGroupIds"] : []),
      ],
      // The plan fixes the private address, so the old machine must release it first.
      deleteBeforeReplace: true,
      // A change of type in place needs a stop, and EC2 cannot stop a one-time spot instance.
      ...(config.spot && { replaceOnChanges: ["instanceType"] }),
    },
  );
}
