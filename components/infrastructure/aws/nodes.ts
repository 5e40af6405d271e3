/** The nodes: one EC2 instance each. */
import type * as aws from "@pulumi/aws";
import type { AwsConfig } from "../../config";
import type { LabPlan } from "../../plan";
import { connectionTo, type Foundation, groupsOf, KeyPair, type StateResource } from "../common";
import type { CloudNode } from "../interface";
import { createInstance, type MachineArgs, USER } from "./machine";
import type { Security } from "./security";

/** What the nodes are made from. */
export interface NodesArgs extends MachineArgs {
  plan: LabPlan;
  /** See ResolvedAwsArgs. */
  ownEndpoint: boolean;
  security: Security;
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
  { scope, login }: Pick<Foundation, "scope" | "login">,
): { nodes: CloudNode[]; instances: Map<string, aws.ec2.Instance> } {
  const { config, ownEndpoint, security } = args;
  const { parent, named } = scope;
  const instances = new Map<string, aws.ec2.Instance>();
  const nodes = args.plan.nodes.map((node): CloudNode => {
    const hostKey = new KeyPair(named(`${node.name}-host`), { parent });
    const instance = createInstance(
      {
        ...node,
        groups: groupsOf(node, security),
        // EC2 changes this while the machine runs. Off only if pod addresses leave a node and no fault keeps it on.
        sourceDestCheck: !node.host.allowsPods,
        rules: security.rules,
        // A machine's groups change only with a fault on some nodes. An endpoint that only resembles EC2 (moto 5) may not
        // show the groups that the provider sets on the network interface, and every `up` would set them again.
        keepsGroups: ownEndpoint && security.apart.length === 0,
      },
      args,
      hostKey,
      scope,
    );
    instances.set(node.name, instance);
    return {
      ...node,
      resource: instance,
      publicAddress: instance.publicIp,
      connection: connectionTo(instance.publicIp, config.user ?? USER, login, hostKey),
    };
  });
  return { nodes, instances };
}
