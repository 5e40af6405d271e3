/**
 * Requests to OpenStack that its provider cannot make: list names, read what is left of a quota, find resources by tag,
 * delete what the state does not know.
 */
import * as http from "node:http";
import * as https from "node:https";

/** One entry of Keystone's service catalogue. */
export interface Service {
  /** `compute`, `network`, `image`. */
  type: string;
  endpoints: readonly { interface: string; region: string; url: string }[];
}

/** How to verify the server's certificate. */
export interface Tls {
  /** PEM. */
  ca?: string;
  insecure?: boolean;
}

/** A token, and the endpoints at which it is valid. */
export interface Session {
  token: string;
  projectId: string;
  catalogue: readonly Service[];
  /** Default: any region. */
  region?: string;
  /** Default: `public`. clouds.yaml also has the older form `publicURL`. */
  interface?: string;
  tls?: Tls;
}

interface Answer {
  status: number;
  headers: http.IncomingHttpHeaders;
  /** Parsed JSON; undefined if the body is not JSON. */
  body: unknown;
}

/** Time limit for one request in milliseconds. */
const TIME_LIMIT = 20_000;
/** Longer than any list of names. Stop reading a longer answer: it is something else. */
const MAX_BYTES = 32 * 1024 * 1024;

/**
 * The path after the catalogue's URL (gophercloud, openstack/client.go: NewNetworkV2, NewImageServiceV2, NewComputeV2).
 */
const VERSION_PATHS: Readonly<Record<string, string>> = { network: "v2.0", image: "v2", compute: "" };

/** Nova's microversion of the Newton release: it has server tags, and still shows a server's flavor by id. */
const COMPUTE_VERSION = "2.26";

/** One record of an API. Its fields are not known beforehand. */
export type Entry = Readonly<Record<string, unknown>>;

/**
 * Reads one record.
 * @param path below the service's version, e.g. `limits`.
 * @throws {Error} with the status and the API's own message.
 */
export async function read(session: Session, service: string, path: string): Promise<Entry> {
  const url = endpointOf(session, service) + path;
  const { status, body } = await send("GET", url, { headers: headersOf(session), tls: session.tls });
  if (status === 200 && typeof body === "object" && body !== null) return body as Entry;
  throw new Error(`${url} answered with status ${status}${reasonOf(body)}`);
}

const headersOf = ({ token }: Session): Record<string, string> => ({
  "x-auth-token": token,
  // Before microversion 2.27, Nova knew only the second header.
  "openstack-api-version": `compute ${COMPUTE_VERSION}`,
  "x-openstack-nova-api-version": COMPUTE_VERSION,
});

/** Changes something. @returns the status, and the API's own message in the form `: …`, or nothing. */
export async function write(
  session: Session,
  method: "PUT" | "DELETE",
  service: string,
  path: string,
  content?: object,
): Promise<{ status: number; reason: string }> {
  const url = endpointOf(session, service) + path;
  const { status, body } = await send(method, url, {
    headers: headersOf(session),
    body: content,
    tls: session.tls,
  });
  return { status, reason: reasonOf(body) };
}

/**
 * Reads a list.
 * @param path as for {@link read}, e.g. `security-groups?tags=x`.
 * @param key of the list in the answer, e.g. `security_groups`.
 */
export async function list(session: Session, service: string, path: string, key: string): Promise<Entry[]> {
  const entries = (await read(session, service, path))[key];
  return Array.isArray(entries) ? entries : [];
}

/** The base URL of a service, with a slash at the end. */
function endpointOf(session: Session, service: string): string {
  const wanted = (session.interface ?? "public").replace(/URL$/, "");
  const endpoints = session.catalogue.find(({ type }) => type === service)?.endpoints ?? [];
  const found = endpoints.find(
    (endpoint) => endpoint.interface === wanted && (!session.region || endpoint.region === session.region),
  );
  if (!found) {
    const place = session.region ? ` in region ${session.region}` : "";
    throw new Error(`the service catalogue has no ${wanted} endpoint of type ${service}${place}`);
  }
  const base = found.url.replace(/\/+$/, "");
  const version = VERSION_PATHS[service] ?? "";
  return version === "" || base.endsWith(`/${version}`) ? `${base}/` : `${base}/${version}/`;
}

/** Sends one request. @throws {Error} when the server cannot be reached, or does not answer in time. */
export function send(
  method: "DELETE" | "GET" | "POST" | "PUT",
  url: string,
  { headers = {}, body, tls = {} }: { headers?: Record<string, string>; body?: unknown; tls?: Tls },
): Promise<Answer> {
  const text = body === undefined ? undefined : JSON.stringify(body);
  const type = text === undefined ? {} : { "content-type": "application/json" };
  const client = url.startsWith("https:") ? https : http;
  return new Promise((resolve, reject) => {
    const request = client.request(
      url,
      {
        method,
        headers: { accept: "application/json", ...type, ...headers },
        ca: tls.ca,
        rejectUnauthorized: !tls.insecure,
        signal: AbortSignal.timeout(TIME_LIMIT),
      },
      (response) => {
        let received = "";
        response.setEncoding("utf8");
        response.on("data", (part: string) => {
          received += part;
          if (received.length > MAX_BYTES) request.destroy(new Error("the answer is too long"));
        });
        response.on("end", () =>
          resolve({ status: response.statusCode ?? 0, headers: response.headers, body: parse(received) }),
        );
        response.on("error", reject);
      },
    );
    request.on("error", (error) => {
      const why =
        error.name === "AbortError" ? `no answer within ${TIME_LIMIT / 1000} seconds` : error.message;
      reject(new Error(`the request to ${new URL(url).origin} failed: ${why}`));
    });
    request.end(text);
  });
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined; // for example a proxy's page; the status says enough
  }
}

/** The `message` in an error: `{"badRequest": {…}}`, `{"NeutronError": {…}}`, `{"error": {…}}`. */
export function reasonOf(body: unknown): string {
  if (typeof body !== "object" || body === null) return "";
  for (const value of Object.values(body)) {
    const message = (value as { message?: unknown } | null)?.message;
    if (typeof message === "string") return `: ${message}`;
  }
  return "";
}
