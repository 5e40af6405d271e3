/**
 * The ids of the labs that each stack has had on this machine. A lab's id is in its state, which is empty after a `down`: but
 * it is then that you ask what is left.
 */
import * as fs from "node:fs";
import * as path from "node:path";
import { labIdsIn } from "../../components/infrastructure/leftovers";
import { stateHome } from "./backend";
import type { Deployment } from "./deployment";

/** As many as a stack's labs of a few months, so that the questions to the cloud stay few. */
const KEPT = 20;

const fileOf = (stack: string): string => path.join(stateHome(), "lab-ids", encodeURIComponent(stack));

/** The ids, the newest first. @param deployed the stack's state. */
export function labIdsOf(stack: string, deployed: Deployment | undefined): string[] {
  const file = fileOf(stack);
  const kept = fs.existsSync(file) ? fs.readFileSync(file, "utf8").split("\n") : [];
  const ids = kept.filter((line) => /^[0-9a-f]{12}$/.test(line));
  return [...new Set([...labIdsIn(deployed?.resources ?? []), ...ids])].slice(0, KEPT);
}

/** Keeps the ids of what is deployed. */
export function keepLabIds(stack: string, deployed: Deployment | undefined): void {
  if (labIdsIn(deployed?.resources ?? []).length === 0) return;
  const file = fileOf(stack);
  fs.mkdirSync(path.dirname(file), { recursive: true, mode: 0o700 });
  const draft = `${file}.${process.pid}`;
  fs.writeFileSync(draft, `${labIdsOf(stack, deployed).join("\n")}\n`, { mode: 0o600 });
  fs.renameSync(draft, file);
}
