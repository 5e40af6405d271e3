/** Questions to the cloud of a stack: what is left of it, what its state does not know, which labs have expired. */
import {
  type LabConfig as Config,
  ConfigError,
  type ProviderSettings,
  providerSettings,
} from "../../components/config";
import type { ExpiredLab, Leftover } from "../../components/infrastructure/leftovers";
import type { Deployment } from "./deployment";
import { BAD_USAGE, Failure } from "./failure";
import { configOf } from "./lab-plan";
import { labConfig } from "./overlay";
import { requirePlugins } from "./plugins";
import { prepareEngine } from "./setup";
import { baseName, hasFile } from "./stack-file";

/** A cloud that can keep things which cost money. */
export type PaidCloud = "aws" | "openstack";

/** What of a lab its state does not know. */
export interface Unknown {
  things: readonly Leftover[];
  /** Deletes it. @throws {Failure} when the cloud refuses. */
  remove(): Promise<void>;
}

/** The cloud of a stack, and how to ask it. */
interface Asked {
  cloud: PaidCloud;
  name: string;
  config: Config;
  settings: ProviderSettings;
}

/** The cloud that a deployment is on; undefined if it is on none. */
export function cloudOf(deployed: Deployment | undefined): PaidCloud | undefined {
  const types = (deployed?.resources ?? []).map(({ type }) => type);
  return (["aws", "openstack"] as const).find((cloud) => types.some((type) => type.startsWith(`${cloud}:`)));
}

/** How to ask the cloud that the stack's config names; undefined for a stack that is on none. */
export function askedFor(stack: string): Asked | undefined {
  const { config: file, file: from } = labConfig(stack);
  const config = configOf(from, file);
  const { cloud } = config;
  if (cloud !== "aws" && cloud !== "openstack") return undefined;
  return { cloud, name: baseName(stack), config, settings: providerSettings(file, cloud) };
}

/** The same for what is deployed: where it is stands in the state, and the config may name another place by now. */
function askedForDeployed(stack: string, deployed: Deployment): Asked | undefined {
  const cloud = cloudOf(deployed);
  if (!cloud) return undefined;
  const file = hasFile(stack) ? labConfig(stack).config : {};
  const inputs = deployed.resources?.find(({ type }) => type === `pulumi:providers:${cloud}`)?.inputs ?? {};
  const place = Object.fromEntries(
    ["region", "cloud"].flatMap((key) => (typeof inputs[key] === "string" ? [[key, inputs[key]]] : [])),
  );
  const config = { [cloud]: place } as unknown as Config;
  return { cloud, name: baseName(stack), config, settings: providerSettings(file, cloud) };
}

/** Everything with the stack's marks. @param labs the ids of the user's own labs. */
export const leftoversOf = (asked: Asked, labs: readonly string[]): Promise<Leftover[]> =>
  ask(asked, ({ findLeftovers }) => findLeftovers(asked.name, labs, asked.config, asked.settings));

/** Every lab past its time to live, of every owner in the account or project of the stack. */
export const expiredOf = (asked: Asked): Promise<ExpiredLab[]> =>
  ask(asked, ({ findExpired }) => findExpired(Date.now(), asked.config, asked.settings));

/**
 * What the cloud has of a deployed lab and its state does not know.
 * @returns undefined for a lab that is on no cloud.
 * @throws {Failure} when the cloud cannot be asked.
 */
export async function unknownOf(stack: string, deployed: Deployment): Promise<Unknown | undefined> {
  const asked = askedForDeployed(stack, deployed);
  if (!asked) return undefined;
  const { cloud, name, config, settings } = asked;
  const resources = deployed.resources ?? [];
  if (cloud === "aws") {
    const aws = loadAws();
    const things = await ask(asked, () => aws.findUnknown(name, resources, config, settings));
    return { things, remove: () => plainly(aws.removeUnknown(things, config, settings)) };
  }
  const openstack = loadOpenStack();
  const things = await ask(asked, () => openstack.findUnknown(name, resources, config, settings));
  return { things, remove: () => plainly(openstack.removeUnknown(things, config, settings)) };
}

const loadAws = () =>
  require("../../components/infrastructure/aws") as typeof import("../../components/infrastructure/aws");
const loadOpenStack = () =>
  require("../../components/infrastructure/openstack") as typeof import("../../components/infrastructure/openstack");

/** What every cloud can be asked. */
interface Api {
  findLeftovers(
    stack: string,
    labs: readonly string[],
    config: Config,
    settings: ProviderSettings,
  ): Promise<Leftover[]>;
  findExpired(now: number, config: Config, settings: ProviderSettings): Promise<ExpiredLab[]>;
}

/** Asks AWS as the lab's program does, through its provider, and OpenStack by its own APIs. */
async function ask<T>({ cloud }: Asked, question: (api: Api) => Promise<T>): Promise<T> {
  if (cloud === "openstack") return plainly(question(loadOpenStack()));
  await prepareEngine();
  await requirePlugins(["aws"]);
  const { insideEngine } = require("./inline") as typeof import("./inline");
  return plainly(insideEngine(() => question(loadAws())));
}

/** An error as one sentence. A cloud that cannot be asked is not a cloud where nothing is. */
async function plainly<T>(answer: Promise<T>): Promise<T> {
  try {
    return await answer;
  } catch (error) {
    if (error instanceof ConfigError) throw new Failure(error.message, BAD_USAGE);
    if (error instanceof Failure) throw error;
    throw new Failure((error as Error).message, 1);
  }
}
