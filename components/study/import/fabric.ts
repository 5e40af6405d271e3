/** The fabric of the lab. */
import type { Fabric } from "../../config";
import type { Facts } from "./facts";
import type { Machine } from "./machines";
import type { Security } from "./security";
import { showSource } from "./source";

/** What the user decides. */
export interface Wishes {
  /** Whose network rules apply, where the input does not say. */
  fabric?: Fabric;
}

/** Whose rules apply: the user's word, a cloud's own answers, the nodes' providerID. */
export function fabricOf(
  facts: Facts,
  security: Security,
  machines: readonly Machine[],
  { fabric }: Wishes,
): { fabric: Fabric; why: string } {
  if (fabric) return { fabric, why: "--fabric" };
  const port = machines.map(security.portOf).find((one) => one !== undefined) ?? facts.ports[0];
  if (port) return { fabric: port.cloud, why: showSource(port.source) };
  const [group] = facts.groups;
  const isEc2 = facts.read.some(({ what }) => what.includes("of EC2"));
  if (group) return { fabric: isEc2 ? "aws" : "openstack", why: showSource(group.source) };
  const told = facts.nodes.find((node) => node.fabric)?.fabric;
  if (told) return { fabric: told.value, why: `${showSource(told.source)}, the providerID` };
  if (facts.settings.awsSrcDstCheck)
    return { fabric: "aws", why: showSource(facts.settings.awsSrcDstCheck.source) };
  return { fabric: "plain", why: "Nothing names a cloud, so the network has no rules of its own" };
}
