/**
 * Fake Keystone, Nova, Neutron and Glance on this machine, with only what the lab asks for. They record each request.
 */
import * as http from "node:http";
import type { AddressInfo } from "node:net";
import type { Service } from "../../components/infrastructure/openstack/api";

const TOKEN = "a-token";
export const PROJECT_ID = "a-project";

/** A recorded request. */
export interface Asked {
  method: string;
  /** With the query, decoded. */
  path: string;
  headers: http.IncomingHttpHeaders;
  body: unknown;
}

/** Answers from something that changes; undefined leaves the answer to the {@link Replies}. A number is a status. */
export type Live = (method: string, path: string, body: unknown) => unknown;

/** The answer for each path (without its query). */
export type Replies = Record<string, unknown>;

export class FakeOpenStack {
  readonly asked: Asked[] = [];
  private constructor(
    private readonly server: http.Server,
    readonly url: string,
    private readonly live: Live = () => undefined,
  ) {}

  /** Starts the servers. @param replies by path; a missing path is a 404. A number is a status without a body. */
  static async start(replies: Replies, live?: Live): Promise<FakeOpenStack> {
    const server = http.createServer();
    await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
    const { port } = server.address() as AddressInfo;
    const fake = new FakeOpenStack(server, `http://127.0.0.1:${port}`, live);
    server.on("request", (request, response) => void fake.answer(replies, request, response));
    return fake;
  }

  async stop(): Promise<void> {
    await new Promise((done) => this.server.close(done));
  }

  /** Also contains endpoints of another region and another interface, which must not be used. */
  get catalogue(): Service[] {
    const service = (type: string, path: string): Service => ({
      type,
      endpoints: [
        { interface: "public", region: "elsewhere", url: "http://127.0.0.1:1/" },
        { interface: "internal", region: "here", url: "http://127.0.0.1:2/" },
        { interface: "public", region: "here", url: `${this.url}${path}` },
      ],
    });
    return [
      service("identity", "/identity"),
      service("compute", "/compute/v2.1"),
      service("network", "/network"),
      service("image", "/image/"),
    ];
  }

  private async answer(replies: Replies, request: http.IncomingMessage, response: http.ServerResponse) {
    let text = "";
    for await (const part of request) text += part;
    const path = decodeURIComponent(request.url ?? "");
    const method = request.method ?? "";
    this.asked.push({
      method,
      path,
      headers: request.headers,
      body: text === "" ? undefined : JSON.parse(text),
    });
    const reply =
      this.live(method, path, text === "" ? undefined : JSON.parse(text)) ??
      this.replyTo(replies, method, path.replace(/\?.*/, ""), request.headers["x-auth-token"]);
    const status = typeof reply === "number" ? reply : method === "POST" ? 201 : 200;
    response.writeHead(status, { "content-type": "application/json", "x-subject-token": TOKEN });
    response.end(JSON.stringify(typeof reply === "number" ? { error: { message: "no" } } : reply));
  }

  private replyTo(replies: Replies, method: string, path: string, token: unknown): unknown {
    if (method === "POST" && path === "/identity/v3/auth/tokens") {
      return replies[path] ?? { token: { project: { id: PROJECT_ID }, catalog: this.catalogue } };
    }
    if (token !== TOKEN) return 401;
    return replies[path] ?? 404;
  }
}

/** An empty project with large quotas. */
export const EMPTY_PROJECT: Replies = {
  "/compute/v2.1/servers": { servers: [] },
  "/compute/v2.1/servers/detail": { servers: [] },
  "/compute/v2.1/os-keypairs": { keypairs: [] },
  "/compute/v2.1/limits": {
    limits: {
      absolute: {
        maxTotalInstances: 10,
        totalInstancesUsed: 1,
        maxTotalCores: 20,
        totalCoresUsed: 2,
        maxTotalRAMSize: -1,
        totalRAMUsed: 8192,
      },
    },
  },
  "/compute/v2.1/flavors/detail": {
    flavors: [
      { name: "m1.tiny", vcpus: 1, ram: 512, disk: 1 },
      { name: "m1.large", vcpus: 4, ram: 8192, disk: 80 },
      { name: "m1.medium", vcpus: 2, ram: 4096, disk: 40 },
    ],
  },
  "/image/v2/images": { images: [{ name: "cirros" }, { name: "ubuntu-24.04" }, { name: "debian-12" }] },
  ...Object.fromEntries(
    ["networks", "subnets", "ports", "routers", "floatingips", "security-groups", "security-group-rules"].map(
      (name) => [`/network/v2.0/${name}`, { [name.replaceAll("-", "_")]: [] }],
    ),
  ),
  [`/network/v2.0/quotas/${PROJECT_ID}/details.json`]: {
    quota: {
      network: { limit: 100, used: 0, reserved: 0 },
      floatingip: { limit: 50, used: 0, reserved: 0 },
      security_group_rule: { limit: 100, used: 8, reserved: 0 },
    },
  },
};

/** The provider's answer to getAuthScope. */
export const scopeOf = (fake: FakeOpenStack) => ({
  tokenId: TOKEN,
  projectId: PROJECT_ID,
  region: "here",
  serviceCatalogs: fake.catalogue,
});
