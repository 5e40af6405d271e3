/** Runs node scripts without a node: in user, mount and network namespaces with an /etc, /var/lib, … of their own. */
import { spawn } from "node:child_process";
import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { type StepName, stepScript } from "../../components/cluster/steps";

const SCRIPTS = path.resolve(__dirname, "../../scripts/node");
export type Values = Record<string, string>;

/** The text of one of the scripts, for a test of some of its functions. */
export const source = (name: string) => fs.readFileSync(path.join(SCRIPTS, `${name}.sh`), "utf8");

const quoted = (text: string) => `'${text.replaceAll("'", "'\\''")}'`;

/** The script of a step as it is sent to a node; `body` replaces the step's own files. */
function compose(step: StepName | { body: string }, values: Values): string {
  if (typeof step === "string") return stepScript(step, values);
  const call = 'main "$@" </dev/null\n';
  // Composed by the program itself, with another middle part.
  return `${stepScript("members", values).replace(source("members"), "").replace(call, "")}${step.body}\n${call}`;
}

export interface Ran {
  status: number | null;
  stdout: string;
  stderr: string;
}

export interface RunOptions {
  action?: string;
  /** Bash code to run in the same namespaces before and after the step, with the same standard output and error. */
  before?: string;
  after?: string;
  /** Kills the step's process group with SIGKILL as soon as its standard error matches this. */
  killAt?: RegExp;
  /** Called with the whole standard error each time the step writes to it. */
  listen?: (said: string) => void;
}

export class Sandbox {
  readonly dir = fs.mkdtempSync(path.join(os.tmpdir(), "encaplab-node-"));
  private readonly folders = ["etc", "opt", "var/lib", "var/log", "run"];

  constructor() {
    for (const folder of [...this.folders, "bin"]) fs.mkdirSync(this.path(folder), { recursive: true });
    // iproute2 has the names of protocols, alternatives the link to awk.
    for (const folder of ["iproute2", "alternatives"].filter((name) => fs.existsSync(`/etc/${name}`)))
      fs.cpSync(`/etc/${folder}`, this.path(`etc/${folder}`), { recursive: true, verbatimSymlinks: true });
    this.write("etc/hosts", "127.0.0.1 localhost\n");
    // Stand-ins, because the sandbox is not a machine with systemd.
    this.command("systemctl", `echo "systemctl $*" >>${quoted(this.path("calls"))}`);
    this.command("systemd-detect-virt", "exit 1");
  }

  path(name: string): string {
    return path.join(this.dir, name);
  }

  write(name: string, text: string): void {
    fs.mkdirSync(path.dirname(this.path(name)), { recursive: true });
    fs.writeFileSync(this.path(name), text);
  }

  read(name: string): string {
    return this.exists(name) ? fs.readFileSync(this.path(name), "utf8") : "";
  }

  exists(name: string): boolean {
    return fs.existsSync(this.path(name));
  }

  /** Replaces a command of the machine. */
  command(name: string, body: string): void {
    this.write(`bin/${name}`, `#!/usr/bin/env bash\n${body}\n`);
    fs.chmodSync(this.path(`bin/${name}`), 0o755);
  }

  /** The lines that the stand-ins have written to `calls`. */
  calls(): string[] {
    return this.read("calls").split("\n").filter(Boolean);
  }

  run(step: StepName | { body: string }, values: Values, options: RunOptions = {}): Promise<Ran> {
    const { action = "create", before = "", after = "", killAt, listen } = options;
    const system = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
    const PATH = `${this.path("bin")}:${system}`;
    const mounts = this.folders.map((folder) => `mount --bind ${quoted(this.path(folder))} /${folder}\n`);
    const script = [
      "set -e\n",
      ...mounts,
      `export PATH=${quoted(PATH)}\nip link set lo up\n`,
      `${before}\n`,
      `status=0; bash -s -- ${action} || status=$?\n`,
      `${after}\n`,
      "exit $status\n",
    ].join("");
    const argv = ["--user", "--map-root-user", "--mount", "--net", "bash", "-c", script];
    const child = spawn("unshare", argv, { stdio: ["pipe", "pipe", "pipe"], detached: true });
    const ran: Ran = { status: null, stdout: "", stderr: "" };
    child.stdout.setEncoding("utf8").on("data", (text: string) => {
      ran.stdout += text;
    });
    child.stderr.setEncoding("utf8").on("data", (text: string) => {
      ran.stderr += text;
      listen?.(ran.stderr);
      if (killAt?.test(ran.stderr) && child.pid && child.exitCode === null)
        process.kill(-child.pid, "SIGKILL");
    });
    child.stdin.on("error", () => {}); // a killed step no longer reads
    child.stdin.end(compose(step, { PATH, ...values }));
    return new Promise((resolve) => child.on("close", (status) => resolve({ ...ran, status })));
  }

  remove(): void {
    fs.rmSync(this.dir, { recursive: true, force: true });
  }
}
