/** What `scripts/setup` does for a command: it names the backend, finds the engine, and installs missing tools. */
import { spawn } from "node:child_process";
import * as path from "node:path";
import type { LabPlan } from "../../components/plan";
import { ownFolder } from "./backend";
import { Failure } from "./failure";

const SCRIPT = path.resolve(__dirname, "../setup");

/** What a lab may need on this machine: a kind that `scripts/setup prepare` knows. */
export type ToolGroup = "twin" | "machine" | "ipsec" | "containers" | "router" | "tenants";

/** Functions of `scripts/setup` that change the environment. */
type Step = "environment" | "engine";

const done = new Set<Step>();

/** Prepares to read states. Only a backend of the user's own needs the engine for that. */
export async function prepareToRead(): Promise<void> {
  await prepare("environment");
  if (!ownFolder()) await prepareEngine();
}

/** Puts the engine on PATH, and gets it first where there is none. @throws {Failure} when that is not possible. */
export const prepareEngine = (): Promise<void> => prepare("environment", "engine");

/**
 * As {@link prepareEngine}, for a command of the engine that decrypts what the stack has.
 * @returns whether the stack's secrets were encrypted anew, and with them those in its file.
 * @throws {Failure} also when its secrets cannot be encrypted with today's passphrase.
 */
export async function prepareEngineFor(stack: string): Promise<boolean> {
  await prepareEngine();
  const { migrateSecrets } = require("./passphrase") as typeof import("./passphrase");
  return migrateSecrets(stack);
}

async function prepare(...steps: Step[]): Promise<void> {
  const missing = steps.filter((step) => !done.has(step));
  if (missing.length === 0) return;
  // On separate lines: after `&&`, a failing command inside a function would not end the function.
  const script = ["set -euo pipefail", '. "$1"', ...missing, "env -0"].join("\n");
  const environment = parseEnvironment(await output(script));
  Object.assign(process.env, environment);
  // An empty one of an earlier version, which the set-up has taken back.
  if (!("PULUMI_CONFIG_PASSPHRASE" in environment)) delete process.env.PULUMI_CONFIG_PASSPHRASE;
  for (const step of missing) done.add(step);
}

function parseEnvironment(text: string): Record<string, string> {
  const lines = text.split("\0").filter((line) => line.includes("="));
  const entries = lines.map((line) => [line.slice(0, line.indexOf("=")), line.slice(line.indexOf("=") + 1)]);
  return Object.fromEntries(entries.filter(([name]) => name !== "_" && name !== "SHLVL"));
}

/** Runs a script that may take minutes, and shows what it says meanwhile. Returns its standard output. */
function output(script: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = spawn("bash", ["-c", script, "bash", SCRIPT], { stdio: ["ignore", "pipe", "inherit"] });
    let text = "";
    child.stdout.setEncoding("utf8").on("data", (chunk: string) => {
      text += chunk;
    });
    child.once("error", (error) => reject(new Failure(`bash cannot be started: ${error.message}`, 1)));
    child.once("close", (code) => {
      if (code === 0) resolve(text);
      // The lines above say why.
      else reject(new Failure("The set-up failed, so nothing was changed.", 1));
    });
  });
}

/** The tools that a lab needs on this machine. A plan that depends on secrets is unknown: the program then checks. */
export function toolsFor(plan: LabPlan | undefined): ToolGroup[] {
  if (!plan?.onThisMachine) return [];
  if (!plan.onTwin)
    return ["containers", ...(plan.bgp.gatewayAsNumber === undefined ? [] : (["router"] as const))];
  const { chooseSandbox, featuresOf } =
    require("../../components/infrastructure/twin/sandbox") as typeof import("../../components/infrastructure/twin/sandbox");
  return [
    "twin",
    ...(chooseSandbox(featuresOf(plan)).kind === "machine" ? (["machine"] as const) : []),
    ...(plan.link ? (["ipsec"] as const) : []),
    ...(plan.tenant ? (["tenants"] as const) : []),
  ];
}

/**
 * Lets `scripts/setup` get what a lab of these kinds needs on this machine, or say how to, before the engine starts: no
 * resource should have to.
 * @param yes whether the user has agreed to installations.
 * @throws {Failure} when some are still missing. What to install has been said then.
 */
export async function prepareLab(groups: readonly ToolGroup[], yes = false): Promise<void> {
  if (groups.length === 0) return;
  if (yes) process.env.ENCAPLAB_YES = "1";
  const status = await runSetup("prepare", ...groups);
  if (status !== 0) throw new Failure("Some tools are missing, so nothing was changed.", 1);
}

/** Runs a command of `scripts/setup` on this terminal, and returns its exit code. */
export function runSetup(...argv: string[]): Promise<number> {
  const { runHere } = require("./engine") as typeof import("./engine");
  return runHere("bash", [SCRIPT, ...argv]);
}
