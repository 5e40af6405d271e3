/**
 * The launcher, `npm run lab -- <command>`. It adds convenience and no function: a command first checks what it can
 * without the engine. Then it makes one plain call of `pulumi`, or reads what one left. scripts/lab does the set-up.
 */
import { Command, CommanderError } from "commander";
import { BAD_USAGE, badUsage, Failure } from "./failure";
import type * as lifecycle from "./lifecycle";

const DEFAULT_STACK = "local";

interface Options {
  stack?: string;
  yes?: boolean;
  json?: boolean;
  config?: string[];
  restartPods?: boolean;
}

// Load only the code of the command that runs: `verdict` answers sooner without the twin's code.
const load = {
  lifecycle: () => require("./lifecycle") as typeof lifecycle,
  observe: () => require("./observe") as typeof import("./observe"),
  verdict: () => require("./verdict") as typeof import("./verdict"),
  shell: () => require("./shell") as typeof import("./shell"),
  leftovers: () => require("./leftovers") as typeof import("./leftovers"),
  kubeconfig: () => require("./kubeconfig") as typeof import("./kubeconfig"),
  status: () => require("./status") as typeof import("./status"),
  stackFile: () => require("./stack-file") as typeof import("./stack-file"),
};

/** Adds a command. A command on a stack takes the stack's name as an argument or after --stack. */
function word(program: Command, syntax: string, summary: string, details: string, example: string): Command {
  return program
    .command(syntax)
    .summary(summary)
    .description(details)
    .addHelpText("after", `\nExample:\n  npm run lab -- ${example.replaceAll("\n", "\n  npm run lab -- ")}`)
    .showHelpAfterError("(--help shows the options and an example)");
}

const withStack = (command: Command): Command =>
  command.option("-s, --stack <stack>", "the stack, stacks/Pulumi.<stack>.yaml", undefined);
const withYes = (command: Command): Command =>
  command.option("-y, --yes", "answer yes to the engine's question; on the twin there is none");

function stackOf(named: string | undefined, { stack }: Options): string {
  if (named && stack && named !== stack) {
    throw badUsage(`Which stack: ${named}, or ${stack} (--stack)? Name only one.`);
  }
  return named ?? stack ?? DEFAULT_STACK;
}

/** The whole program. `exit` gets the exit code of the command that ran. */
function launcher(exit: (code: number) => void): Command {
  const program = new Command("npm run lab --")
    .usage("<command> [options]")
    .description("A Kubernetes networking lab whose Calico encapsulation is one word of stack config.")
    .helpOption("-h, --help", "show this, or the help of a command")
    .helpCommand("help [command]", "show this, or the help of a command")
    .addHelpText(
      "after",
      `
The default command is up. Stacks are the files stacks/Pulumi.<stack>.yaml; the default stack is ${DEFAULT_STACK}.
Every command is plain Pulumi underneath: eval "$(scripts/lab env)" && pulumi -s ${DEFAULT_STACK} up
Exit codes: 0 success; 1 verdict and observation disagree, or the engine failed; 2 the command or the config is wrong.

Example:
  npm run lab
  npm run lab -- switch IPIP
  npm run lab -- shell w1 -- ip route
  npm run lab -- down`,
    )
    .showHelpAfterError("(npm run lab -- --help shows the commands)")
    .exitOverride();

  withYes(
    withStack(
      word(
        program,
        "up [stack]",
        "bring the lab up, or apply its changed config (the default command)",
        "Checks the stack's config, creates the stack if there is none, and runs `pulumi up`, which shows the verdict, builds, measures every pair of pods, and fails when verdict and observation disagree.",
        "up\nup L12",
      ),
    ),
  ).action(async (stack, options) => exit(await load.lifecycle().up(stackOf(stack, options), options.yes)));

  withYes(
    withStack(
      word(
        program,
        "switch <encapsulation>",
        "run the lab with another encapsulation",
        "Sets `encapsulation` in the stack's file and runs `pulumi up`: IPIP, IPIPCrossSubnet, VXLAN, VXLANCrossSubnet or None. Nothing is replaced. On a cluster, pods keep their old MTU until they are restarted; the command then lists these pods and says how to restart them.",
        "switch IPIPCrossSubnet\nswitch VXLAN --stack containers --restart-pods",
      ),
    ),
  )
    .option("--restart-pods", "then restart the study's pods of a cluster, never your own")
    .action(async (encapsulation, options: Options) =>
      exit(await load.lifecycle().switchTo(stackOf(undefined, options), encapsulation, options)),
    );

  withStack(
    word(
      program,
      "observe [stack]",
      "measure the lab again, without changing it",
      "Sends every pair's packets again and shows what arrived, next to the verdict. Exit code 1 when they disagree.",
      "observe\nobserve --json",
    ),
  )
    .option("--json", "print the observation as JSON")
    .action(async (stack, options) =>
      exit(await load.observe().observeAgain(stackOf(stack, options), options.json === true)),
    );

  withStack(
    word(
      program,
      "verdict [stack]",
      "predict every path, also with other values; writes nothing",
      "Predicts every path from the stack's file, in a moment and without the engine. A key may be a path; a value is text, JSON or YAML in flow style.",
      "verdict local --config encapsulation=None fabric=aws\nverdict L11 --config podRoutes=true --config 'faults=[source-dest-check]'",
    ),
  )
    .option("-c, --config <key=value...>", "predict as if the stack's file had these values")
    .option("--json", "print the verdict as JSON")
    .action((stack, options: Options) =>
      exit(load.verdict().showVerdict(stackOf(stack, options), options.config ?? [], options.json === true)),
    );

  withStack(
    word(
      program,
      "shell <place> [command...]",
      "open a shell in a node, a pod, router, internet or fabric",
      "Opens a shell in that network namespace of the twin, or on that machine of a cluster. With a command after `--`, runs it there and returns its exit code.",
      "shell w1\nshell w1-1 -- ping -c 1 172.16.0.1\nshell router -- tcpdump -lni any udp port 4789",
    ),
  ).action(async (place, command, options) =>
    exit(await load.shell().shell(stackOf(undefined, options), place, command)),
  );

  withStack(
    word(
      program,
      "status [stack]",
      "show what is up, what was measured, and what to do next",
      "Shows the lab without changing it. Also says whether the last run failed or was interrupted, and where the stack's file differs from what is up.",
      "status",
    ),
  ).action((stack, options) => exit(load.status().showStatus(stackOf(stack, options))));

  withStack(
    word(
      program,
      "kubeconfig [stack]",
      "print the cluster's kubeconfig on standard output",
      "Prints what kubectl needs to administer the lab's cluster, as soon as it has a control plane, even while `up` still runs. It is a secret: keep the file to yourself. `npm run -s` keeps npm's own lines out of it.",
      "kubeconfig containers > kubeconfig",
    ),
  ).action((stack, options) => exit(load.kubeconfig().printKubeconfig(stackOf(stack, options))));

  withYes(
    withStack(
      word(
        program,
        "down [stack]",
        "take the lab down and leave nothing behind",
        "Runs `pulumi destroy`, also after a run was killed or the machine was restarted, and leaves the stack's file as it was.",
        "down\ndown L12",
      ),
    ),
  ).action(async (stack, options) => exit(await load.lifecycle().down(stackOf(stack, options), options.yes)));

  withStack(
    word(
      program,
      "leftovers [stack]",
      "list what a stack still has on its cloud",
      "Asks the cloud itself, not the state, for everything with the stack's tags, for example after a `down`. Exit code 1 if there is anything.",
      "leftovers aws",
    ),
  ).action(async (stack, options) => exit(await load.leftovers().showLeftovers(stackOf(stack, options))));

  word(
    program,
    "stacks",
    "list the stacks",
    "Lists every file stacks/Pulumi.<stack>.yaml with its first line.",
    "stacks",
  ).action(() => {
    const { stackNames, firstComment } = load.stackFile();
    const names = stackNames();
    const width = Math.max(...names.map(({ length }) => length));
    for (const name of names) console.log(`${name.padEnd(width)}  ${firstComment(name)}`);
    exit(0);
  });
  return program;
}

/** Runs the command line and returns the exit code. */
async function main(argv: readonly string[]): Promise<number> {
  let status = 0;
  const program = launcher((code) => {
    status = code;
  });
  try {
    await program.parseAsync(argv.length > 0 ? argv : ["up"], { from: "user" });
    return status;
  } catch (error) {
    // Commander has already shown the error, or the help.
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : BAD_USAGE;
    if (error instanceof Failure) return complain(error, error.exitCode);
    if (error instanceof Error && error.name === "SandboxError") return complain(error, 1);
    throw error;
  }
}

function complain({ message }: Error, exitCode: number): number {
  console.error(message);
  return exitCode;
}

main(process.argv.slice(2)).then((status) => {
  process.exitCode = status;
});
