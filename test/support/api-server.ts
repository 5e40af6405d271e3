/** A real API server with etcd on loopback, and only the controllers that delete objects. There are no nodes. */
import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { request } from "node:https";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { stringify } from "yaml";
import { build, program } from "./cluster-build";
import { freePort } from "./sshd";

const TOKEN = "encaplab-test";

/** The server's answer to a request. */
export interface Answer {
  status: number;
  // biome-ignore lint/suspicious/noExplicitAny: objects of every kind
  body: any;
}

/** The servers of one test. They end with it, however it ends. */
export class ApiServer {
  private readonly folder = mkdtempSync(join(tmpdir(), "encaplab-api-"));
  private readonly children: ChildProcess[] = [];
  private said = "";

  private constructor(private readonly port: number) {}

  /** Starts the programs of the cluster tests, and compiles them if necessary. */
  static async start(): Promise<ApiServer> {
    build("binaries");
    const server = new ApiServer(await freePort());
    try {
      await server.run();
    } catch (error) {
      server.stop();
      throw error;
    }
    return server;
  }

  private async run(): Promise<void> {
    const [client, peer] = [await freePort(), await freePort()];
    const etcd = `http://127.0.0.1:${client}`;
    const path = (name: string) => join(this.folder, name);
    execFileSync("openssl", ["genrsa", "-out", path("accounts.key"), "2048"], { stdio: "pipe" });
    writeFileSync(path("tokens"), `${TOKEN},admin,1,system:masters\n`, { mode: 0o600 });
    this.spawn("etcd", [
      `--data-dir=${path("etcd")}`,
      `--listen-client-urls=${etcd}`,
      `--advertise-client-urls=${etcd}`,
      `--listen-peer-urls=http://127.0.0.1:${peer}`,
      "--unsafe-no-fsync",
    ]);
    this.spawn("kube-apiserver", [
      `--etcd-servers=${etcd}`,
      "--bind-address=127.0.0.1",
      `--secure-port=${this.port}`,
      `--cert-dir=${path("certificates")}`,
      `--token-auth-file=${path("tokens")}`,
      "--authorization-mode=RBAC",
      "--service-account-issuer=https://encaplab.test",
      `--service-account-key-file=${path("accounts.key")}`,
      `--service-account-signing-key-file=${path("accounts.key")}`,
      "--service-cluster-ip-range=10.96.0.0/16",
      // This plug-in needs a controller that does not run here.
      "--disable-admission-plugins=ServiceAccount",
    ]);
    await this.untilReady();
    writeFileSync(path("kubeconfig"), this.kubeconfig, { mode: 0o600 });
    // Without these controllers, namespaces and objects with foreground deletion are never deleted.
    this.spawn("kube-controller-manager", [
      `--kubeconfig=${path("kubeconfig")}`,
      "--controllers=garbage-collector-controller,namespace-controller",
      "--leader-elect=false",
      "--secure-port=0",
    ]);
  }

  private async untilReady(): Promise<void> {
    for (const limit = Date.now() + 60_000; ; await delay(100)) {
      const ready = await this.ask("GET", "/readyz").catch(() => undefined);
      // The server creates this namespace a moment after it reports that it is ready.
      if (ready?.status === 200 && (await this.ask("GET", "/api/v1/namespaces/default")).status === 200)
        return;
      if (Date.now() > limit || this.children.some(({ exitCode }) => exitCode !== null))
        throw new Error(`the API server did not start: ${this.said.slice(-3000)}`);
    }
  }

  private spawn(name: string, argv: string[]): void {
    // setpriv: the kernel kills the servers when the test ends, however it ends.
    const child = spawn("setpriv", ["--pdeathsig", "KILL", program(name), ...argv], {
      stdio: ["ignore", "ignore", "pipe"],
    });
    child.stderr.on("data", (data) => {
      this.said = (this.said + data).slice(-10_000);
    });
    this.children.push(child);
  }

  /** The administrator's kubeconfig. */
  get kubeconfig(): string {
    return stringify({
      apiVersion: "v1",
      kind: "Config",
      "current-context": "test",
      contexts: [{ name: "test", context: { cluster: "test", user: "admin" } }],
      clusters: [
        {
          name: "test",
          cluster: { server: `https://127.0.0.1:${this.port}`, "insecure-skip-tls-verify": true },
        },
      ],
      users: [{ name: "admin", user: { token: TOKEN } }],
    });
  }

  /** Sends one request as the administrator; the body as JSON, with the given content type. */
  ask(method: string, path: string, body?: unknown, type = "application/json"): Promise<Answer> {
    return new Promise((done, fail) => {
      const headers = { authorization: `Bearer ${TOKEN}`, "content-type": type };
      const options = {
        host: "127.0.0.1",
        port: this.port,
        method,
        path,
        headers,
        rejectUnauthorized: false,
      };
      const sent = request(options, (answer) => {
        let text = "";
        answer.setEncoding("utf8").on("data", (chunk) => {
          text += chunk;
        });
        answer.on("end", () => {
          const isJson = answer.headers["content-type"]?.includes("json");
          done({ status: answer.statusCode ?? 0, body: isJson ? JSON.parse(text) : text });
        });
      });
      sent.on("error", fail);
      sent.end(body && JSON.stringify(body));
    });
  }

  /** Ends the servers at once and removes their data. */
  stop(): void {
    for (const child of this.children) child.kill("SIGKILL");
    rmSync(this.folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 });
  }
}
