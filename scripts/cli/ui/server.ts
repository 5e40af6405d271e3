/** The server of `lab ui`: one page, what it follows, and its shells. On loopback only, and only for who has the token. */
import { createServer, type IncomingMessage, STATUS_CODES } from "node:http";
import type { AddressInfo } from "node:net";
import type { Duplex } from "node:stream";
import { type WebSocket, WebSocketServer } from "ws";
import { addressOf, newToken, type Refusal, refusalOf, type Secret, wantedIn } from "./guard";
import { LiveLab } from "./live-lab";
import type { Live } from "./messages";
import { serveShell, sizeFrom } from "./shells";

/** A server that runs. */
export interface Served {
  /** The page's address, with the token. */
  address: string;
  /** Ends the server and every shell. */
  close(): Promise<void>;
}

/** The page, and the policy that its browser enforces. */
export interface Page {
  html: string;
  policy: string;
}

/** Nothing of the page is kept, named to others, shown inside other pages, or taken for what it is not. */
const HEADERS = {
  "cache-control": "no-store",
  "cross-origin-opener-policy": "same-origin",
  "cross-origin-resource-policy": "same-origin",
  "referrer-policy": "no-referrer",
  "x-content-type-options": "nosniff",
};

/** The most that a page may send at once, in bytes: a large text that is pasted into a shell. */
const LARGEST = 4 * 1024 * 1024;

/** Starts the server on a port that is free. */
export async function serve(stack: string, page: Page): Promise<Served> {
  const sockets = new WebSocketServer({ noServer: true, maxPayload: LARGEST });
  const secret: Secret = { port: 0, token: newToken() };
  const server = createServer((request, response) => {
    const refusal = refusalOf(request, secret) ?? unknownIn(request, ["/"]);
    const status = refusal?.status ?? 200;
    const type = refusal ? "text/plain" : "text/html";
    const policy = `${page.policy}; connect-src ws://${request.headers.host}; frame-ancestors 'none'`;
    response.writeHead(status, {
      ...HEADERS,
      "content-type": `${type}; charset=utf-8`,
      "content-security-policy": refusal ? "default-src 'none'" : policy,
      ...(status === 405 && { allow: "GET" }),
    });
    response.end(refusal ? `${refusal.sentence}\n` : page.html);
  });
  server.on("upgrade", (request, socket, head) => {
    const refusal = refusalOf(request, secret, true) ?? unknownIn(request, ["/live", "/shell"]);
    if (refusal) return refuse(socket, refusal);
    sockets.handleUpgrade(request, socket, head, (opened) => {
      // Such as a message that is too large: the socket is closed then, which is all that matters.
      opened.on("error", () => {});
      const { path, values } = wantedIn(request.url);
      if (path === "/live") return follow(opened, stack);
      const size = sizeFrom({ rows: values.get("rows"), columns: values.get("columns") });
      void serveShell(opened, stack, values.get("place") ?? "", size);
    });
  });
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(0, "127.0.0.1", resolve);
  });
  secret.port = (server.address() as AddressInfo).port;
  return {
    address: addressOf(secret),
    async close() {
      const closed = new Promise((resolve) => server.close(resolve));
      for (const one of sockets.clients) one.terminate();
      server.closeAllConnections();
      await closed;
    },
  };
}

/** Tells a page about the lab until it is closed. */
function follow(socket: WebSocket, stack: string): void {
  const lab = new LiveLab(stack, (live: Live) => socket.send(JSON.stringify(live)));
  socket.on("close", () => lab.stop());
  lab.start();
}

const unknownIn = (request: IncomingMessage, paths: readonly string[]): Refusal | undefined =>
  paths.includes(wantedIn(request.url).path)
    ? undefined
    : { status: 404, sentence: "There is nothing under this address." };

function refuse(socket: Duplex, { status, sentence }: Refusal): void {
  socket.on("error", () => {}); // it is gone already
  socket.end(
    `HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\nConnection: close\r\nContent-Type: text/plain\r\n\r\n${sentence}\n`,
  );
}
