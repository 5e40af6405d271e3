/**
 * A look at the machines and addresses of a lab in a cloud that changes nothing: the engine reads them as before an `up`, but
 * keeps what it has read to itself.
 */
import { type Deployment, deploymentOf, type Resource } from "./deployment";
import { followEngine } from "./engine";
import { parseEvent } from "./engine-events";
import { Failure } from "./failure";
import { changesBetween, targetsOf } from "./machines-look";

/** What is not as the state has it, a sentence each; or why the cloud was not looked at, as the end of a sentence. */
export type CloudLook = { changes: string[] } | { notLookedAt: string };

/** How long a cloud is waited for, in ms: without a network, a provider tries for minutes. */
const LIMIT = 30_000;
/** After how many more ms an engine that was asked to stop is told to stop at once, and then killed. */
const STOP = [1000, 3000] as const;

/** Looks at the machines of a lab; undefined for a lab that has none in a cloud. */
export async function lookAtCloud(stack: string, limit = LIMIT): Promise<CloudLook | undefined> {
  const deployed = deploymentOf(stack);
  const targets = deployed ? targetsOf(deployed) : [];
  if (!deployed || targets.length === 0) return undefined;
  try {
    return { changes: await read(stack, deployed, targets, limit) };
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    return { notLookedAt: error.message };
  }
}

async function read(
  stack: string,
  deployed: Deployment,
  targets: readonly string[],
  limit: number,
): Promise<string[]> {
  const { argvOnLab } = require("./deploy") as typeof import("./deploy");
  const { ownFolder } = require("./backend") as typeof import("./backend");
  const { locksOf, mayLive } = require("./lock") as typeof import("./lock");
  const { engineContent, writeEngineFile } = require("./overlay") as typeof import("./overlay");
  const { pluginsOf, requirePlugins } = require("./plugins") as typeof import("./plugins");
  const { prepareEngineFor } = require("./setup") as typeof import("./setup");
  await prepareEngineFor(stack);
  const folder = ownFolder();
  if (folder && locksOf(folder, stack).some(mayLive)) throw new Failure("a run is changing it right now", 1);
  await requirePlugins(pluginsOf(deployed));
  writeEngineFile(stack, engineContent(stack));

  const was: Resource[] = [];
  const is: Resource[] = [];
  const errors: string[] = [];
  const stop = AbortSignal.timeout(limit);
  // Without it, the engine prints one digest, in which nothing of what it has read stands.
  process.env.PULUMI_ENABLE_STREAMING_JSON_PREVIEW = "true";
  const flags = ["--preview-only", "--json", "--non-interactive", "--color", "never"];
  const status = await followEngine(
    ["refresh", ...argvOnLab(stack), ...flags, ...targets.flatMap((urn) => ["--target", urn])],
    (line) => {
      const event = parseEvent(line);
      if (event?.kind === "message" && event.severity === "error") errors.push(event.text);
      if (event?.kind === "line") errors.push(event.text);
      const read = readIn(line);
      if (read?.old) was.push(read.old);
      if (read?.new) is.push(read.new);
    },
    stop,
    STOP,
  );
  if (stop.aborted) throw new Failure(`it did not answer within ${limit / 1000} s`, 1);
  if (status !== 0) throw new Failure(inShort(errors) || `the engine ended with exit code ${status}`, 1);
  if (was.length < targets.length) throw new Failure("this engine does not say what it has read", 1);
  return changesBetween({ resources: was }, { resources: is }, "an up builds it again");
}

/** A resource that the engine has read: as the state has it, and as it is; null if it is gone. */
function readIn(line: string): { old?: Resource; new?: Resource | null } | undefined {
  if (!line.startsWith("{")) return undefined;
  return JSON.parse(line).resOutputsEvent?.metadata;
}

/** The engine's errors as the end of a sentence. */
const inShort = (errors: readonly string[]): string =>
  [...new Set(errors.flatMap((text) => text.split("\n")).map((line) => line.replace(/^error: /, "").trim()))]
    .filter((line) => line !== "")
    .join(" ")
    .slice(0, 300);
