/**
 * The command line, `npm run lab -- <command>` or `lab <command>`. It adds convenience and no function: a command first
 * checks what it can without the engine. Then it makes one plain call of `pulumi`, or reads what one left. Each command
 * has a file of its own in `commands/`, which loads what it needs only when it runs.
 */
import { Command, CommanderError } from "commander";
import { bench } from "./commands/bench";
import { bundle } from "./commands/bundle";
import { cache } from "./commands/cache";
import { capture } from "./commands/capture";
import { check } from "./commands/check";
import { completion } from "./commands/completion";
import { diagnoseCommand } from "./commands/diagnose";
import { diff } from "./commands/diff";
import { down } from "./commands/down";
import { importCommand } from "./commands/import";
import { kubeconfig } from "./commands/kubeconfig";
import { leftovers } from "./commands/leftovers";
import { lesson } from "./commands/lesson";
import { observe } from "./commands/observe";
import { report } from "./commands/report";
import { reset } from "./commands/reset";
import { shell } from "./commands/shell";
import { stacks } from "./commands/stacks";
import { status } from "./commands/status";
import { switchCommand } from "./commands/switch";
import { trace } from "./commands/trace";
import { ui } from "./commands/ui";
import { uninstall } from "./commands/uninstall";
import { up } from "./commands/up";
import { verdict } from "./commands/verdict";
import { version } from "./commands/version";
import { BAD_USAGE, EngineFailed, Failure } from "./failure";
import { typed } from "./invocation";
import { DEFAULT_STACK } from "./labs";
import { refuseSwallowed } from "./swallowed";
import { say, widthOf } from "./terminal";

/** In a file without types: it is also needed where no TypeScript can be loaded. */
const { missingPackage } = require("../missing-package.cjs") as {
  missingPackage(error: Error): string | undefined;
};

/** The commands, in the order of the help. */
const COMMANDS = [
  up,
  switchCommand,
  reset,
  observe,
  lesson,
  verdict,
  trace,
  diff,
  report,
  ui,
  bench,
  bundle,
  importCommand,
  diagnoseCommand,
  check,
  shell,
  capture,
  status,
  kubeconfig,
  down,
  leftovers,
  stacks,
  cache,
  uninstall,
  completion,
  version,
];

/** The whole program. */
function program(argv: readonly string[]): Command {
  const all = new Command(typed(""))
    .usage("<command> [options]")
    .description("A Kubernetes networking lab whose Calico encapsulation is one word of stack config.")
    .helpOption("-h, --help", "show this, or the help of a command")
    .helpCommand("help [command]", "show this, or the help of a command")
    .option("-V, --version", "print the versions")
    .addHelpText("after", () => HELP)
    .showHelpAfterError(`(${typed("--help")} shows the commands)`)
    .configureHelp({ helpWidth: Math.min(widthOf(process.stdout), 100) })
    .enablePositionalOptions()
    .exitOverride()
    .hook("preAction", (_, command) => {
      refuseSwallowed(command, argv);
      if (command.opts().verbose) process.env.ENCAPLAB_VERBOSE = "1";
    });
  for (const build of COMMANDS) all.addCommand(build().copyInheritedSettings(all));
  return all;
}

const HELP = `
The default command is up. A command acts on the lab that you name, else on the
only one that is up. Stacks are the files stacks/Pulumi.<stack>.yaml.
\`scripts/lab\` is the short form of \`npm run lab --\`. After
eval "$(scripts/lab env)" it is \`lab\`, and plain Pulumi works, too:
pulumi -s ${DEFAULT_STACK} up
Exit codes: 0 success; 1 verdict and observation disagree, or the engine failed;
2 the command or the config is wrong. Of check: 1 something was found, 2 a
machine could not be looked at. Of diff: 1 something differs. Of diagnose: 1
trouble was found, 2 it could not look.

Examples:
  ${typed("")}
  ${typed("switch IPIP")}
  ${typed("shell w1 ip route")}
  ${typed("down")}`;

/** Runs the command line. The exit code is the process's. */
async function main(argv: readonly string[]): Promise<void> {
  try {
    await program(argv).parseAsync(commandOf(argv), { from: "user" });
  } catch (error) {
    process.exitCode = exitCodeOf(error);
  }
}

/** Without a command: `up`. `--version` is a command, too. */
function commandOf(argv: readonly string[]): string[] {
  const [first = "up", ...rest] = argv;
  return first === "--version" || first === "-V" ? ["version", ...rest] : [first, ...rest];
}

function exitCodeOf(error: unknown): number {
  // Commander has already shown the error, or the help.
  if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : BAD_USAGE;
  if (!(error instanceof Error)) throw error;
  if (error instanceof EngineFailed) return error.exitCode;
  // Not shown by Node, which would print its properties: they are values of the config.
  if (error.name === "ConfigError") {
    say(error.message);
    return BAD_USAGE;
  }
  const missing = missingPackage(error);
  if (missing) say(missing);
  else if (isOfSystem(error)) say(`${error.message}.${REMEDIES[error.code ?? ""] ?? ""}`);
  else if (error instanceof Failure || ["SandboxError", "ClusterError"].includes(error.name))
    say(error.message);
  else throw error;
  return error instanceof Failure ? error.exitCode : 1;
}

/** What the operating system refused, such as a write to a full disk. The message names the file. */
const isOfSystem = (error: Error): error is NodeJS.ErrnoException => "syscall" in error;

/** What to do where the message of the operating system does not say it. */
const REMEDIES: { [code: string]: string | undefined } = {
  ENOSPC: " Make room on that disk, and run the same command again.",
  EDQUOT: " Your quota on that disk is used up: make room, and run the same command again.",
  EROFS: " That disk is mounted read-only; XDG_STATE_HOME and XDG_CACHE_HOME name other folders.",
};

// A reader that has seen enough, such as `head -1`, is no error.
for (const stream of [process.stdout, process.stderr]) {
  stream.on("error", (error: NodeJS.ErrnoException) => {
    if (error.code !== "EPIPE") throw error;
  });
}

void main(process.argv.slice(2));
