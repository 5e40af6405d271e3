/** Running a bash script inside a realm, of either kind. */
import { spawn } from "node:child_process";
import { randomUUID } from "node:crypto";
import { lastLines, RealmError } from "./error";

/**
 * Runs a bash script as root inside the realm and returns what it wrote to standard output. `scriptArgv` is the
 * realm's. The script's own standard input is `input`, or empty. Any number may run side by side, of any size.
 *
 * Errors: a RealmError with the exit code and the last lines of standard error when the script exits with anything
 * but 0; one without an exit code when it could not be run (the realm is gone).
 */
export async function runScript(
  realm: { scriptArgv: string[] },
  script: string,
  input?: string,
): Promise<string> {
  const [command, ...argv] = realm.scriptArgv;
  const child = spawn(command as string, argv, { stdio: ["pipe", "pipe", "pipe"] });
  const marker = randomUUID();
  const trailer = new RegExp(`\\n${marker} (\\d+)\\n(.*)\\n$`);
  const out: Buffer[] = [];
  const err: Buffer[] = [];
  // A script that exits early closes its input while we still write: its exit code tells what happened, not EPIPE.
  child.stdin.on("error", () => {});
  child.stderr.on("data", (chunk: Buffer) => err.push(chunk));
  const how = await new Promise<string>((resolve, reject) => {
    let ended = "ended";
    child.stdout.on("data", (chunk: Buffer) => {
      out.push(chunk);
      // The trailer is the end, not "close": a daemon that the script left behind may hold its output open for good.
      if (trailer.test(tail(out))) resolve(ended);
    });
    child.once("error", (error) => reject(new RealmError(`cannot run ${command}: ${error.message}`)));
    child.once("exit", (code, signal) => {
      ended = signal ? `was ended by ${signal}` : `ended with exit code ${code}`;
    });
    child.once("close", () => resolve(ended));
    child.stdin.end(wrap(script, marker, input));
  });
  child.stdout.destroy();
  child.stderr.destroy();
  child.kill(); // a connection into a machine would stay for as long as such a daemon

  const stdout = Buffer.concat(out).toString();
  const stderr = Buffer.concat(err).toString();
  const found = trailer.exec(stdout.slice(-TRAILER_LIMIT));
  if (!found)
    throw new RealmError(`the realm did not answer: ${command} ${how}\n${lastLines(stderr)}`.trimEnd());
  const [whole, status, encoded] = found;
  if (status === "0") return stdout.slice(0, -whole.length);
  const said = lastLines(Buffer.from(encoded ?? "", "base64").toString() + stderr);
  throw new RealmError(
    `a script in the twin failed with exit code ${status}\n${said}`.trimEnd(),
    Number(status),
    said,
  );
}

/** Bytes that certainly hold the whole trailer: 64 KiB of standard error in base64, and some. */
const TRAILER_LIMIT = 100_000;

/** The end of what was collected, as text. */
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
 * The script, followed by a line with its exit code and, when it failed, its standard error. They travel on standard
 * output because one kind of realm has a single byte stream and nothing else. The script is a here-document: bash takes
 * six times as long over the same text as a quoted word. No program is started where all goes well: in a machine under
 * emulation each costs a tenth of a second. So the file of standard error stays, and the next shell of that number
 * writes it anew.
 */
function wrap(script: string, marker: string, input?: string): string {
  const source =
    input === undefined ? "< /dev/null" : `< <(base64 -d <<< ${Buffer.from(input).toString("base64")})`;
  return [
    `IFS= read -r -d '' realm_script <<'${marker}'`,
    script,
    marker,
    "realm_errors=/run/encaplab/errors/$$",
    `( eval "$realm_script" ) ${source} 2> "$realm_errors"`,
    "realm_status=$?",
    '(( realm_status )) && realm_said=$(tail -c 65536 "$realm_errors" | base64 -w 0)',
    `printf '\\n%s %s\\n%s\\n' ${marker} "$realm_status" "\${realm_said-}"`,
  ].join("\n");
}
