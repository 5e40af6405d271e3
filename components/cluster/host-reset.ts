/** The lab's use of a machine that stays after the lab. */
import * as pulumi from "@pulumi/pulumi";
import type { RemoteMachine } from "../infrastructure";
import { DYNAMIC_TYPE, DynamicResource, formerUrn } from "../remote/dynamic";

/**
 * Records which machine the lab uses, before anything touches it. Its deletion, the last of all, undoes everything that
 * the lab did there. A machine that the lab itself made needs none: it is deleted.
 */
export class HostReset extends DynamicResource {
  /**
   * @param podCidr tells the lab's routes and firewall rules from the machine's own.
   * @param step whose delete undoes it. Default: `reset`, a node's.
   */
  constructor(
    name: string,
    machine: RemoteMachine,
    podCidr: string,
    options: pulumi.CustomResourceOptions,
    step?: "router",
  ) {
    // The whole connection is secret: with it, anyone can log in.
    const target = pulumi.secret(machine.connection);
    const inputs = { name: machine.name, target, podCidr, ...(step && { step }) };
    // Until version 0.1 the infrastructure made these resources.
    const aliases = [formerUrn(["encaplab:hosts:Hosts", `${DYNAMIC_TYPE}Tenancy`], name)];
    super("HostReset", name, inputs, [], { ...options, aliases });
  }
}
