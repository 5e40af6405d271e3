/** Runs a bash script inside a sandbox, of either kind. */
import { spawn } from "node:child_process";
import { randomUUID } from "node:crypto";
import { lastLines, SandboxError } from "./error";

/**
 * Runs a bash script as root inside the sandbox and returns its standard output. Scripts may be of any size, and any
 * number may run at the same time.
 *
 * @param input the script's standard input. Default: empty.
 * @throws {SandboxError} with the exit code and the last lines of standard error when the script exits with anything but
 *   0; without an exit code when it could not be run (the sandbox is gone).
 */
export async function runScript(
  sandbox: { scriptArgv: string[] },
  script: string,
  input?: string,
): Promise<string> {
  const [command, ...argv] = sandbox.scriptArgv;
  const child = spawn(command as string, argv, { stdio: ["pipe", "pipe", "pipe"] });
  const marker = randomUUID();
  const trailer = new RegExp(`\\n${marker} (\\d+)\\n(.*)\\n$`);
  const out: Buffer[] = [];
  const err: Buffer[] = [];
  // Ignore EPIPE: a script that exits early closes its input while we still write, and its exit code says what
  // happened.
  child.stdin.on("error", () => {});
  child.stderr.on("data", (chunk: Buffer) => err.push(chunk));
  const how = await new Promise<string>((resolve, reject) => {
    let ended = "ended";
    child.stdout.on("data", (chunk: Buffer) => {
      out.push(chunk);
      // Wait for the trailer, not for "close": a daemon that the script has started may keep its output open forever.
      if (trailer.test(tail(out))) resolve(ended);
    });
    child.once("error", (error) => reject(new SandboxError(`cannot run ${command}: ${error.message}`)));
    child.once("exit", (code, signal) => {
      ended = signal ? `was ended by ${signal}` : `ended with exit code ${code}`;
    });
    child.once("close", () => resolve(ended));
    child.stdin.end(wrap(script, marker, input));
  });
  child.stdout.destroy();
  child.stderr.destroy();
  child.kill(); // otherwise a connection into a machine would stay as long as such a daemon

  const stdout = Buffer.concat(out).toString();
  const stderr = Buffer.concat(err).toString();
  const found = trailer.exec(stdout.slice(-TRAILER_LIMIT));
  if (!found)
    throw new SandboxError(`the sandbox did not answer: ${command} ${how}\n${lastLines(stderr)}`.trimEnd());
  const [whole, status, encoded] = found;
  if (status === "0") return stdout.slice(0, -whole.length);
  const said = lastLines(Buffer.from(encoded ?? "", "base64").toString() + stderr);
  throw new SandboxError(
    `a script in the twin failed with exit code ${status}\n${said}`.trimEnd(),
    Number(status),
    said,
  );
}

/** Bytes that always contain the whole trailer: 64 KiB of standard error in base64, and some more. */
const TRAILER_LIMIT = 100_000;

/** The end of the collected output, as text. */
function tail(chunks: Buffer[]): string {
  const last: Buffer[] = [];
  let size = 0;
  for (let i = chunks.length - 1; i >= 0 && size < TRAILER_LIMIT; i--) {
    const chunk = chunks[i] as Buffer;
    last.unshift(chunk);
    size += chunk.length;
  }
  return Buffer.concat(last).subarray(-TRAILER_LIMIT).toString();
}

/**
 * The script, followed by a line with its exit code and, if it failed, its standard error. Both go to standard output,
 * because one kind of sandbox has only a single byte stream. The script is a here-document: bash takes six times as long
 * to read the same text as a quoted word. If all goes well, no program is started, because in a machine under emulation
 * each costs a tenth of a second. That is why the file with standard error stays; the next shell with the same pid
 * overwrites it.
 */
function wrap(script: string, marker: string, input?: string): string {
  const source =
    input === undefined ? "< /dev/null" : `< <(base64 -d <<< ${Buffer.from(input).toString("base64")})`;
  return [
    `IFS= read -r -d '' sandbox_script <<'${marker}'`,
    script,
    marker,
    "sandbox_errors=/run/encaplab/errors/$$",
    `( eval "$sandbox_script" ) ${source} 2> "$sandbox_errors"`,
    "sandbox_status=$?",
    '(( sandbox_status )) && sandbox_said=$(tail -c 65536 "$sandbox_errors" | base64 -w 0)',
    `printf '\\n%s %s\\n%s\\n' ${marker} "$sandbox_status" "\${sandbox_said-}"`,
  ].join("\n");
}
