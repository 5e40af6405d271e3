/**
 * What a killed run has left in EC2: found by the lab's id, and deleted by the lab's own provider, in a throw-away stack. The
 * provider knows every way to log in to AWS, in which order EC2 takes deletions, and when to try again.
 */
import type { Stack } from "@pulumi/pulumi/automation";
import type { LabConfig, ProviderSettings } from "../../config";
import type { LabPlan } from "../../plan";
import {
  inThrowAwayStack,
  type Marked,
  PROJECT_TAG,
  type Recovery,
  type StateResource,
  searchUnknown,
} from "../common";
import { askThrough, leftoverOf } from "./leftovers";
import { createProvider, findRegion, providerArgs } from "./provider";
import { type Ask, type Found, survey } from "./survey";

/** A thing of a lab, with its type of resource. */
export interface Remains extends Marked {
  type: string;
}

/** The search and the deletion. @param stack the lab's name in the cloud. */
export const recoveryOf = (
  ask: Ask,
  region: string,
  settings: ProviderSettings,
  stack: string,
): Recovery<Remains> => ({
  find: async (lab) =>
    (await survey(ask, { project: PROJECT_TAG, stack, lab })).map((found) => remainsOf(found, region, lab)),
  remove: (remains) => deleteByProvider(remains, providerArgs(region, settings)),
  idsOf,
});

function remainsOf(found: Found, region: string, lab: string): Remains {
  const { type, inside, leadsTo } = found;
  return { ...leftoverOf(found, region, lab), type, ...(inside && { inside, leadsTo }) };
}

/** The ids by which the provider imports routes and associations. Their own ids in the state are others. */
function idsOf({ outputs }: StateResource): string[] {
  const { routeTableId, destinationCidrBlock, subnetId } = (outputs ?? {}) as Record<string, unknown>;
  if (typeof routeTableId !== "string") return [];
  return [`${routeTableId}_${destinationCidrBlock}`, `${subnetId}/${routeTableId}`];
}

/**
 * Whether the plan has a route or an association that leads there: a pod block, the internet, a subnet.
 * @param peerCidrs the ranges of the other site, to which the routes by an instance lead. Default: none.
 */
export const wantedBy = ({ podRoutes }: Pick<LabPlan, "podRoutes">, peerCidrs: readonly string[] = []) => {
  const wanted = new Set(["0.0.0.0/0", ...podRoutes.map(({ block }) => block), ...peerCidrs]);
  return (leadsTo: string): boolean => wanted.has(leadsTo) || leadsTo.startsWith("subnet-");
};

const PROJECT = "encaplab-recovery";
const STACK = "recovery";
const PROVIDER = "pulumi:providers:aws";

/**
 * The state of a stack that has just these things: each depends on those that must be deleted after it. The engine reads
 * what is missing from EC2 (`--refresh`).
 * @param args settings of the provider.
 */
export function stateOf(remains: readonly Remains[], args: Readonly<Record<string, unknown>>): object {
  const urn = (type: string, name: string) => `urn:pulumi:${STACK}::${PROJECT}::${type}::${name}`;
  const inputs = Object.fromEntries(
    Object.entries(args).map(([key, value]) => [
      key,
      typeof value === "string" ? value : JSON.stringify(value),
    ]),
  );
  const provider = {
    urn: urn(PROVIDER, "aws"),
    type: PROVIDER,
    id: "00000000-0000-4000-8000-000000000000",
    custom: true,
    inputs,
    outputs: inputs,
  };
  const last = [...remains].reverse();
  const resources = last.map(({ type, id }, i) => ({
    urn: urn(type, `${i}`),
    type,
    id,
    custom: true,
    provider: `${provider.urn}::${provider.id}`,
    dependencies: last.slice(0, i).map((before, at) => urn(before.type, `${at}`)),
  }));
  return {
    version: 3,
    deployment: {
      manifest: { time: "2026-01-01T00:00:00Z", magic: "", version: "" },
      resources: [provider, ...resources],
    },
  };
}

/** Deletes things in their order. @throws {Error} in the engine's words when EC2 refuses. */
export async function deleteByProvider(
  remains: readonly Remains[],
  args: Readonly<Record<string, unknown>>,
): Promise<void> {
  const state = stateOf(remains, args) as Parameters<Stack["importStack"]>[0];
  try {
    await inThrowAwayStack(
      { project: PROJECT, stack: STACK },
      async () => {},
      async (stack) => {
        await stack.importStack(state);
        await stack.destroy({ refresh: true });
      },
    );
  } catch (error) {
    const lines = (error as Error).message.split("\n").filter((line) => /error: /.test(line));
    const commands = remains.map(({ command }) => command).join("\n");
    throw new Error(
      `EC2 does not delete what a killed run has left: ${[...new Set(lines.map((line) => line.trim()))].join(" ") || (error as Error).message}\nby hand:\n${commands}`,
    );
  }
}

/** Where to ask. */
type Where = readonly [Pick<LabConfig, "aws">, ProviderSettings];

/** What EC2 has of the labs in a state and the state does not know. Call it inside a Pulumi program. */
export async function findUnknown(
  stack: string,
  resources: readonly StateResource[],
  ...[{ aws: config = {} }, settings]: Where
): Promise<Remains[]> {
  const region = findRegion(config, settings);
  const ask = askThrough(region, createProvider("aws", region, settings));
  return searchUnknown(recoveryOf(ask, region, settings, stack), resources);
}

/** Deletes it. @throws {Error} when EC2 refuses. */
export const removeUnknown = (
  found: readonly Remains[],
  ...[{ aws: config = {} }, settings]: Where
): Promise<void> => deleteByProvider(found, providerArgs(findRegion(config, settings), settings));
