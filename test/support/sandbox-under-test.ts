/** A sandbox that all tests of a suite share, and programs that start sandboxes in other processes. */
import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { type Sandbox, startSandbox, stopSandbox } from "../../components/infrastructure/twin/sandbox";
import { REPOSITORY } from "./repository";

const MODULE = path.join(REPOSITORY, "components/infrastructure/twin/sandbox");
/** The user nobody, with no other group. */
export const NOBODY = { id: 65534, argv: ["--reuid=65534", "--regid=65534", "--clear-groups"] } as const;

/** A suite's sandbox, in a temporary folder. */
export class SandboxUnderTest {
  /** For whatever the tests make; removed after the suite. */
  base = "";
  sandbox!: Sandbox;
  /** What was said while it started. */
  readonly progress: string[] = [];

  private constructor() {}

  /** Registers the hooks that start the sandbox before a suite's tests and stop it after them. Call it in `describe`. */
  static forSuite(kind: Sandbox["kind"]): SandboxUnderTest {
    const made = new SandboxUnderTest();
    before(async () => {
      made.base = fs.realpathSync(fs.mkdtempSync(path.join(os.tmpdir(), `encaplab-${kind}-`)));
      made.sandbox = await startSandbox(made.folder, kind, (line) => made.progress.push(line));
    });
    after(async () => {
      await stopSandbox(made.folder);
      fs.rmSync(made.base, { recursive: true, force: true });
    });
    return made;
  }

  /** The sandbox's own folder. */
  get folder(): string {
    return this.path("lab");
  }

  /** A path in {@link base}. */
  path(name: string): string {
    return path.join(this.base, name);
  }

  /**
   * Starts a process of its own that starts another sandbox. It prints `go` before the first step, then the progress.
   * @param folder of the other sandbox.
   */
  starter(folder: string): ChildProcess {
    const script = this.path("starter.ts");
    fs.writeFileSync(
      script,
      `import { startSandbox } from ${JSON.stringify(MODULE)};
       process.stdout.write("go\\n");
       void startSandbox(process.argv[2] as string, ${JSON.stringify(this.sandbox.kind)}, (line) => console.log(line));`,
    );
    return spawn(process.execPath, ["--import", "tsx", script, folder], { cwd: REPOSITORY });
  }

  /**
   * Starts a sandbox as the user nobody, runs a script in it, and stops it.
   * @param home a folder for everything that it makes: its home, its cache and the sandbox's folder.
   * @returns what the script printed.
   */
  asNobody(home: string, script: string): string {
    const program = path.join(home, "program.ts");
    fs.writeFileSync(
      program,
      `import { runScript, startSandbox, stopSandbox } from ${JSON.stringify(MODULE)};
       const folder = process.argv[2] as string;
       void (async () => {
         const sandbox = await startSandbox(folder, ${JSON.stringify(this.sandbox.kind)});
         process.stdout.write(await runScript(sandbox, ${JSON.stringify(script)}));
         await stopSandbox(folder);
       })();`,
    );
    execFileSync("chown", ["-R", `${NOBODY.id}:${NOBODY.id}`, home]);
    const argv = [...NOBODY.argv, process.execPath, "--import", "tsx", program, path.join(home, "lab")];
    const env = { PATH: process.env.PATH, HOME: home, TMPDIR: home, XDG_CACHE_HOME: home };
    return execFileSync("setpriv", argv, { cwd: REPOSITORY, env, encoding: "utf8" });
  }
}

/** Whether this process may become another user. */
export const isRoot = (): boolean => process.getuid?.() === 0;
