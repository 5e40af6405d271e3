/** A shell, or one command, in a node, a pod, router, internet host or fabric of a running twin, or on a machine. */
import { spawn } from "node:child_process";
import { quote } from "../../components/cluster/steps";
import { runScript, type Sandbox } from "../../components/infrastructure/twin/sandbox";
import { INTERNET, type LabPlan } from "../../components/plan";
import { deploymentOf, runningTwin } from "./deployment";
import { runHere } from "./engine";
import { badUsage, Failure } from "./failure";
import { typed } from "./invocation";
import { machinesOf, remoteShell } from "./remote-shell";
import { prepareEngine } from "./setup";
import { suggestion } from "./spelling";
import { say } from "./terminal";
import { Trailer } from "./trailer";

/** Opens a shell on this terminal, or runs the command if there is one, and returns its exit code. */
export async function enter(stack: string, name: string, command: readonly string[]): Promise<number> {
  const machines = machinesOf(deploymentOf(stack) ?? {});
  if (machines.length > 0) {
    await prepareEngine(); // only the engine can decrypt the login
    return remoteShell(stack, machines, name, command);
  }
  const { sandbox, plan } = runningTwin(stack);
  const names = (await runScript(sandbox, "ls /run/netns")).trim().split(/\s+/);
  if (!names.includes(name)) {
    names.sort((a, b) => a.localeCompare(b, "en", { numeric: true }));
    throw badUsage(
      `There is no "${name}" in the lab ${stack}. It has: ${names.join(", ")}.${suggestion(name, names)}`,
    );
  }
  if (command.length > 0) {
    if (command[0] === "birdc" && plan) checkBird(plan, name);
    return runInside(sandbox, name, command);
  }
  if (process.stdin.isTTY && plan) say(whatIs(plan, name));
  const [program, ...argv] = sandbox.shellArgv(name);
  return runHere(program as string, argv);
}

/** What a name of the lab stands for, in one sentence. */
export function whatIs(plan: LabPlan, name: string): string {
  for (const node of plan.nodes) {
    const pod = node.pods.find((one) => one.name === name);
    if (pod) return `${name} is a pod of node ${node.name}, with the address ${pod.address}.`;
    if (node.name === name)
      return `${name} is a node (${node.role}) in subnet ${node.subnet}, with the address ${node.address}.`;
  }
  if (name === "router")
    return "router is the gateway between the subnets. It knows nodes, and pods only with podRoutes.";
  if (name === "internet") return `internet is a host outside the lab, ${INTERNET.address}.`;
  return `${name} is the network under the nodes: a bridge for each subnet, and the rules of the ${plan.fabric} fabric.`;
}

/** @throws {Failure} where `birdc` would only say that it cannot connect. */
function checkBird(plan: LabPlan, name: string): void {
  const isNode = plan.nodes.some((node) => node.name === name);
  if (!isNode) throw new Failure(`BIRD runs on the nodes only, and ${name} is none.`, 1);
  if (plan.bgp.enabled) return;
  throw new Failure(
    `${name} runs no BIRD: the lab's config has \`bgp: Disabled\`, and ${plan.encapsulation} needs no BGP. \`${typed("up --config bgp=Enabled")}\` starts it.`,
    1,
  );
}

/** Runs a command without a terminal. Its output is shown as it comes, so that you can watch `tcpdump -l`. */
function runInside(sandbox: Sandbox, name: string, command: readonly string[]): Promise<number> {
  const [program, ...argv] = sandbox.scriptArgv;
  // A QEMU machine has one stream for everything, so there the exit code comes at the end of the output.
  const trailer = sandbox.kind === "machine" ? new Trailer() : undefined;
  const child = spawn(program as string, argv, { stdio: ["pipe", trailer ? "pipe" : "inherit", "inherit"] });
  child.stdout?.on("data", (chunk: Buffer) => process.stdout.write(trailer?.take(chunk) ?? chunk));
  // Ignore Ctrl-C: the command gets it too, because it is in the same foreground process group.
  const stay = () => {};
  process.on("SIGINT", stay);
  child.stdin?.on("error", () => {}); // it ended before it had read everything: its exit code says so
  child.stdin?.end(scriptFor(name, command, trailer?.marker));
  return new Promise((resolve, reject) => {
    child.once("error", reject);
    child.once("close", (code) => {
      process.off("SIGINT", stay);
      process.stdout.write(trailer?.rest() ?? "");
      resolve(trailer ? (trailer.status ?? 1) : (code ?? 130));
    });
  });
}

/** Enters the namespace as sandbox-shell does, so that /sys and the host name are those of that namespace. */
function scriptFor(name: string, command: readonly string[], marker: string | undefined): string {
  const inside = `ip netns exec ${quote(name)} unshare --uts -- bash -c 'hostname "$1"; shift; exec "$@"' bash`;
  const line = `cd "$HOME"; ${inside} ${[name, ...command].map(quote).join(" ")} </dev/null`;
  return marker ? `${line}\nprintf '\\n%s %s\\n' ${marker} $?` : line;
}
