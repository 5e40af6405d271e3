/**
 * YAML as the engine reads it (gopkg.in/yaml.v3), or not at all. That library and ours differ: it takes `026` for octal
 * and `1_000` for a number, knows dates and merge keys, and reads UTF-16. Two readings of one file would be two labs, one
 * of which costs money: what reads differently is refused.
 */
import {
  type Alias,
  type Document,
  isCollection,
  isScalar,
  LineCounter,
  type Pair,
  parseDocument,
  type Scalar,
  stringify,
  visit,
} from "yaml";

/** A file that cannot be used, or that the engine would read differently. */
export class YamlProblem extends Error {}

/**
 * The text of a file in UTF-8, with or without a byte order mark.
 * @throws {YamlProblem} when it is in another encoding.
 */
export function textOf(bytes: Uint8Array): string {
  const isWide = (bytes[0] === 0xff && bytes[1] === 0xfe) || (bytes[0] === 0xfe && bytes[1] === 0xff);
  try {
    // Without a byte order mark, UTF-16 shows by its zero bytes, which no text has.
    if (isWide || bytes.includes(0)) throw new Error("UTF-16 or UTF-32");
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    throw new YamlProblem(`is not in UTF-8${isWide ? " but in UTF-16" : ""}: save it in UTF-8`);
  }
}

/** The content of a file. @throws {YamlProblem} when it is not YAML, or the engine would read something else. */
export function readAsEngine(text: string): unknown {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines });
  const refuse = (offset: number | undefined, what: string): never => {
    throw new YamlProblem(`line ${lines.linePos(offset ?? 0).line}: ${what}`);
  };
  const [error] = document.errors;
  if (error) throw new YamlProblem(`is not YAML: ${error.message.trimEnd()}`);
  if (document.directives?.yaml.explicit) refuse(0, "a %YAML directive is not supported: remove it");
  visit(document, {
    Pair: (_, pair) => checkKey(pair, (what) => refuse((pair.key as Scalar | null)?.range?.[0], what)),
    Scalar: (_, scalar) => checkScalar(scalar, (what) => refuse(scalar.range?.[0], what)),
    Alias: (_, alias, path) => checkAlias(alias, document, path, (what) => refuse(alias.range?.[0], what)),
    Collection: (_, { tag, range }) => {
      if (tag && !/^tag:yaml\.org,2002:(map|seq)$/.test(tag)) refuse(range?.[0], unknownTag(tag));
    },
  });
  try {
    return document.toJS();
  } catch (error) {
    throw new YamlProblem(`is not YAML that can be used: ${(error as Error).message}`);
  }
}

/** YAML that the engine reads as this value: text is in quotes, so that it stays text. */
export const writeForEngine = (content: object): string =>
  stringify(content, { defaultStringType: "QUOTE_DOUBLE", defaultKeyType: "PLAIN", lineWidth: 0 });

type Refuse = (what: string) => never;

const unknownTag = (tag: string) => `the tag ${tag} is not supported: remove it`;

function checkKey({ key }: Pair, refuse: Refuse): void {
  if (isScalar(key) && typeof key.value === "string" && key.value !== "<<") return;
  if (isScalar(key) && key.value === "<<")
    refuse(
      '"<<" takes over the keys of another section for the engine, and is a key like others here: write the keys out',
    );
  refuse(
    `${isScalar(key) ? key.source : "a list or section"} is not text, so it cannot be a key: put it in quotes`,
  );
}

function checkAlias(alias: Alias, document: Document, path: readonly unknown[], refuse: Refuse): void {
  const target = alias.resolve(document);
  if (isCollection(target) && path.includes(target)) refuse(`*${alias.source} contains itself`);
}

/** A scalar without quotes is what each library takes it for. */
function checkScalar({ tag, type, source = "", value }: Scalar, refuse: Refuse): void {
  if (tag && tag !== "tag:yaml.org,2002:str") refuse(unknownTag(tag));
  if (tag || type !== "PLAIN") return;
  if (typeof value === "number" ? isSameNumber(source, value) : !isNumberOrTime(source)) return;
  refuse(
    `${source} is one number or date for the engine, and another value for others: put it in quotes, "${source}"`,
  );
}

const DECIMAL = /^[-+]?(0|[1-9]\d*)$/;
const FRACTION = /^[-+]?(0|[1-9]\d*)?(\.\d*)?(e[-+]?\d+)?$/i;

/** Whether the engine reads the same number: not where it begins with a zero, or has more digits than a number keeps. */
function isSameNumber(source: string, value: number): boolean {
  if (DECIMAL.test(source)) return Number.isSafeInteger(value);
  if (/^0(x[\da-f]+|o[0-7]+)$/i.test(source)) return Number.isSafeInteger(value);
  return FRACTION.test(source) && Number.isFinite(value);
}

/** Whether the engine takes a text without quotes for a number or a time (yaml.v3, resolve.go). */
function isNumberOrTime(source: string): boolean {
  if (/^\d{4}-\d{1,2}-\d{1,2}/.test(source)) return true;
  if (!/^[-+.\d]/.test(source)) return false;
  const digits = source.replaceAll("_", "");
  return (
    /^[-+]?(0b[01]+|0o?[0-7]+|0x[\da-f]+|\d+)$/i.test(digits) ||
    /^[-+]?(\.\d+|\d+(\.\d*)?)(e[-+]?\d+)?$/i.test(digits)
  );
}
