/** A shell, or one command, in a node, a pod, router, internet host or fabric of a running twin, or on a machine. */
import { spawn } from "node:child_process";
import { quote } from "../../components/cluster/steps";
import { runScript, type Sandbox } from "../../components/infrastructure/twin/sandbox";
import { scriptPath } from "../../components/scripts";
import { containersOf, deploymentOf, runningTwin } from "./deployment";
import { runHere } from "./engine";
import { machinesOf, remoteShell } from "./remote-shell";
import { prepareEngineFor } from "./setup";
import { noSuchName } from "./spelling";
import { Trailer } from "./trailer";

/** The namespaces of node containers that are no machines. */
export const BELOW_NODES = ["fabric", "router"];

/** Opens a shell on this terminal, or runs the command if there is one, and returns its exit code. */
export async function enter(stack: string, name: string, command: readonly string[]): Promise<number> {
  const deployed = deploymentOf(stack);
  const machines = machinesOf(deployed ?? {});
  const folder = containersOf(deployed);
  if (folder !== undefined && BELOW_NODES.includes(name) && !machines.includes(name))
    return runHere("bash", [scriptPath("containers/run"), folder, "enter", name, ...command]);
  if (machines.length > 0) {
    await prepareEngineFor(stack); // only the engine can decrypt the login
    return remoteShell(stack, machines, name, command);
  }
  const { sandbox } = runningTwin(stack);
  const names = (await runScript(sandbox, "ls /run/netns")).trim().split(/\s+/);
  if (!names.includes(name)) throw noSuchName(stack, name, names);
  if (command.length > 0) return runInside(sandbox, name, command);
  const [program, ...argv] = sandbox.shellArgv(name);
  return runHere(program as string, argv);
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
  const openVswitch = `/run/encaplab/ovs/${name}`; // as in sandbox-shell.rc
  const inside = `ip netns exec ${quote(name)} unshare --uts -- bash -c 'hostname "$1"; shift; exec "$@"' bash`;
  const line = `cd "$HOME"; if [[ -d ${openVswitch} ]]; then export OVS_RUNDIR=${openVswitch}; fi; ${inside} ${[name, ...command].map(quote).join(" ")} </dev/null`;
  return marker ? `${line}\nprintf '\\n%s %s\\n' ${marker} $?` : line;
}
