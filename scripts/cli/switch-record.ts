/** What was seen of a lab's last switch, kept for its report. */
import * as fs from "node:fs";
import * as path from "node:path";
import type { SwitchSeen } from "../../components/study";
import { overlayFolder } from "./overlay";

/** It is gone with all else that is kept for the lab, at `down`. */
const fileOf = (stack: string): string => path.join(overlayFolder(stack), "switch.json");

/** Keeps what was seen, in place of the switch before. */
export function keepSwitch(stack: string, seen: SwitchSeen): void {
  fs.mkdirSync(overlayFolder(stack), { recursive: true });
  fs.writeFileSync(fileOf(stack), JSON.stringify(seen));
}

/**
 * What was seen of the last switch.
 * @param encapsulation of the lab as it is: a switch to another one has been followed by an `up`.
 */
export function lastSwitch(stack: string, encapsulation: string): SwitchSeen | undefined {
  let seen: SwitchSeen;
  try {
    seen = JSON.parse(fs.readFileSync(fileOf(stack), "utf8"));
  } catch {
    // There was none, or a full disk has left half of it: nothing depends on it.
    return undefined;
  }
  return seen.to === encapsulation ? seen : undefined;
}
