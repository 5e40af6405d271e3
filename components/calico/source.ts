/** Where Calico's manifest comes from: the Calico project's own URL, another URL, or a file. */
import { createHash } from "node:crypto";
import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { type CalicoConfig, ConfigError } from "../config";
import type { LabPlan } from "../plan";
import { unreachable } from "../unreachable";

/** In milliseconds. A preview must not hang on a silent network. */
const TIME_LIMIT = 30_000;

const CACHE = path.join(
  process.env.XDG_CACHE_HOME || path.join(os.homedir(), ".cache"),
  "encaplab",
  "calico",
);

/** Fetches a text. Replaced in tests. */
export type FetchText = (url: string) => Promise<string>;

/** Above this many nodes Calico's manifest puts Typha between Felix and the API (docs: self-managed on-premises). */
const TYPHA_FROM_NODES = 50;

/** The URL of the manifest that Calico publishes for a release; the one with Typha if the lab is large enough. */
export function manifestUrl({ versions, nodes }: LabPlan): string {
  const file = nodes.length > TYPHA_FROM_NODES ? "calico-typha.yaml" : "calico.yaml";
  return `https://raw.githubusercontent.com/projectcalico/calico/v${versions.calico}/manifests/${file}`;
}

/**
 * The manifest's text. A fetched manifest is kept in the user's cache, because a release never changes: a later `up`
 * needs no network for it.
 * @throws {RunError} when there is no network.
 * @throws {ConfigError} when it cannot be fetched or read, or does not have the config's checksum.
 */
export async function readManifest(
  config: CalicoConfig,
  plan: LabPlan,
  fetchText: FetchText = get,
  cache = CACHE,
): Promise<string> {
  const source = config.manifest ?? manifestUrl(plan);
  const text = /^https?:/.test(source) ? await fetched(source, config, fetchText, cache) : fromFile(source);
  const sum = sha256(text);
  const wanted = config.checksum?.replace(/^sha256:/, "");
  if (wanted && sum !== wanted)
    throw problem("checksum", wanted, `${source} has the SHA-256 ${sum}, so it is another file`);
  return text;
}

async function fetched(
  url: string,
  { manifest }: CalicoConfig,
  fetchText: FetchText,
  cache: string,
): Promise<string> {
  const file = path.join(cache, `${sha256(url).slice(0, 16)}.yaml`);
  if (fs.existsSync(file)) return fs.readFileSync(file, "utf8");
  const text = await fetchText(url).catch((error: Error) => {
    const way = `download ${url} where there is a network, and set encaplab:calico.manifest to the path of the file`;
    throw (
      unreachable(url, error, way) ??
      problem(
        "manifest",
        manifest,
        `${url} could not be fetched (${error.message}); it must be Calico's calico.yaml`,
      )
    );
  });
  fs.mkdirSync(cache, { recursive: true });
  // Rename it only when it is complete: a killed run must not leave half a manifest in the cache.
  const part = `${file}.${process.pid}`;
  fs.writeFileSync(part, text);
  fs.renameSync(part, file);
  return text;
}

function fromFile(file: string): string {
  try {
    return fs.readFileSync(file, "utf8");
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    throw problem(
      "manifest",
      file,
      `it cannot be read (${code}); it must be a URL, or the path of Calico's calico.yaml`,
    );
  }
}

const sha256 = (text: string): string => createHash("sha256").update(text).digest("hex");

/** A {@link ConfigError} about a key of the section `calico`. */
export const problem = (key: string, value: unknown, message: string): ConfigError =>
  new ConfigError([{ key: `calico.${key}`, value, message }]);

const get: FetchText = async (url) => {
  const response = await fetch(url, { signal: AbortSignal.timeout(TIME_LIMIT) });
  if (!response.ok) throw new Error(`status ${response.status}`);
  return response.text();
};
