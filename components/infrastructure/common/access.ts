/** Which addresses may reach SSH, the API and NodePorts from outside. Open to everybody only if the config says so. */
import * as https from "node:https";
import * as pulumi from "@pulumi/pulumi";
import { type Cloud, ConfigError } from "../../config";
import { formatCidr, parseCidr } from "../../plan";
import { unreachable } from "../../unreachable";

/** Answers with the caller's public address as plain text. Run by AWS, open to everybody. */
const ECHO = "https://checkip.amazonaws.com";
/** Milliseconds to wait for the answer, so that a preview does not hang. */
const TIME_LIMIT = 5000;
const ADDRESS = /^(?:(?:25[0-5]|2[0-4]\d|1\d\d|[1-9]?\d)(?:\.(?!$)|$)){4}$/;

/** Asks a server for the caller's public address. `limit`: milliseconds. */
export type AskAddress = (url: string, limit: number) => Promise<string>;

/**
 * The CIDRs that may reach the nodes from outside.
 * @param accessCidrs from the config. Default: the caller's own public IPv4 address.
 * @throws {RunError} when there is no network.
 * @throws {ConfigError} when that address cannot be found.
 */
export async function findAccess(
  cloud: Cloud,
  accessCidrs: readonly string[] | undefined,
  ask: AskAddress = get,
): Promise<string[]> {
  // EC2 refuses host bits behind the prefix, and every cloud refuses the same rule twice.
  if (accessCidrs) return [...new Set(accessCidrs.map((cidr) => formatCidr(parseCidr(cidr))))];
  const key = `${cloud}.accessCidrs`;
  const address = await ask(ECHO, TIME_LIMIT).catch((error: Error) => {
    const way = `it tells your own public address, from which alone SSH and the API can be reached; ${setAccess(key)}`;
    throw unreachable(ECHO, error, way) ?? unknown(key, `the request to ${ECHO} failed (${error.message})`);
  });
  if (!ADDRESS.test(address.trim())) throw unknown(key, `${ECHO} answered without an IPv4 address`);
  const cidr = `${address.trim()}/32`;
  await pulumi.log.info(
    `SSH, the API and NodePorts are open to ${cidr}, your own public address; to allow others, set encaplab:${key}`,
  );
  return [cidr];
}

const setAccess = (key: string): string =>
  `set who may reach the nodes: pulumi config set --path '${key}[0]' 203.0.113.7/32`;

function unknown(key: string, why: string): ConfigError {
  return new ConfigError([
    {
      key,
      value: undefined,
      message: `your own public address cannot be found: ${why}; ${setAccess(key)}`,
    },
  ]);
}

const get: AskAddress = (url, limit) =>
  new Promise((resolve, reject) => {
    const request = https.get(url, { signal: AbortSignal.timeout(limit), family: 4 }, (response) => {
      let body = "";
      response.setEncoding("utf8");
      response.on("data", (part: string) => {
        body += part;
        // Stop reading: an address is short, so this is some other page.
        if (body.length > 100) request.destroy(new Error("the answer is too long for an address"));
      });
      response.on("end", () => {
        if (response.statusCode === 200) resolve(body);
        else reject(new Error(`status ${response.statusCode}`));
      });
      response.on("error", reject);
    });
    request.on("error", reject);
  });
