/** Checks an object of the input against a schema, and says where it is wrong. */
import type { z } from "zod";
import type { Document } from "./documents";
import type { Facts } from "./facts";
import { excerpt } from "./source";

/**
 * The object as its schema has it. Fields that the schema does not have are ignored: every release of a tool adds some.
 * @returns undefined if something is wrong, which is then a problem of the import.
 */
export function shaped<T extends z.ZodType>(
  facts: Facts,
  document: Document,
  schema: T,
  what: string,
): z.output<T> | undefined {
  const result = schema.safeParse(document.value, { reportInput: true });
  if (result.success) return result.data;
  const [issue] = result.error.issues;
  const path = issue?.path ?? [];
  const given = issue?.input === undefined ? "missing" : excerpt(JSON.stringify(issue.input) ?? "");
  facts.problems.push({
    source: document.at(path),
    message: `${what}${path.length > 0 ? `, ${path.join(".")}` : ""} is ${given}: ${expected(issue)}`,
  });
  return undefined;
}

/** Our own errors say "must be"; zod's say "Invalid input: expected string, received number". */
const expected = (issue: z.core.$ZodIssue | undefined): string =>
  issue === undefined
    ? "must be something else"
    : issue.message
        .replace(/^Invalid input: expected (\w+).*/, "must be $1")
        .replace(/^Invalid option: expected one of /, "must be one of ");
