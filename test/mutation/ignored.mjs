/** The mutants that are left out, and why. */

/** Code whose mutants change nothing, by its text, and why. */
const EQUIVALENT = {
  "ports?.[0]": "TCP and UDP have ports: only the type allows none",
  "ports?.[1]": "TCP and UDP have ports: only the type allows none",
  "rule.except?.includes": "the rules of a group apart have exceptions: only the type allows none",
  "sender?.host": "a pair starts on a node of the plan: only the type allows none",
  ...Object.fromEntries(
    [
      "facts.antiSpoofing?.name",
      "facts.antiSpoofing?.fix",
      "facts.antiSpoofing?.reference",
      "facts.antiSpoofing?.followsRoutes",
      "facts.dropsIpip?.fix",
      "facts.dropsIpip?.reference",
      "fabricFacts(plan).antiSpoofing?.fault",
    ].map((text) => [
      text,
      "a loss of this kind is only on a fabric that has the check: only the type allows none",
    ]),
  ),
  "group: true": "the key is asked for, not its value",
};

/** The kinds of code in that list. To write the text of every piece of code would take minutes. */
const KINDS = ["OptionalMemberExpression", "ObjectProperty"];

/** The text of a string or template; undefined for other code. */
function textOf({ type, value, quasis }) {
  if (type === "StringLiteral") return value;
  return type === "TemplateLiteral" ? quasis.map((one) => one.value.raw).join("…") : undefined;
}

/** Why a piece of code gets no mutants; undefined if it gets them. */
export function reasonToIgnore(path) {
  const text = textOf(path.node);
  if (text !== undefined && / |^https:/.test(text))
    return "a sentence or a link, which no outcome depends on";
  return KINDS.includes(path.node.type) ? EQUIVALENT[path.toString()] : undefined;
}
