/**
 * Whether a text is YAML of the plain shape that Kubernetes' tools write: no tags, anchors, aliases or deep nesting. The
 * parser takes minutes for a megabyte of some of these, and this check a few milliseconds.
 */

/** Why a text is not of that shape. */
export interface Misshape {
  /** Line of the text, from 0. */
  line: number;
  message: string;
}

/** How deep flow collections (`[{…}]`) may be nested. Kubernetes' objects have about fifteen levels. */
const DEEPEST = 64;
/** Dashes in a row that begin a line: a list in a list in a list. */
const MOST_DASHES = 8;

const SPECIAL =
  "expected YAML as Kubernetes' tools write it, without tags (!), anchors (&) and aliases (*): write out what they stand for";
const DEEP = "expected the output of kubectl, but this is nested too deep to be read";

interface State {
  /** Content of a block scalar (`|`) is deeper than this column. */
  block?: number;
  /** Inside a quoted scalar that goes on on the next line: its quotation mark. */
  quote?: string;
  /** Depth inside a flow collection that goes on on the next line. */
  depth: number;
  /** Column of the last key that has a value on its line: what is deeper and no key goes on with that. Else infinite. */
  key: number;
}

/** @returns the first thing that Kubernetes' tools do not write; undefined if there is none. */
export function misshapeOf(text: string): Misshape | undefined {
  const state: State = { depth: 0, key: Number.POSITIVE_INFINITY };
  const lines = text.split("\n");
  for (let i = 0; i < lines.length; i++) {
    const message = check(lines[i] as string, state);
    if (message) return { line: i, message };
  }
  return undefined;
}

function check(line: string, state: State): string | undefined {
  const indent = line.search(/[^ ]/);
  if (indent === -1) return undefined;
  if (state.block !== undefined) {
    if (indent > state.block) return undefined;
    state.block = undefined;
  }
  if (state.quote !== undefined || state.depth > 0) return scan(line, state);
  const rest = line.slice(indent);
  if (rest.startsWith("#")) return undefined;
  const dashes = /^(?:[-?](?: +|$))*/.exec(rest)?.[0] ?? "";
  if (dashes.split(/ +/).length > MOST_DASHES + 1) return DEEP;
  const body = rest.slice(dashes.length);
  const key = /^(?:"[^"]*"|'[^']*'|[^\s"'[\]{}!&*#|>%@`][^:]*(?::[^\s:][^:]*)*):(?= |$)/.exec(
    body.slice(0, 1000),
  )?.[0];
  const isContinued = key === undefined && dashes === "" && indent > state.key;
  if (!isContinued && /^[!&*%@`]/.test(body)) return SPECIAL;
  if (key === undefined) {
    if (/^[|>][-+\d]*\s*(#.*)?$/.test(body)) state.block = indent;
    if (!isContinued) state.key = body === "" ? Number.POSITIVE_INFINITY : indent;
    return isContinued ? undefined : scan(body, state);
  }
  const column = indent + dashes.length;
  const value = body.slice(key.length).trimStart();
  state.key = value === "" ? Number.POSITIVE_INFINITY : column;
  if (/^[!&*]/.test(value)) return SPECIAL;
  if (/^[|>][-+\d]*\s*(#.*)?$/.test(value)) {
    state.block = column;
    return undefined;
  }
  if (!/^["'[{]/.test(value)) {
    return /: /.test(value.replace(/ #.*/, ""))
      ? `expected one value after "${key.slice(0, 40)}", but there is another colon: a value with ": " must be in quotes`
      : undefined;
  }
  return scan(value, state);
}

/** Follows quotes and brackets to the end of the line. */
function scan(text: string, state: State): string | undefined {
  // Plain text: nothing in it opens anything.
  if (state.quote === undefined && state.depth === 0 && !/^["'[{]/.test(text)) return undefined;
  let begins = true;
  for (let i = 0; i < text.length; i++) {
    const character = text[i] as string;
    if (state.quote !== undefined) {
      if (character === "\\" && state.quote === '"') i++;
      else if (character === state.quote) {
        state.quote = undefined;
        if (state.depth === 0) return undefined;
      }
      continue;
    }
    if (character === " ") continue;
    if (begins && /[!&*]/.test(character)) return SPECIAL;
    if (begins && (character === '"' || character === "'")) state.quote = character;
    if (character === "[" || character === "{") {
      if (++state.depth > DEEPEST) return DEEP;
    }
    if (character === "]" || character === "}") {
      if (--state.depth <= 0) {
        state.depth = 0;
        return undefined;
      }
    }
    begins = "[{,:".includes(character);
  }
  return undefined;
}
