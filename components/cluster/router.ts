/** BIRD on the machine between the subnets, where that is the lab's to configure (`hosts.router`). */
import type * as pulumi from "@pulumi/pulumi";
import type { RemoteMachine } from "../infrastructure";
import type { LabPlan } from "../plan";
import { routerValues } from "./check";
import { HostReset } from "./host-reset";
import { Reachable } from "./ready";
import { runScript } from "./run-script";

/** What {@link runRouter} is given. */
export interface RouterArgs {
  plan: LabPlan;
  /** The machine. Undefined where the lab has none, or makes the router itself. */
  router: RemoteMachine | undefined;
  prefix: string;
}

/**
 * Makes the machine between the subnets a BGP peer of the nodes.
 * @returns what must be there before the nodes look for their peer; nothing in a lab without such a machine.
 */
export function runRouter({ plan, router, prefix }: RouterArgs, parent: pulumi.Resource): pulumi.Resource[] {
  if (!router) return [];
  const name = `${prefix}${router.name}`;
  const reset = new HostReset(name, router, plan.ipPool.cidr, { parent }, "router");
  const reachable = new Reachable(name, router, { parent, dependsOn: reset });
  return [
    runScript(
      { node: router, prefix, step: "router", values: routerValues(plan) },
      { parent, dependsOn: [reachable] },
    ),
  ];
}
