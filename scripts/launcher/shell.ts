/** A shell, or one command, in a node, a pod, the router, the internet host or the fabric of a twin that is up, or on a machine. */
import { spawn } from "node:child_process";
import { type Realm, runScript } from "../../components/infrastructure/twin/realm";
import { deploymentOf, runningTwin } from "./deployment";
import { runHere } from "./engine";
import { badUsage } from "./failure";
import { machinesOf, remoteShell } from "./remote-shell";
import { Trailer } from "./trailer";

/** Opens a shell on this terminal, or runs the command when one is given, and returns its exit code. */
export async function shell(stack: string, place: string, command: readonly string[]): Promise<number> {
  const machines = machinesOf(deploymentOf(stack) ?? {});
  if (machines.length > 0) return remoteShell(stack, machines, place, command);
  const { realm } = runningTwin(stack);
  const places = (await runScript(realm, "ls /run/netns")).trim().split(/\s+/);
  if (!places.includes(place)) {
    places.sort((a, b) => a.localeCompare(b, "en", { numeric: true }));
    throw badUsage(`There is no "${place}" in the lab ${stack}. There is: ${places.join(", ")}.`);
  }
  if (command.length > 0) return runInside(realm, place, command);
  const [program, ...argv] = realm.shellArgv(place);
  return runHere(program as string, argv);
}

/** Runs a command without a terminal. What it writes is shown as it comes, so that `tcpdump -l` can be watched. */
function runInside(realm: Realm, place: string, command: readonly string[]): Promise<number> {
  const [program, ...argv] = realm.scriptArgv;
  // A machine has one stream for everything: there the exit code comes at the end of the output.
  const trailer = realm.kind === "machine" ? new Trailer() : undefined;
  const child = spawn(program as string, argv, { stdio: ["pipe", trailer ? "pipe" : "inherit", "inherit"] });
  child.stdout?.on("data", (chunk: Buffer) => process.stdout.write(trailer?.take(chunk) ?? chunk));
  // Ctrl-C is the command's: it is in our terminal's foreground group as we are.
  const stay = () => {};
  process.on("SIGINT", stay);
  child.stdin?.on("error", () => {}); // it ended before it had read: its exit code says so
  child.stdin?.end(scriptFor(place, command, trailer?.marker));
  return new Promise((resolve, reject) => {
    child.once("error", reject);
    child.once("close", (code) => {
      process.off("SIGINT", stay);
      process.stdout.write(trailer?.rest() ?? "");
      resolve(trailer ? (trailer.status ?? 1) : (code ?? 130));
    });
  });
}

/** The same way in as realm-shell's, so that /sys and the host's name are the place's own. */
function scriptFor(place: string, command: readonly string[], marker: string | undefined): string {
  const inside = `ip netns exec ${quote(place)} unshare --uts -- bash -c 'hostname "$1"; shift; exec "$@"' bash`;
  const line = `cd "$HOME"; ${inside} ${[place, ...command].map(quote).join(" ")} </dev/null`;
  return marker ? `${line}\nprintf '\\n%s %s\\n' ${marker} $?` : line;
}

const quote = (word: string): string => `'${word.replaceAll("'", `'\\''`)}'`;
