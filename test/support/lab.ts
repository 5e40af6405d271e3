/** A lab under test, with the real engine: a copy of the checkout, with its own state, cache and home. */
import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import {
  chmodSync,
  chownSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { stringify } from "yaml";
import type { RawConfig } from "./problems";

const ROOT = resolve(__dirname, "../..");

/** What a copy of the checkout needs to be a Pulumi project. */
const PROJECT = ["Pulumi.yaml", "package.json", "tsconfig.json", "index.ts", "components", "scripts"];

/** The folder of the engine that the launcher would use. */
export function engineFolder(): string {
  const said = execFileSync("bash", [join(ROOT, "scripts/engine/find")], {
    encoding: "utf8",
    stdio: ["ignore", "pipe", "inherit"],
  });
  return said.trim().split("\n").at(-1) as string;
}

/**
 * A copy of the engine that every user may read, because a cache in root's home is only for root. Remove `own`
 * afterwards.
 */
export function readableEngine(engine: string): { own: string; readable: string } {
  const own = mkdtempSync(join(tmpdir(), "encaplab-engine-"));
  chmodSync(own, 0o755);
  const readable = join(own, "bin");
  cpSync(engine, readable, { recursive: true, dereference: true });
  return { own, readable };
}

/** The result of a run of the engine. */
export interface Run {
  status: number | null;
  output: string;
  /** What the engine did to each resource, by its name: `same`, `create`, `update`, `delete`, … */
  ops: Record<string, string>;
  /** How many resources had each operation, as in the engine's own summary. */
  changes: Record<string, number>;
}

/** A user of this machine. */
export interface User {
  uid: number;
}

/** A stack of its own, in a project of its own. */
export class Lab {
  /** The copy of the checkout. */
  readonly project: string;
  readonly stateHome: string;
  protected readonly env: NodeJS.ProcessEnv;
  private runs = 0;

  /** @param base the lab's own folder, removed by {@link clear}. */
  constructor(
    readonly stack: string,
    engine: string,
    private readonly user?: User,
    readonly base = realpathSync(mkdtempSync(join(tmpdir(), `encaplab-lab-${stack}-`))),
  ) {
    this.project = join(base, "project");
    this.stateHome = join(base, "state");
    for (const folder of [this.project, this.stateHome, join(base, "backend"), join(base, "home")])
      mkdirSync(folder);
    for (const file of PROJECT) cpSync(join(ROOT, file), join(this.project, file), { recursive: true });
    mkdirSync(join(this.project, "stacks"));
    symlinkSync(join(ROOT, "node_modules"), join(this.project, "node_modules"));
    if (user) execFileSync("chown", ["-R", "-h", `${user.uid}:${user.uid}`, base]);
    this.env = {
      PATH: `${engine}:${process.env.PATH}:/usr/sbin:/sbin`,
      HOME: join(base, "home"),
      USER: "somebody", // a uid without an entry in the user database has no name of its own
      TMPDIR: base,
      PULUMI_HOME: join(base, "home/.pulumi"),
      PULUMI_BACKEND_URL: `file://${join(base, "backend")}`,
      PULUMI_CONFIG_PASSPHRASE: "",
      PULUMI_SKIP_UPDATE_CHECK: "true",
      PULUMI_DEBUG_COMMANDS: "true", // for --event-log
      XDG_STATE_HOME: this.stateHome,
      ...(process.env.XDG_CACHE_HOME && { XDG_CACHE_HOME: process.env.XDG_CACHE_HOME }),
    };
  }

  async init(): Promise<void> {
    this.must(await this.pulumi("stack", "init", this.stack, "--no-select"));
  }

  /** Writes the stack's file. */
  configure(raw: RawConfig): void {
    const config = Object.fromEntries(Object.entries(raw).map(([key, value]) => [`encaplab:${key}`, value]));
    const file = join(this.project, "stacks", `Pulumi.${this.stack}.yaml`);
    writeFileSync(file, stringify({ config }));
    if (this.user) chownSync(file, this.user.uid, this.user.uid); // the engine writes to it too
  }

  /** Starts the engine in a process group of its own. */
  start(...argv: string[]): ChildProcess {
    const [command, ...words] = [...(this.user ? this.asUser(this.user) : []), "pulumi", ...argv];
    return spawn(command as string, words, {
      cwd: this.project,
      env: this.env,
      detached: true,
      stdio: ["ignore", "pipe", "pipe"],
    });
  }

  private asUser({ uid }: User): string[] {
    return ["setpriv", `--reuid=${uid}`, `--regid=${uid}`, "--clear-groups"];
  }

  async pulumi(...argv: string[]): Promise<Run> {
    const log = join(this.base, `events-${++this.runs}`);
    const isUpdate = ["up", "destroy"].includes(argv[0] ?? "");
    const child = this.start(
      ...argv,
      "--non-interactive",
      ...(argv[0] === "stack" && argv[1] === "init" ? [] : ["-s", this.stack]),
      ...(isUpdate ? ["--yes", "--skip-preview", "--event-log", log] : []),
    );
    let output = "";
    for (const stream of [child.stdout, child.stderr])
      stream?.on("data", (chunk: Buffer) => {
        output += chunk.toString();
      });
    const status = await new Promise<number | null>((done) => child.once("close", done));
    return { status, output, ...(isUpdate ? eventsOf(log) : { ops: {}, changes: {} }) };
  }

  async up(): Promise<Run> {
    return this.must(await this.pulumi("up"));
  }

  async destroy(): Promise<Run> {
    return this.must(await this.pulumi("destroy"));
  }

  /** Removes the lock that a killed engine has left, as the launcher does. */
  async cancel(): Promise<void> {
    await this.pulumi("cancel", "--yes"); // fails if there is no lock, which is fine
  }

  async outputs(): Promise<{
    observation: { agrees: boolean; notConverged: string[] };
    encapsulation: string;
  }> {
    return JSON.parse(this.must(await this.pulumi("stack", "output", "--json")).output);
  }

  private must(run: Run): Run {
    if (run.status !== 0) throw new Error(`pulumi ended with exit code ${run.status}:\n${run.output}`);
    return run;
  }

  /** Folder of the lab's sandbox; undefined if there is none. */
  get folder(): string | undefined {
    const twins = join(this.stateHome, "encaplab/twins");
    const [name] = existsSync(twins) ? readdirSync(twins) : [];
    return name && join(twins, name);
  }

  clear(): void {
    rmSync(this.base, { recursive: true, force: true });
  }
}

interface Event {
  resourcePreEvent?: { metadata: { op: string; urn: string } };
  summaryEvent?: { resourceChanges?: Record<string, number> };
}

function eventsOf(file: string): Pick<Run, "ops" | "changes"> {
  const lines = existsSync(file) ? readFileSync(file, "utf8").split("\n") : [];
  const events = lines.filter((line) => line.startsWith("{")).map((line) => JSON.parse(line) as Event);
  const ops = events.flatMap(({ resourcePreEvent: event }) =>
    event ? [[event.metadata.urn.split("::").at(-1), event.metadata.op]] : [],
  );
  const summary = events.findLast(({ summaryEvent }) => summaryEvent)?.summaryEvent?.resourceChanges ?? {};
  return { ops: Object.fromEntries(ops), changes: summary };
}
