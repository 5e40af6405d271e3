/** Who may reach SSH, the API and NodePorts from outside: never everybody, unless that is written. */
import * as https from "node:https";
import * as pulumi from "@pulumi/pulumi";
import { type Cloud, ConfigError } from "../config";
import { formatCidr, parseCidr } from "../plan";

/** Answers with the caller's public address in plain text; run by AWS, open to everybody. */
const ECHO = "https://checkip.amazonaws.com";
/** A preview shall not hang on it. Milliseconds. */
const TIME_LIMIT = 5000;
const ADDRESS = /^(?:(?:25[0-5]|2[0-4]\d|1\d\d|[1-9]?\d)(?:\.(?!$)|$)){4}$/;

/** Asks a server for the address one is seen with. */
export type AskAddress = (url: string, limit: number) => Promise<string>;

/**
 * @param accessCidrs the config's; the caller's own public IPv4 address when not given.
 * @throws {ConfigError} when that address cannot be found out.
 */
export async function findAccess(
  cloud: Cloud,
  accessCidrs: readonly string[] | undefined,
  ask: AskAddress = get,
): Promise<string[]> {
  // EC2 refuses bits behind the prefix, and every cloud refuses the same rule twice.
  if (accessCidrs) return [...new Set(accessCidrs.map((cidr) => formatCidr(parseCidr(cidr))))];
  const key = `${cloud}.accessCidrs`;
  const address = await ask(ECHO, TIME_LIMIT).catch((error: Error) => {
    throw unknown(key, `${ECHO} did not answer (${error.message})`);
  });
  if (!ADDRESS.test(address.trim())) throw unknown(key, `${ECHO} answered without an IPv4 address`);
  const cidr = `${address.trim()}/32`;
  await pulumi.log.info(
    `SSH, the API and NodePorts are open to ${cidr}, your own public address; set encaplab:${key} to choose others`,
  );
  return [cidr];
}

function unknown(key: string, why: string): ConfigError {
  return new ConfigError([
    {
      key,
      value: undefined,
      message: `your own public address could not be found out: ${why}; name who may reach the nodes: pulumi config set --path '${key}[0]' 203.0.113.7/32`,
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
        // An address is short; a page that is not ours to read stays unread.
        if (body.length > 100) request.destroy(new Error("it answered with more than an address"));
      });
      response.on("end", () => {
        if (response.statusCode === 200) resolve(body);
        else reject(new Error(`status ${response.statusCode}`));
      });
      response.on("error", reject);
    });
    request.on("error", (error) =>
      reject(error.name === "AbortError" ? new Error(`not within ${limit / 1000} seconds`) : error),
    );
  });
