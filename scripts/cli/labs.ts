/** Which lab a command is about. */
import { ownFolder, stacksIn, stateFile } from "./backend";
import { deploymentOf, isEmpty } from "./deployment";
import { tellEngine } from "./engine";
import { badUsage, Failure } from "./failure";
import { typed } from "./invocation";
import { prepareToRead } from "./setup";
import { hasFile, readStackFile, spelledAsFile } from "./stack-file";
import { DamagedState } from "./state-file";

/** The stack of the quick start. */
export const DEFAULT_STACK = "local";

/** How the user names a lab. */
export interface Named {
  /** The argument. */
  stack?: string;
  /** After `--stack`. */
  option?: string;
}

/** Stacks of which anything is deployed, or may be, by name. Needs {@link prepareToRead}. */
export function labsUp(): string[] {
  const folder = ownFolder();
  if (folder) return stacksIn(folder).filter(mayBeUp);
  const stacks = JSON.parse(tellEngine(["stack", "ls", "--json"])) as {
    name: string;
    resourceCount?: number;
  }[];
  return stacks.flatMap(({ name, resourceCount }) => (resourceCount ? [name] : []));
}

/** A lab whose state is damaged may be up. Its own commands say so. */
function mayBeUp(stack: string): boolean {
  try {
    return !isEmpty(deploymentOf(stack));
  } catch (error) {
    if (error instanceof DamagedState) return true;
    throw error;
  }
}

/**
 * The lab that the user names, else the only one that is up.
 * @returns undefined when none is named and none is up.
 * @throws {Failure} when two are named, when the named one does not exist, or when several are up.
 */
export async function findLab(named: Named): Promise<string | undefined> {
  const wanted = nameOf(named);
  await prepareToRead();
  if (wanted !== undefined) return existing(wanted);
  const up = labsUp();
  if (up.length > 1) throw badUsage(`Several labs are up: ${up.join(", ")}. Name the one you mean.`);
  return up[0];
}

/** As {@link findLab}, and the default stack when none is up. */
export const findLabOrDefault = async (named: Named): Promise<string> =>
  (await findLab(named)) ?? DEFAULT_STACK;

/** As {@link findLab}. @throws {Failure} also when no lab is up. */
export async function requireLab(named: Named): Promise<string> {
  const found = await findLab(named);
  if (found === undefined) throw new Failure(`${NONE_UP} ${howToStart()}`, 1);
  return found;
}

/** Whether a lab is the only one that is up, so that commands need no name. A backend of the user's is not asked. */
export const isOnlyLab = (stack: string): boolean => ownFolder() !== undefined && labsUp().join() === stack;

export const NONE_UP = "No lab is up.";

/** The sentence that says how to start a lab. */
export const howToStart = (): string =>
  `\`${typed(`up ${DEFAULT_STACK}`)}\` starts the one of the quick start, \`${typed("stacks")}\` lists all.`;

/** The stack that the user names, in the spelling of its file; undefined when none is named. */
export function nameOf({ stack, option }: Named): string | undefined {
  if (stack && option && stack !== option) {
    throw badUsage(`Which stack: ${stack}, or ${option} (--stack)? Name only one.`);
  }
  const wanted = stack ?? option;
  if (wanted === undefined) return undefined;
  if (!NAME.test(wanted)) {
    throw badUsage(
      `"${wanted}" cannot be the name of a stack: it must be letters, digits, hyphens, underscores and periods.`,
    );
  }
  return spelledAsFile(wanted);
}

/** What the engine takes (pulumi/sdk, tokens/stack.go), with what a backend may want before it: `organisation/project/`. */
const NAME = /^(?:(?!\.+\/)[\w.-]+\/){0,2}(?!\.+$)[\w.-]{1,100}$/;

/** A stack without a file may still have a lab. @throws {Failure} when it has neither: a typing error. */
function existing(stack: string): string {
  if (!hasFile(stack) && !isKnown(stack)) readStackFile(stack);
  return stack;
}

function isKnown(stack: string): boolean {
  const folder = ownFolder();
  return (folder ? stateFile(folder, stack) : deploymentOf(stack)) !== undefined;
}
