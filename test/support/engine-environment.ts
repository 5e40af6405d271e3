/**
 * Where a test runs the engine: a folder with a copy of the checkout and with its own home, state and backend, so that
 * tests do not meet each other's labs or the user's.
 */
import { execFileSync, spawn } from "node:child_process";
import { cpSync, existsSync, mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync } from "node:fs";
import { homedir, tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { REPOSITORY } from "./repository";
import { Running } from "./running";

/** A user of this machine. */
export interface User {
  uid: number;
}

/** How an environment differs from the usual one. */
export interface EnvironmentOptions {
  /** Folders that come first on PATH, e.g. the engine's and those of plug-ins. Default: none. */
  path?: readonly string[];
  /** Who runs its programs. Default: the user who runs the tests. */
  user?: User;
}

/** What the engine needs besides a backend when a test runs it directly. The launcher sets it for its users. */
export const ENGINE_SETTINGS = {
  PULUMI_CONFIG_PASSPHRASE: "",
  PULUMI_SKIP_UPDATE_CHECK: "true",
  PULUMI_DEBUG_COMMANDS: "true", // for --event-log
};

/** The user's own cache, with the engine, the node layer and the machine's image. */
export const userCache = (): string => process.env.XDG_CACHE_HOME || join(homedir(), ".cache");

/** A folder of its own in which the engine, or the launcher with the engine, can run. */
export class EngineEnvironment {
  /** Has everything of this environment. {@link remove} removes it. */
  readonly root: string;
  /** The programs' `XDG_STATE_HOME`. */
  readonly stateHome: string;
  /** Folder of the backend: where the launcher has its own. Does not exist before the first use. */
  readonly state: string;
  /** The copy of the checkout; empty until {@link copyCheckout}. */
  readonly folder: string;
  /** The programs' environment: this process's own, without Pulumi's settings and with other folders. */
  readonly env: NodeJS.ProcessEnv;
  private readonly user?: User;

  /** @param name is part of the root folder's name. */
  constructor(name: string, { path = [], user }: EnvironmentOptions = {}) {
    this.root = realpathSync(mkdtempSync(join(tmpdir(), `encaplab-${name}-`)));
    this.folder = join(this.root, "checkout");
    this.stateHome = join(this.root, "state");
    this.state = join(this.stateHome, "encaplab/pulumi");
    this.user = user;
    const [home, temporary] = [join(this.root, "home"), join(this.root, "tmp")];
    for (const folder of [this.folder, this.stateHome, home, temporary]) mkdirSync(folder);
    const inherited = Object.entries(process.env).filter(([name]) => !name.startsWith("PULUMI_"));
    this.env = {
      ...Object.fromEntries(inherited),
      PATH: [...path, process.env.PATH, "/usr/sbin", "/sbin"].join(delimiter),
      HOME: home,
      TMPDIR: temporary,
      // Root's cache is only for root.
      XDG_CACHE_HOME: user ? join(home, ".cache") : userCache(),
      XDG_STATE_HOME: this.stateHome,
      PULUMI_BACKEND_URL: `file://${this.state}`,
      ...(user && { USER: "somebody" }), // a uid without an entry in the user database has no name of its own
    };
    this.own();
  }

  /** Copies the files of the checkout, with uncommitted changes and without the tests, and links its packages. */
  protected copyCheckout(): void {
    const listed = execFileSync("git", ["ls-files", "-z", "--cached", "--others", "--exclude-standard"], {
      cwd: REPOSITORY,
      encoding: "utf8",
    });
    for (const file of listed.split("\0")) {
      const from = join(REPOSITORY, file);
      // A listed file may have been deleted.
      if (file === "" || file.startsWith("test/") || !existsSync(from)) continue;
      cpSync(from, join(this.folder, file));
    }
    symlinkSync(join(REPOSITORY, "node_modules"), join(this.folder, "node_modules"));
    this.own();
  }

  /** Makes the backend's folder, which plain `pulumi` does not do. */
  protected makeBackend(): void {
    mkdirSync(this.state, { recursive: true });
    this.own();
  }

  /** Gives a file, or everything, to the environment's user. */
  protected own(path = this.root): void {
    if (this.user) execFileSync("chown", ["-R", "-h", `${this.user.uid}:${this.user.uid}`, path]);
  }

  /**
   * Starts a program in the copy of the checkout.
   * @param detached whether it leads a process group of its own, which a test can kill as a whole.
   * @param shown see {@link Running}.
   */
  protected spawn(
    argv: readonly string[],
    detached: boolean,
    shown?: (stdout: string, pid: number) => void,
  ): Running {
    const { uid } = this.user ?? {};
    const asUser = uid === undefined ? [] : ["setpriv", `--reuid=${uid}`, `--regid=${uid}`, "--clear-groups"];
    const [command = "", ...rest] = [...asUser, ...argv];
    const { folder: cwd, env } = this;
    return new Running(
      spawn(command, rest, { cwd, env, detached, stdio: ["ignore", "pipe", "pipe"] }),
      shown,
    );
  }

  /** Removes the folder with everything in it. Labs must be down. */
  remove(): void {
    rmSync(this.root, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 });
  }
}
