/** Real SSH servers on loopback, each with its own keys and folder. */
import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { connect, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";

/** A port of 127.0.0.1 that is free now. */
export async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
  const { port } = server.address() as { port: number };
  await new Promise((done) => server.close(done));
  return port;
}

/** Whether something listens on this port of 127.0.0.1. */
export function listens(port: number): Promise<boolean> {
  return new Promise((done) => {
    const socket = connect(port, "127.0.0.1");
    socket.once("connect", () => {
      socket.destroy();
      done(true);
    });
    socket.once("error", () => done(false));
  });
}

export class Sshd {
  private child?: ChildProcess;
  private said = "";
  readonly folder = mkdtempSync(join(tmpdir(), "encaplab-sshd-"));
  readonly privateKey: string;
  /** `ssh-ed25519 AAAA…` */
  readonly hostKey: string;

  /** Makes the keys and the configuration; {@link start} starts the server. */
  constructor(readonly port: number) {
    for (const name of ["host", "user"])
      execFileSync("ssh-keygen", ["-q", "-t", "ed25519", "-N", "", "-C", "", "-f", join(this.folder, name)]);
    this.privateKey = readFileSync(join(this.folder, "user"), "utf8");
    this.hostKey = readFileSync(join(this.folder, "host.pub"), "utf8").trim();
    const config = [
      `ListenAddress 127.0.0.1:${port}`,
      `HostKey ${this.folder}/host`,
      `AuthorizedKeysFile ${this.folder}/user.pub`,
      "StrictModes no",
      "PermitRootLogin yes",
      "PasswordAuthentication no",
      "UsePAM no",
      "AcceptEnv LAB_* PULUMI_COMMAND_*",
      "PidFile none",
    ];
    writeFileSync(join(this.folder, "sshd_config"), `${config.join("\n")}\n`);
  }

  async start(): Promise<this> {
    // setpriv: the kernel ends the server when the test ends, however it ends.
    const argv = ["--pdeathsig", "TERM", "bash", join(__dirname, "../standins/sshd"), this.folder];
    this.child = spawn("setpriv", argv, { stdio: ["ignore", "ignore", "pipe"] });
    this.child.stderr?.on("data", (data) => {
      this.said += data;
    });
    for (const limit = Date.now() + 30_000; !(await listens(this.port)); await delay(50))
      if (Date.now() > limit || this.child.exitCode !== null)
        throw new Error(`sshd did not start: ${this.said}`);
    return this;
  }

  /** How many logins were accepted so far. */
  get logins(): number {
    return this.said.split("Accepted publickey").length - 1;
  }

  get connection() {
    return { host: "127.0.0.1", port: this.port, privateKey: this.privateKey, hostKey: this.hostKey };
  }

  stop(): void {
    this.child?.kill();
    rmSync(this.folder, { recursive: true, force: true });
  }
}
