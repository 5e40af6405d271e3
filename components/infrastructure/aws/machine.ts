/** A machine of the lab in EC2, node or gateway. */
import * as aws from "@pulumi/aws";
import type * as pulumi from "@pulumi/pulumi";
import type { AwsConfig } from "../../config";
import { cloudInit, type Foundation, type KeyPair, PROJECT_TAG, type Scope } from "../common";
import type { Found } from "./lookup";
import type { Network } from "./network";
import type { ResourceTags } from "./tags";

/** Login user of Ubuntu's images. */
export const USER = "ubuntu";

/** What every machine is made from. */
export interface MachineArgs {
  config: AwsConfig;
  found: Found;
  network: Network;
  tags: ResourceTags;
  /** With which you log in. */
  keyPair: aws.ec2.KeyPair;
}

/** What is each machine's own. */
export interface InstanceArgs {
  /** Also its host name. */
  name: string;
  /** The name of its subnet. */
  subnet: string;
  /** Private IPv4 address in that subnet. */
  address: string;
  groups: readonly aws.ec2.SecurityGroup[];
  /** Whether EC2 drops what is neither from nor to the machine's own address. */
  sourceDestCheck: boolean;
  /** The rules of its groups. */
  rules: readonly pulumi.Resource[];
  /** Whether its groups stay those that it was made with. */
  keepsGroups: boolean;
}

/** Declares the key pair with which you log in to every machine of the lab. */
export const createKeyPair = (
  tags: ResourceTags,
  { stack, scope: { parent, named }, login }: Pick<Foundation, "stack" | "scope" | "login">,
): aws.ec2.KeyPair =>
  new aws.ec2.KeyPair(
    // EC2's name of the key begins with this, too.
    named(`${PROJECT_TAG}-${stack}`),
    { publicKey: login.publicKey, tags: tags("login") },
    { parent },
  );

/** Declares an instance with a public address. */
export function createInstance(
  { name, subnet, address, groups, sourceDestCheck, rules, keepsGroups }: InstanceArgs,
  { config, found, network, tags, keyPair }: MachineArgs,
  hostKey: KeyPair,
  { parent, named }: Scope,
): aws.ec2.Instance {
  return new aws.ec2.Instance(
    named(name),
    {
      ami: found.imageId,
      instanceType: found.instanceType,
      subnetId: network.subnets.get(subnet)?.id,
      privateIp: address,
      associatePublicIpAddress: true,
      vpcSecurityGroupIds: groups.map(({ id }) => id),
      sourceDestCheck,
      keyName: keyPair.keyName,
      userData: cloudInit(name, hostKey),
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
        tags: tags(`${name}-root`),
      },
      ...(config.spot && {
        // One-time: an interrupted machine is gone, and the next `up` makes a new one.
        instanceMarketOptions: { marketType: "spot", spotOptions: { spotInstanceType: "one-time" } },
      }),
      tags: tags(name),
    },
    {
      parent,
      // The rules exist before the machine and before every change to it. Internet access exists before its first boot.
      dependsOn: [...rules, ...network.ready],
      // Do not replace or restart a machine for a change in what only its first boot reads, or in what EC2 derives from
      // its state. A changed image replaces it only if the config names the image by id.
      ignoreChanges: [
        "userData",
        "keyName",
        "associatePublicIpAddress",
        ...(config.imageId ? [] : ["ami"]),
        ...(keepsGroups ? ["vpcSecurityGroupIds"] : []),
      ],
      // The plan fixes the private address, so the old machine must release it first.
      deleteBeforeReplace: true,
      // A change of type in place needs a stop, and EC2 cannot stop a one-time spot instance.
      ...(config.spot && { replaceOnChanges: ["instanceType"] }),
    },
  );
}
