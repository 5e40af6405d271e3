/** Where an imported lab goes: a stack file and a page beside it. */
import * as fs from "node:fs";
import * as path from "node:path";
import { badUsage } from "./failure";
import { typed } from "./invocation";

const STACKS = path.resolve(__dirname, "../../stacks");

/** A name for a stack of a file's, if the user gives none: `cluster` for `/tmp/cluster.yaml`. */
export function stackNameOf(inputs: readonly string[]): string {
  const first = inputs.find((name) => name !== "-") ?? "imported";
  const base = path.basename(first).replace(/\.(tar\.gz|tgz|tar|ya?ml|json|txt|md)$/i, "");
  const clean = base
    .replace(/^Pulumi\./, "")
    .replace(/[^a-zA-Z0-9_-]+/g, "-")
    .replace(/^[^a-zA-Z]+|-+$/g, "");
  return clean.slice(0, 40) || "imported";
}

/** The two files of an imported stack. */
export interface Target {
  stack: string;
  page: string;
  /** Whether the command line finds the stack by its name. */
  isInStacks: boolean;
}

/** @throws {Failure} when a file is there that the user has not asked to replace. */
export function targetOf(name: string, { out, force }: { out?: string; force?: boolean }): Target {
  const folder = out === undefined ? STACKS : path.resolve(out);
  const target = {
    stack: path.join(folder, `Pulumi.${name}.yaml`),
    page: path.join(folder, `${name}.md`),
    isInStacks: folder === STACKS,
  };
  const there = [target.stack, target.page].find((file) => fs.existsSync(file));
  if (there && !force) {
    throw badUsage(
      `${shown(there)} is there already. Give the lab another name (${typed(`import … --name ${name}-2`)}), or replace the file with --force.`,
    );
  }
  return target;
}

/** Writes both files. */
export function writeTarget(target: Target, stack: string, page: string): void {
  fs.mkdirSync(path.dirname(target.stack), { recursive: true });
  for (const [file, text] of [
    [target.stack, stack],
    [target.page, page],
  ] as const) {
    const draft = `${file}.${process.pid}`;
    fs.writeFileSync(draft, text);
    fs.renameSync(draft, file);
  }
}

/** A path as the user would type it. */
export const shown = (file: string): string => {
  const near = path.relative(process.cwd(), file);
  return near.startsWith("..") ? file : near;
};
