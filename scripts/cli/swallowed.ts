/** Options that npm kept for itself: `npm run lab verdict L9 --json` without `--`. */
import * as fs from "node:fs";
import * as path from "node:path";
import type { Command } from "commander";
import { badUsage } from "./failure";
import { startedByNpm } from "./invocation";

/** Where npm has another name for an option: it takes `-c` for its own `--call`. */
const NPM_NAMES: { [option: string]: string[] | undefined } = { config: ["config", "call"] };

/**
 * Refuses a command whose options npm took: they would be ignored. They cannot be recovered, because npm passes on only
 * that an option was there, and its value as if it were an argument.
 * @throws {Failure} with what to type.
 */
export function refuseSwallowed(command: Command, argv: readonly string[], env = process.env): void {
  if (!startedByNpm(env)) return;
  const options = command.options.map(({ long }) => (long ?? "").slice(2));
  const swallowed = options.filter((option) =>
    (NPM_NAMES[option] ?? [option]).some((name) => isFromCommandLine(name, env)),
  );
  if (swallowed.length === 0) return;
  const words = swallowed.map((option) => `--${option}`);
  throw badUsage(
    `npm kept ${words.join(" and ")} for itself. Put "--" before the command, \`npm run lab -- ${argv[0] ?? "up"} … ${words.join(" … ")} …\`, or use the short form, \`scripts/lab\`.`,
  );
}

/** npm passes options of the command line on as variables, and those of `.npmrc` files too. */
function isFromCommandLine(option: string, env: NodeJS.ProcessEnv): boolean {
  const value = env[`npm_config_${option.replaceAll("-", "_")}`];
  if (!value || value === "false") return false;
  const project = path.join(env.npm_config_local_prefix ?? "", ".npmrc");
  return ![env.npm_config_userconfig, env.npm_config_globalconfig, project].some((file) =>
    sets(file, option),
  );
}

function sets(file: string | undefined, option: string): boolean {
  if (!file || !fs.existsSync(file)) return false;
  return new RegExp(`^\\s*${option}\\s*=`, "m").test(fs.readFileSync(file, "utf8"));
}
