/** YAML and JSON as objects that know their lines: one document, several, and Kubernetes' Lists. */
import { isNode, LineCounter, parseAllDocuments, type Document as YamlDocument } from "yaml";
import { excerpt, type Problem, type Source } from "./source";
import { type Part, partsOf } from "./yaml-parts";
import { misshapeOf } from "./yaml-shape";

/** An object of the input. */
export interface Document {
  value: unknown;
  /** Where a value inside it begins. */
  at(path: readonly PropertyKey[]): Source;
}

/** How much YAML an import may still parse: the parser takes about a second and 80 MB for each megabyte. */
export interface Budget {
  characters: number;
  lines: number;
  documents: number;
}

/** What one import may parse: the nodes and everything of Calico's of a cluster with a hundred nodes is a fraction of it. */
export const budget = (): Budget => ({ characters: 3_000_000, lines: 80_000, documents: 2_000 });

/** A single document. */
const LARGEST = 1_500_000;
/** From this size on, JSON is read without lines, by a parser that needs a hundredth of the time. */
const MOST_WITH_LINES = 300_000;

const TOO_MUCH =
  "there is more YAML than can be read; write it as JSON (-o json), or leave out what is not about the network";

/** What was found in a text. */
interface Found {
  documents: Document[];
  problems: Problem[];
}

/**
 * The documents of a text.
 * @param first the line of the file at which the text begins.
 */
export function documentsIn(text: string, file: string, first = 1, left = budget()): Found {
  const found: Found = { documents: [], problems: [] };
  const source = (line?: number): Source => ({ file, ...(line !== undefined && { line }) });
  const isJson = /^\s*[[{]/.test(text);
  if (isJson && text.length > MOST_WITH_LINES) {
    try {
      found.documents.push({ value: JSON.parse(text), at: () => source() });
    } catch (error) {
      const message = `expected JSON, but the parser says: ${excerpt((error as Error).message)}`;
      found.problems.push({ source: source(first), message });
    }
  } else {
    const parts = isJson ? [{ text, line: 0 }] : partsOf(text, MOST_WITH_LINES);
    for (const part of parts) if (!parsePart(part, { file, first, left, isJson, found })) break;
  }
  return { ...found, documents: found.documents.flatMap((document) => items(document)) };
}

interface Parsing {
  file: string;
  first: number;
  left: Budget;
  isJson: boolean;
  found: Found;
}

/** @returns whether to go on. */
function parsePart(part: Part, { file, first, left, isJson, found }: Parsing): boolean {
  const begins = first + part.line;
  const source = (line?: number): Source => ({ file, ...(line !== undefined && { line }) });
  // A document that is broken does not keep the next ones from being read.
  const refuse = (line: number, message: string) => {
    found.problems.push({ source: source(line), message });
    return true;
  };
  const count = part.text.split("\n").length;
  left.characters -= part.text.length;
  left.lines -= count;
  if (left.characters < 0 || left.lines < 0 || left.documents < 0) return refuse(begins, TOO_MUCH) && false;
  if (part.text.length > LARGEST) return refuse(begins, TOO_MUCH);
  const misshape = misshapeOf(part.text);
  if (misshape) return refuse(begins + misshape.line, misshape.message);
  const lines = new LineCounter();
  const lineOf = (offset: number) => begins + lines.linePos(offset).line - 1;
  try {
    const parsed = parseAllDocuments(part.text, {
      lineCounter: lines,
      uniqueKeys: false,
      logLevel: "silent",
    });
    for (const document of Array.isArray(parsed) ? parsed : []) {
      left.documents--;
      const [error] = document.errors;
      if (error) {
        const said = excerpt(error.message.replace(/ at line \d+[\s\S]*/, ""));
        return refuse(
          lineOf(error.pos[0]),
          `expected ${isJson ? "JSON" : "YAML"}, but here the parser says: ${said}`,
        );
      }
      // Kubernetes' tools write no aliases, and a few nested ones can stand for gigabytes.
      const value = document.toJS({ maxAliasCount: 0 });
      if (value !== null && value !== undefined)
        found.documents.push({ value, at: (path) => source(lineIn(document, path, lineOf)) });
    }
    return true;
  } catch (error) {
    return refuse(begins, unreadable(error));
  }
}

/** The parser's own exceptions. */
function unreadable(error: unknown): string {
  if (error instanceof RangeError)
    return "expected the output of kubectl, but this is nested too deep to be read";
  return `expected YAML, but the parser says: ${excerpt((error as Error).message)}`;
}

function lineIn(document: YamlDocument, path: readonly PropertyKey[], lineOf: (offset: number) => number) {
  for (let length = path.length; length >= 0; length--) {
    const node = length === 0 ? document.contents : document.getIn(path.slice(0, length), true);
    if (isNode(node) && node.range) return lineOf(node.range[0]);
  }
  return undefined;
}

/** How deep Lists may be in Lists: `kubectl get` and `calicoctl get` of several kinds print a list of lists. */
const DEEPEST_LIST = 3;

/** A List's items. */
function items(document: Document, depth = 0): Document[] {
  const { value, at } = document;
  if (value === null || typeof value !== "object" || depth > DEEPEST_LIST) return [document];
  // `calicoctl get` of several kinds prints an array.
  const list: unknown = Array.isArray(value) ? value : (value as { items?: unknown }).items;
  if (!Array.isArray(list)) return [document];
  const isObject = (one: unknown): one is object => one !== null && typeof one === "object";
  const { apiVersion, kind } = value as { apiVersion?: unknown; kind?: unknown };
  const isArrayOfObjects = Array.isArray(value) && list.some((one) => isObject(one) && "kind" in one);
  if (!isArrayOfObjects && !(typeof kind === "string" && kind.endsWith("List"))) return [document];
  // A list of one kind, as the API returns it, does not repeat the kind in its items.
  const own =
    typeof kind === "string" && kind !== "List" ? { apiVersion, kind: kind.replace(/List$/, "") } : {};
  const base = Array.isArray(value) ? [] : ["items"];
  return list.flatMap((item, i) =>
    isObject(item)
      ? items({ value: { ...own, ...item }, at: (path) => at([...base, i, ...path]) }, depth + 1)
      : [],
  );
}
