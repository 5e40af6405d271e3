/** Input that somebody has damaged, or made to do damage. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import * as fc from "fast-check";
import { judge } from "../../components/plan";
import { type Input, labOf, page, readFacts, showProblem, stackFile } from "../../components/study/import";

const FOLDER = join(__dirname, "../study/import/reports");

/** Every file of the reports. */
export const SAMPLES: readonly Input[] = readdirSync(FOLDER).flatMap((report) =>
  readdirSync(join(FOLDER, report)).map((file) => ({
    file: `${report}/${file}`,
    text: readFileSync(join(FOLDER, report, file), "utf8"),
  })),
);

/** Texts that a reader may stumble over, put in place of some of a file's own. */
const TOKENS = [
  "\0",
  "\u2028",
  "\uFEFF",
  "{",
  "}",
  "[",
  "]",
  ": ",
  "- ",
  "|",
  "&a ",
  "*a",
  "!!js/function ",
  "__proto__",
  "constructor",
  "null",
  "~",
  "1e999",
  "-1",
  "4294967296",
  "/33",
  "0x7f.1",
  "::1",
  '"',
  "'",
  "\\",
  "\n---\n",
  "\r\n",
  "<<: ",
  "\t",
  "%YAML 9",
  "NaN",
  "1.2.3.4/0",
  "kind: Node\n",
  "}\n{",
  "🦊",
  "\ud800",
];

/** Changes of a text: bytes flipped, parts cut out or repeated, tokens put in. */
const edits = fc.array(
  fc.record({
    kind: fc.constantFrom("flip", "cut", "repeat", "token", "truncate"),
    at: fc.nat(),
    size: fc.nat(400),
    token: fc.constantFrom(...TOKENS),
  }),
  { minLength: 1, maxLength: 6 },
);

type Edit = { kind: string; at: number; size: number; token: string };

function edited(text: string, { kind, at, size, token }: Edit): string {
  const i = text.length === 0 ? 0 : at % text.length;
  switch (kind) {
    case "flip":
      return (
        text.slice(0, i) +
        String.fromCharCode((text.charCodeAt(i) || 0) ^ (1 << (size % 8))) +
        text.slice(i + 1)
      );
    case "cut":
      return text.slice(0, i) + text.slice(i + size);
    case "repeat":
      return text.slice(0, i) + text.slice(i, i + size).repeat(1 + (at % 5)) + text.slice(i);
    case "token":
      return text.slice(0, i) + token + text.slice(i + (size % 8));
    default:
      return text.slice(0, i);
  }
}

/** A few files of the reports, damaged. */
export const damaged: fc.Arbitrary<Input[]> = fc
  .array(fc.tuple(fc.constantFrom(...SAMPLES), edits), { minLength: 1, maxLength: 4 })
  .map((files) => files.map(([{ file, text }, changes]) => ({ file, text: changes.reduce(edited, text) })));

/**
 * Imports what may be anything.
 * @returns what the user is told.
 * @throws what the import must not throw.
 */
export function importAnything(inputs: readonly Input[]): string {
  const facts = readFacts(inputs);
  const problems = facts.problems.map(showProblem);
  try {
    const lab = labOf(facts);
    judge(lab.plan);
    return [...problems, stackFile("x: y.", lab), page("x", lab)].join("\n");
  } catch (error) {
    if (!(error instanceof Error) || error.name !== "ImportError") throw error;
    return [...problems, error.message].join("\n");
  }
}

const many = (count: number, line: (i: number) => string): string =>
  Array.from({ length: count }, (_, i) => line(i)).join("");

/** Input that would cost a careless reader all its memory or its time. */
export const HOSTILE: Readonly<Record<string, () => string>> = {
  "brackets without end": () => `kind: Node\na: ${"[".repeat(1_000_000)}`,
  "braces without end": () => `kind: Node\na: ${"{a: ".repeat(250_000)}`,
  "nested JSON": () => `${"[".repeat(200_000)}${"]".repeat(200_000)}`,
  "dashes without end": () => `kind: Node\na:\n  ${"- ".repeat(500_000)}`,
  "deeper and deeper": () => `kind: Node\n${many(1_400, (i) => `${" ".repeat(i)}a:\n`)}`,
  "tags without end": () => `kind: Node\na: ${"!!str ".repeat(200_000)}`,
  "tags on lines of their own": () => `kind: Node\na:\n  ${"!!a ".repeat(250_000)}`,
  "tags inside brackets": () => `kind: Node\na: [b, ${"!!a ".repeat(250_000)}`,
  "colons without end": () => `kind: Node\n${"a: ".repeat(300_000)}`,
  "a bomb of aliases": () =>
    `a: &a [x,x]\n${many(
      30,
      (i) =>
        `b${i}: &b${i} [${Array(10)
          .fill(`*${i ? `b${i - 1}` : "a"}`)
          .join(",")}]\n`,
    )}kind: Node\n`,
  "a bomb of merge keys": () =>
    `a: &a {x: 1}\n${many(
      30,
      (i) =>
        `b${i}: &b${i}\n  <<: [${Array(10)
          .fill(`*${i ? `b${i - 1}` : "a"}`)
          .join(",")}]\n`,
    )}kind: Node\n`,
  "a quote that never ends": () => `kind: Node\na: "${"x\\n".repeat(300_000)}`,
  "one long line": () => `kind: ${"x".repeat(3_000_000)}`,
  "empty documents": () => "kind: Node\n---\n".repeat(80_000),
  "blank lines": () => `kind: Node\n${"\n".repeat(1_000_000)}`,
  comments: () => `kind: Node\n${"# c\n".repeat(250_000)}`,
  "keys without end": () => `kind: Node\n${many(80_000, (i) => `k${i}: v\n`)}`,
  "items without end": () =>
    `apiVersion: v1\nkind: List\nitems:\n${many(40_000, (i) => `- kind: Node\n  metadata: {name: n${i}}\n`)}`,
  "nodes in JSON without end": () =>
    `{"kind":"List","items":[${many(50_000, (i) => `${i ? "," : ""}{"kind":"Node","metadata":{"name":"n${i}"},"status":{"addresses":[{"type":"InternalIP","address":"10.${i >> 16}.${(i >> 8) & 255}.${i & 255}"}]}}`)}]}`,
  "pools in JSON without end": () =>
    `{"kind":"List","items":[${many(50_000, (i) => `${i ? "," : ""}{"kind":"IPPool","metadata":{"name":"p${i}"},"spec":{"cidr":"10.${(i >> 8) & 255}.${i & 255}.0/24"}}`)}]}`,
  "rules without end": () =>
    JSON.stringify({
      SecurityGroups: [
        {
          GroupId: "g",
          IpPermissions: Array.from({ length: 50_000 }, (_, i) => ({
            IpProtocol: "tcp",
            FromPort: i % 65_535,
            ToPort: i % 65_535,
            UserIdGroupPairs: [{ GroupId: "h" }],
          })),
        },
      ],
    }),
  "sessions without end": () =>
    `| PEER ADDRESS | PEER TYPE | STATE | SINCE | INFO |\n${many(60_000, (i) => `| 10.0.${(i >> 8) & 255}.${i & 255} | m | start | 1 | Connect |\n`)}`,
  "prompts without end": () =>
    many(60_000, (i) => `root@n${i}:~# ip route\n10.1.${i & 255}.0/26 via 10.0.0.${i & 127} dev tunl0\n`),
  "fences without end": () => "```\n".repeat(300_000),
  "routes without end": () =>
    many(
      120_000,
      (i) => `10.1.${(i >> 8) & 255}.${i & 255}/32 via 10.0.0.${i & 63} dev tunl0 proto bird onlink\n`,
    ),
  "a prototype in YAML": () =>
    "kind: Node\n__proto__: {polluted: true}\nmetadata: {name: n, annotations: {__proto__: {polluted: true}, constructor: x}}\nstatus: {addresses: [{type: InternalIP, address: 10.0.0.4}]}\n",
  "a kind that every object has": () => "kind: constructor\napiVersion: __proto__\n",
};
