/**
 * Who may talk to the server of `lab ui`. It listens on loopback only, but every user of this machine can connect there, and
 * every page that this machine's browsers have open can send requests there. The token keeps out the first. The Host header
 * keeps out a page whose name was made to point here (DNS rebinding), and the Origin header the requests of all other pages.
 */
import { createHash, randomBytes, timingSafeEqual } from "node:crypto";
import type { IncomingHttpHeaders } from "node:http";

/** What a request must know. */
export interface Secret {
  /** The port on which the server listens. */
  port: number;
  /** In the address that the user opens. */
  token: string;
}

/** The request, as far as it is looked at. */
export interface Asked {
  method?: string;
  url?: string;
  headers: IncomingHttpHeaders;
}

/** Why a request gets no answer: the status of HTTP, and one sentence. */
export interface Refusal {
  status: number;
  sentence: string;
}

/** 24 random bytes: as an address, still on one line of 80 columns. */
export const newToken = (): string => randomBytes(24).toString("base64url");

/** The address of the page. */
export const addressOf = ({ port, token }: Secret): string => `http://127.0.0.1:${port}/?token=${token}`;

/** The values of the Host header that mean this server. `localhost` is for those who forward the port over SSH. */
const namesOf = (port: number): string[] => [`127.0.0.1:${port}`, `localhost:${port}`];

/**
 * Whether a request is refused, and why. One without a right Host does not even learn whether its token is right.
 * @param isSocket a WebSocket must say where it comes from, as every browser does: no rule of the browser keeps other pages
 *   from opening one.
 */
export function refusalOf(
  { method, url = "", headers: { host = "", origin } }: Asked,
  secret: Secret,
  isSocket = false,
): Refusal | undefined {
  if (!namesOf(secret.port).includes(host))
    return { status: 403, sentence: `This server answers only as 127.0.0.1:${secret.port}.` };
  if (origin === undefined ? isSocket : origin !== `http://${host}`)
    return { status: 403, sentence: "This server answers only to its own page." };
  if (method !== "GET") return { status: 405, sentence: "This server knows only GET." };
  const token = wantedIn(url).values.get("token") ?? "";
  if (!isEqual(token, secret.token))
    return { status: 403, sentence: "The address lacks the token that `lab ui` has printed." };
  return undefined;
}

/** What a request wants: the path, and what stands behind the question mark. Takes any text: `new URL` would throw. */
export function wantedIn(url = ""): { path: string; values: URLSearchParams } {
  const [path = "", ...rest] = url.split("?");
  return { path, values: new URLSearchParams(rest.join("?")) };
}

/** Compares in the same time whatever is equal, also the length. */
function isEqual(a: string, b: string): boolean {
  const [left, right] = [a, b].map((text) => createHash("sha256").update(text).digest());
  return timingSafeEqual(left as Buffer, right as Buffer);
}
