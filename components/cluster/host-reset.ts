/** The lab's use of a machine that stays after the lab. */
import * as pulumi from "@pulumi/pulumi";
import type { Machine } from "../infrastructure";
import { DYNAMIC_TYPE, DynamicResource, formerUrn } from "../remote/dynamic";

/**
 * Records which machine the lab uses, before anything touches it. Its deletion, the last of all, undoes everything that
 * the lab did there. A machine that the lab itself made needs none: it is deleted.
 */
export class HostReset extends DynamicResource {
  /** @param podCidr tells the lab's routes and firewall rules from the machine's own. */
  constructor(name: string, machine: Machine, podCidr: string, options: pulumi.CustomResourceOptions) {
    // The whole connection is secret: with it, anyone can log in.
    const inputs = { name: machine.name, target: pulumi.secret(machine.connection), podCidr };
    // Until version 0.1 the infrastructure made these resources.
    const aliases = [formerUrn(["encaplab:hosts:Hosts", `${DYNAMIC_TYPE}Tenancy`], name)];
    super("HostReset", name, inputs, [], { ...options, aliases });
  }
}
