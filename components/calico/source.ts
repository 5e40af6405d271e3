/** Where Calico's manifest comes from: the Calico project's own URL, another URL, or a file. */
import { createHash } from "node:crypto";
import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { type CalicoConfig, ConfigError } from "../config";
import { STATE_HOME } from "../infrastructure";
import { type LabPlan, manifestChecksum } from "../plan";
import { unreachable } from "../unreachable";

/** In milliseconds. A preview must not hang on a silent network. */
const TIME_LIMIT = 30_000;

const CACHE = path.join(
  process.env.XDG_CACHE_HOME || path.join(os.homedir(), ".cache"),
  "encaplab",
  "calico",
);

const PINS = path.join(STATE_HOME, "encaplab", "manifests.json");

/** Fetches a text. Replaced in tests. */
export type FetchText = (url: string) => Promise<string>;

/** Above this many nodes Calico's manifest puts Typha between Felix and the API (docs: self-managed on-premises). */
const TYPHA_FROM_NODES = 50;

/** The file of the manifest that Calico publishes: the one with Typha if the lab is large enough. */
const manifestFile = ({ nodes }: LabPlan) =>
  nodes.length > TYPHA_FROM_NODES ? ("calico-typha.yaml" as const) : ("calico.yaml" as const);

/** The URL of the manifest that Calico publishes for a release. */
export const manifestUrl = (plan: LabPlan): string =>
  `https://raw.githubusercontent.com/projectcalico/calico/v${plan.versions.calico}/manifests/${manifestFile(plan)}`;

/** What {@link readManifest} uses. Replaced in tests. */
export interface ReadOptions {
  fetchText?: FetchText;
  /** The folder of the fetched manifests. Default: in the user's cache. */
  cache?: string;
  /** The file with the checksums at first use. Default: in the user's state folder, which no clean-up of the cache touches. */
  pins?: string;
  /** What is wrong with a text, as the end of a sentence about it; undefined for a manifest that can be used. */
  flaw?: (text: string) => string | undefined;
  /** Gets what the user should know. */
  say?: (sentence: string) => void;
}

/**
 * The manifest's text. A fetched manifest is kept in the user's cache, because a release never changes: a later `up`
 * needs no network for it. What is not as it must be is not kept: neither with another checksum than the config's, Calico's
 * own (for the releases that `plan/versions` names) or that of its first use, nor with a flaw.
 * @throws {RunError} when there is no network.
 * @throws {ConfigError} when it cannot be fetched or read, or is not as it must be; with the cached file, if there is one.
 */
export async function readManifest(
  config: CalicoConfig,
  plan: LabPlan,
  options: ReadOptions = {},
): Promise<string> {
  const { manifest } = config;
  const url = manifest ?? manifestUrl(plan);
  if (/^https:/i.test(url)) return fetched(url, config, plan, options);
  const text = fromFile(url);
  const wrong = whatIsWrong(text, { wanted: config.checksum }, options);
  if (wrong) throw problem(wrong.key, config[wrong.key], `${url} ${wrong.why}`);
  return text;
}

async function fetched(
  url: string,
  config: CalicoConfig,
  plan: LabPlan,
  options: ReadOptions,
): Promise<string> {
  const { fetchText = get, cache = CACHE, pins = PINS, say = () => {} } = options;
  const file = path.join(cache, `${sha256(url).slice(0, 16)}.yaml`);
  const wanted =
    config.checksum ??
    (config.manifest ? undefined : manifestChecksum(plan.versions.calico, manifestFile(plan)));
  const expected = { wanted, pinned: wanted ? undefined : readPins(pins)[url], pins };
  const kept = fs.existsSync(file) ? fs.readFileSync(file, "utf8") : undefined;
  const stale = kept === undefined ? undefined : whatIsWrong(kept, expected, options);
  // A wrong copy, of an earlier version or damaged, is fetched again.
  const about = stale ? `; its cached copy ${file} ${stale.why}` : "";
  const text =
    kept !== undefined && !stale
      ? kept
      : await fetchText(url).catch((error: Error) => {
          const way = `download ${url} where there is a network, and set encaplab:calico.manifest to the path of the file${about}`;
          throw (
            unreachable(url, error, way) ??
            problem(
              "manifest",
              config.manifest,
              `${url} could not be fetched (${error.message}); it must be Calico's calico.yaml${about}`,
            )
          );
        });
  const wrong = text === kept ? undefined : whatIsWrong(text, expected, options);
  if (wrong) throw problem(wrong.key, config[wrong.key], `${url} ${wrong.why}${about}`);
  if (text !== kept) replace(file, text);
  if (!wanted && expected.pinned === undefined) {
    replace(pins, `${JSON.stringify({ ...readPins(pins), [url]: sha256(text) }, null, 2)}\n`);
    say(
      `No checksum is known for ${url}. It has the SHA-256 ${sha256(text)} at this first use, and no other is accepted from now on. To check it, set encaplab:calico.checksum.`,
    );
  }
  return text;
}

/** What is wrong with a text: of which key, and the end of a sentence about it. */
interface Wrong {
  key: "checksum" | "manifest";
  why: string;
}

function whatIsWrong(
  text: string,
  { wanted, pinned, pins }: { wanted?: string; pinned?: string; pins?: string },
  { flaw = () => undefined }: ReadOptions,
): Wrong | undefined {
  const sum = sha256(text);
  if (wanted && sum !== wanted.replace(/^sha256:/, ""))
    return { key: "checksum", why: `has the SHA-256 ${sum}, and must have ${wanted}: it is another file` };
  if (pinned && sum !== pinned) {
    return {
      key: "manifest",
      why: `has the SHA-256 ${sum}, and had ${pinned} at its first use here: it was changed. If that is right, remove it from ${pins}`,
    };
  }
  const why = flaw(text);
  return why === undefined ? undefined : { key: "manifest", why };
}

/** SHA-256 of what was fetched at first use, by URL. */
function readPins(file: string): Record<string, string> {
  try {
    return JSON.parse(fs.readFileSync(file, "utf8")) as Record<string, string>;
  } catch {
    return {}; // there is none yet, or a full disk has left half of it
  }
}

/** Renames a file into place when it is complete: a killed run must not leave half of it. */
function replace(file: string, text: string): void {
  fs.mkdirSync(path.dirname(file), { recursive: true });
  const draft = `${file}.${process.pid}`;
  fs.writeFileSync(draft, text);
  fs.renameSync(draft, file);
}

function fromFile(file: string): string {
  try {
    return fs.readFileSync(file, "utf8");
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    throw problem(
      "manifest",
      file,
      `it cannot be read (${code}); it must be an https URL, or the path of Calico's calico.yaml`,
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
  if (!response.url.startsWith("https:")) throw new Error(`it leads to ${response.url}, which is not https`);
  return response.text();
};
