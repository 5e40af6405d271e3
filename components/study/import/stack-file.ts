/** The imported lab as a stack file, with where each value is from. */
import { stringify } from "yaml";
import { PROJECT, type RawConfig } from "../../config";
import type { ImportedLab } from "./lab";

/** Columns of a comment. */
const WIDTH = 120;

/** How a stack's name may look: it is part of a file's name, and of a lab's names in clouds. */
export const STACK_NAME = /^[a-zA-Z][a-zA-Z0-9_-]{0,39}$/;

/** @param about the first line, which `lab stacks` shows. */
export function stackFile(about: string, lab: Pick<ImportedLab, "entries">): string {
  const lines = lab.entries.flatMap(({ key, value, why }) => [...comment(why, "  "), ...setting(key, value)]);
  return [HEAD, ...comment(about, ""), "config:", ...lines, ""].join("\n");
}

/** A stack file of keys without comments. */
export const plainStackFile = (about: string, config: RawConfig): string =>
  [
    HEAD,
    ...comment(about, ""),
    "config:",
    ...Object.entries(config).flatMap(([key, value]) => setting(key, value)),
    "",
  ].join("\n");

const HEAD = "# yaml-language-server: $schema=schema.json";

/** A key and its value. Numbers and versions are in quotes: the engine keeps text. */
function setting(key: string, value: unknown): string[] {
  const written = typeof value === "boolean" || typeof value === "number" ? String(value) : value;
  return stringify(
    { [`${PROJECT}:${key}`]: written },
    { lineWidth: 0, flowCollectionPadding: false, defaultKeyType: "PLAIN" },
  )
    .trimEnd()
    .split("\n")
    .map((line) => `  ${line}`);
}

/** Sentences as comment lines. What is from the input cannot leave the comment. */
function comment(text: string, indent: string): string[] {
  return text.split("\n").flatMap((line) => {
    const words = line.replace(/[\p{C}]/gu, "").split(" ");
    const lines: string[] = [];
    let current = `${indent}#`;
    for (const word of words) {
      if (current.length + word.length + 1 > WIDTH && current !== `${indent}#`) {
        lines.push(current);
        current = `${indent}#`;
      }
      current += ` ${word}`;
    }
    return [...lines, current];
  });
}
