/**
 * The provider plug-ins that a run needs. The engine downloads a missing one by itself. Without a network it tries five times,
 * for a minute, and ends with an error of its own: so look first.
 */
import * as fs from "node:fs";
import * as https from "node:https";
import * as os from "node:os";
import * as path from "node:path";
import type { LabPlan } from "../../components/plan";
import type { StackConfig } from "./config-path";
import type { Deployment } from "./deployment";
import { Failure } from "./failure";

/** The plug-ins of the pinned packages. */
const KNOWN = ["aws", "openstack", "command", "kubernetes"] as const;
export type Plugin = (typeof KNOWN)[number];

/** Where the engine downloads plug-ins from; one is enough (pulumi/sdk/go/common/workspace, plugins.go). */
const SOURCES = ["https://get.pulumi.com/", "https://github.com/"];
/** Milliseconds. */
const PATIENCE = 5000;

/** What a lab's `up` needs. A plan that depends on secrets is unknown: the engine then finds out. */
export function pluginsFor(plan: LabPlan | undefined, config: StackConfig): Plugin[] {
  if (!plan || plan.onTwin) return [];
  const { cloud, onContainers } = plan;
  return [
    ...(!onContainers && (cloud === "aws" || cloud === "openstack") ? [cloud] : []),
    ...(config["encaplab:cluster"] === "none" ? [] : (["command", "kubernetes"] as const)),
  ];
}

/** What the `down` of a deployment needs. */
export const pluginsOf = ({ resources = [] }: Deployment): Plugin[] =>
  KNOWN.filter((name) => resources.some(({ type }) => type === `pulumi:providers:${name}`));

/**
 * Makes sure that the engine can have its plug-ins.
 * @param reaches whether a server answers. Not asked if nothing is missing, or behind a proxy, which the engine knows.
 * @throws {Failure} when one is missing and cannot be downloaded.
 */
export async function requirePlugins(
  names: readonly Plugin[],
  reaches: (url: string) => Promise<boolean> = answers,
  env: NodeJS.ProcessEnv = process.env,
): Promise<void> {
  const missing = names.filter((name) => !isInstalled(name, env));
  if (missing.length === 0 || env.HTTPS_PROXY || env.https_proxy) return;
  if ((await Promise.all(SOURCES.map(reaches))).some(Boolean)) return;
  const shown = missing.map((name) => `${name} ${versionOf(name)}`).join(", ");
  throw new Failure(
    `The engine needs the plug-in${missing.length > 1 ? "s" : ""} ${shown}, which ${missing.length > 1 ? "are" : "is"} not installed, and get.pulumi.com cannot be reached to download ${missing.length > 1 ? "them" : "it"}: connect this machine, or copy ${path.join(homeOf(env), "plugins")} from one that has ${missing.length > 1 ? "them" : "it"}. Without a plug-in only the twin can be built (rehearse: true).`,
    1,
  );
}

/** The version that the package asks for. */
function versionOf(name: Plugin): string {
  const file = path.resolve(__dirname, "../../node_modules/@pulumi", name, "package.json");
  return fs.existsSync(file) ? JSON.parse(fs.readFileSync(file, "utf8")).version : "";
}

const homeOf = (env: NodeJS.ProcessEnv): string =>
  env.PULUMI_HOME || path.join(env.HOME || os.homedir(), ".pulumi");

/** In the engine's own folder, or on PATH, where it looks first. */
function isInstalled(name: Plugin, env: NodeJS.ProcessEnv): boolean {
  const program = `pulumi-resource-${name}`;
  const own = path.join(homeOf(env), "plugins", `resource-${name}-v${versionOf(name)}`);
  const folders = [own, ...(env.PATH ?? "").split(path.delimiter)];
  return folders.some((folder) => fs.existsSync(path.join(folder, program)));
}

const answers = (url: string): Promise<boolean> =>
  new Promise((done) => {
    const request = https.request(
      url,
      { method: "HEAD", signal: AbortSignal.timeout(PATIENCE) },
      (response) => {
        response.resume();
        done(true);
      },
    );
    request.on("error", () => done(false));
    request.end();
  });
