/** Calico's selectors: which nodes an IPPool is for (libcalico-go, lib/selector; docs: reference/resources/globalnetworkpolicy). */

/** The labels of a node, by key. */
export type Labels = Readonly<Record<string, string>>;

/** Whether a node is selected. */
export type Selector = (labels: Labels) => boolean;

const TOKEN =
  /\s*(?:(all|global)\s*\(\s*\)|(has)\s*\(\s*([\w./-]+)\s*\)|(&&|\|\||!(?!=)|[(){},]|==|!=)|("[^"]*"|'[^']*')|(not\s+in\b|in\b|contains\b|starts\s+with\b|ends\s+with\b)|([\w./-]+))/y;

type Token =
  | { kind: "all" }
  | { kind: "has"; key: string }
  | { kind: "sign" | "value" | "word" | "key"; text: string };

/** A selector that is longer than this is none that a person wrote. */
const MAX_LENGTH = 2000;

/** @returns undefined for a text that is no selector. */
export function selectorIn(text: string): Selector | undefined {
  if (text.trim() === "") return () => true;
  const tokens = text.length > MAX_LENGTH ? undefined : tokensOf(text);
  if (!tokens) return undefined;
  try {
    const reader = new Reader(tokens);
    const selector = reader.either();
    return reader.isAtEnd ? selector : undefined;
  } catch (error) {
    if (error instanceof Unexpected) return undefined;
    throw error;
  }
}

/** A text that is no selector. */
class Unexpected extends Error {}

function tokensOf(text: string): Token[] | undefined {
  const tokens: Token[] = [];
  const end = text.trimEnd().length;
  TOKEN.lastIndex = 0;
  while (TOKEN.lastIndex < end) {
    const found = TOKEN.exec(text);
    if (!found) return undefined;
    const [, all, has, of, sign, value, word, key] = found;
    if (all) tokens.push({ kind: "all" });
    else if (has) tokens.push({ kind: "has", key: of as string });
    else if (sign) tokens.push({ kind: "sign", text: sign });
    else if (value) tokens.push({ kind: "value", text: value.slice(1, -1) });
    else if (word) tokens.push({ kind: "word", text: word.replace(/\s+/g, " ") });
    else tokens.push({ kind: "key", text: key as string });
  }
  return tokens;
}

/** How deep parentheses and negations may be inside each other: a hostile text must not exhaust the stack. */
const MAX_DEPTH = 50;

class Reader {
  private at = 0;
  private depth = 0;

  constructor(private readonly tokens: readonly Token[]) {}

  get isAtEnd(): boolean {
    return this.at === this.tokens.length;
  }

  /** `a || b` */
  either(): Selector {
    const parts = [this.both()];
    while (this.takes("||")) parts.push(this.both());
    return (labels) => parts.some((part) => part(labels));
  }

  /** `a && b` */
  private both(): Selector {
    const parts = [this.one()];
    while (this.takes("&&")) parts.push(this.one());
    return (labels) => parts.every((part) => part(labels));
  }

  private one(): Selector {
    if (++this.depth > MAX_DEPTH) throw new Unexpected();
    const selector = this.inner();
    this.depth--;
    return selector;
  }

  private inner(): Selector {
    if (this.takes("!")) {
      const not = this.one();
      return (labels) => !not(labels);
    }
    if (this.takes("(")) {
      const selector = this.either();
      this.needs(")");
      return selector;
    }
    const token = this.next();
    if (token.kind === "all") return () => true;
    if (token.kind === "has") return (labels) => token.key in labels;
    if (token.kind === "key") return this.comparison(token.text);
    throw new Unexpected();
  }

  private comparison(key: string): Selector {
    const operator = this.next();
    if (operator.kind === "sign" && operator.text === "==") {
      const value = this.value();
      return (labels) => labels[key] === value;
    }
    // A label that is not there is unequal to everything.
    if (operator.kind === "sign" && operator.text === "!=") {
      const value = this.value();
      return (labels) => labels[key] !== value;
    }
    if (operator.kind !== "word") throw new Unexpected();
    if (operator.text === "in" || operator.text === "not in") {
      const values = this.values();
      const isIn = operator.text === "in";
      return (labels) => values.includes(labels[key] as string) === isIn;
    }
    const value = this.value();
    const tests: Readonly<Record<string, (label: string) => boolean>> = {
      contains: (label) => label.includes(value),
      "starts with": (label) => label.startsWith(value),
      "ends with": (label) => label.endsWith(value),
    };
    return (labels) => labels[key] !== undefined && tests[operator.text]?.(labels[key]) === true;
  }

  private values(): string[] {
    this.needs("{");
    const values: string[] = [];
    while (!this.takes("}")) {
      if (values.length > 0) this.needs(",");
      values.push(this.value());
    }
    return values;
  }

  private value(): string {
    const token = this.next();
    if (token.kind !== "value") throw new Unexpected();
    return token.text;
  }

  private takes(sign: string): boolean {
    const token = this.tokens[this.at];
    if (token?.kind !== "sign" || token.text !== sign) return false;
    this.at++;
    return true;
  }

  private needs(sign: string): void {
    if (!this.takes(sign)) throw new Unexpected();
  }

  private next(): Token {
    const token = this.tokens[this.at++];
    if (!token) throw new Unexpected();
    return token;
  }
}
