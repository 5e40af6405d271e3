/** A checkout whose state lies on a small disk of its own: a tmpfs, in a mount namespace that root is not needed for. */
import assert from "node:assert/strict";
import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import * as fs from "node:fs";
import * as path from "node:path";
import { CliCheckout } from "./cli-checkout";
import { engineFolder } from "./engine";
import type { Result, Running } from "./running";
import { mentions, until } from "./sandbox";

/** What a test does while a command runs. It gets the current size of the state, in bytes, and says when it has done it. */
export type WhileRunning = (size: number, running: Running) => boolean;

const STACK_FILE = "stacks/Pulumi.local.yaml";

/** A disk on which a lab is brought up. The lab is `local`. */
export class SmallDisk {
  readonly checkout = new CliCheckout();
  private readonly holder: ChildProcess;
  private readonly stackFile = this.checkout.read(STACK_FILE);

  constructor() {
    this.checkout.env.PATH = `${engineFolder()}:${this.checkout.env.PATH}`;
    // Lives as long as its input is open: a test that dies takes it along.
    this.holder = spawn("unshare", ["--user", "--map-root-user", "--mount", "cat"], {
      stdio: ["pipe", "ignore", "inherit"],
    });
  }

  private inside = (...argv: string[]): string[] => [
    "nsenter",
    "--preserve-credentials",
    `--target=${this.holder.pid}`,
    "--user",
    "--mount",
    "bash",
    "-c",
    'cd "$0" && exec "$@"',
    this.checkout.folder,
    ...argv,
  ];

  private run(...argv: string[]): void {
    const [command = "", ...rest] = this.inside(...argv);
    execFileSync(command, rest, { stdio: ["ignore", "ignore", "pipe"] });
  }

  /** A new disk, in KiB. */
  async format(size: number): Promise<void> {
    const { pid } = this.holder;
    await until(() => fs.readlinkSync(`/proc/${pid}/ns/mnt`) !== fs.readlinkSync("/proc/self/ns/mnt"));
    const { stateHome } = this.checkout;
    this.run("bash", "-c", 'while umount "$1" 2>/dev/null; do :; done', "bash", stateHome);
    this.run("mount", "-t", "tmpfs", "-o", `size=${size}k`, "tmpfs", stateHome);
    // Plain pulumi writes a salt into it, which fits the passphrase of the disk before.
    this.checkout.write(STACK_FILE, this.stackFile);
  }

  /** Makes the disk so large that it is never full, and empties it of what another program wrote. */
  enlarge(): void {
    this.run("mount", "-o", "remount,size=256m", this.checkout.stateHome);
    fs.rmSync(path.join(this.path, "filler"), { force: true });
  }

  /** Another program fills the disk. */
  fill(): void {
    const { bavail, bsize } = fs.statfsSync(this.path);
    try {
      fs.writeFileSync(path.join(this.path, "filler"), Buffer.alloc(bavail * bsize));
    } catch (error) {
      // The engine has written, too: the disk is full a little earlier.
      if ((error as NodeJS.ErrnoException).code !== "ENOSPC") throw error;
    }
  }

  /** The disk's path from here. */
  get path(): string {
    return `/proc/${this.holder.pid}/root${this.checkout.stateHome}`;
  }

  /** The engine's file with the state. */
  get stateFile(): string {
    return path.join(this.path, "encaplab/pulumi/.pulumi/stacks/encaplab/local.json");
  }

  /** Whether the state is there and ends in the middle. */
  get isDamaged(): boolean {
    try {
      JSON.parse(fs.readFileSync(this.stateFile, "utf8"));
      return false;
    } catch (error) {
      return (error as NodeJS.ErrnoException).code !== "ENOENT";
    }
  }

  /** Runs the command line. @param meanwhile is called again and again until it returns true. */
  lab = (words: readonly string[], meanwhile?: WhileRunning) =>
    this.watched(["bash", "scripts/lab", ...words], meanwhile);

  /** Runs plain `pulumi`, with what `scripts/lab env` sets. */
  pulumi(words: readonly string[], meanwhile?: WhileRunning): Promise<Result> {
    const line = 'eval "$(bash scripts/setup env)" && exec pulumi "$@"';
    return this.watched(["bash", "-c", line, "bash", ...words], meanwhile);
  }

  private async watched(argv: string[], meanwhile?: WhileRunning): Promise<Result> {
    const [command = "", ...rest] = this.inside(...argv);
    const running = this.checkout.startGroup(command, rest);
    const clock = setInterval(() => {
      const size = fs.statSync(this.stateFile, { throwIfNoEntry: false })?.size ?? 0;
      if (!meanwhile || meanwhile(size, running)) clearInterval(clock);
    }, 20);
    const result = await running.ended;
    clearInterval(clock);
    return result;
  }

  /**
   * Asserts that a command has told its failure in sentences. Then makes room on the disk, and asserts that `up`
   * completes the lab and `down` takes everything down.
   */
  async assertNothingLost({ status, stdout, stderr }: Result): Promise<void> {
    const shown = `${stdout}\n${stderr}`;
    if (status !== 0) assert.ok(stderr.trim() !== "", "a failure that says nothing");
    assert.doesNotMatch(shown, /^ +at .*\d+:\d+\)?$|SyntaxError/m);
    this.enlarge();
    for (const word of ["up", "down"]) {
      const { status: after, stderr: why } = await this.lab([word, "local"]);
      assert.equal(after, 0, `${word}: ${why}\nafter: ${shown}`);
    }
    const twins = path.join(this.path, "encaplab/twins");
    assert.deepEqual(fs.existsSync(twins) ? fs.readdirSync(twins) : [], []);
    // An orphaned plug-in of an engine that was killed ends a moment later.
    await until(() => mentions(this.checkout.stateHome).length === 0);
  }

  async end(): Promise<void> {
    this.enlarge();
    await this.lab(["down", "local"]);
    this.holder.kill("SIGKILL");
    this.checkout.remove();
  }
}
