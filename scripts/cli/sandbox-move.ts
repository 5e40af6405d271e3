/** What is said about the sandbox of a twin: why it takes long to start, and whether it moves to another one. */
import {
  canPlay,
  chooseSandbox,
  featuresOf,
  findSandbox,
  type SandboxKind,
} from "../../components/infrastructure/twin/sandbox";
import type { LabPlan } from "../../components/plan";
import { type Deployment, twinOf } from "./deployment";

/** The sentence about a twin's sandbox; undefined if it stays where it is and that is its usual place. */
export function sayOfSandbox(
  deployed: Deployment | undefined,
  wanted: LabPlan | undefined,
  choose: typeof chooseSandbox = chooseSandbox,
): string | undefined {
  const folder = twinOf(deployed)?.folder;
  const running = folder === undefined ? undefined : findSandbox(folder)?.kind;
  return running && wanted?.onTwin ? describeMove(running, choose(featuresOf(wanted))) : undefined;
}

function describeMove(
  running: SandboxKind,
  { kind, why }: ReturnType<typeof chooseSandbox>,
): string | undefined {
  if (kind === running) return undefined;
  if (canPlay(running, kind))
    return "The twin stays in its QEMU machine, so nothing is rebuilt. After `down`, the next `up` builds it in namespaces of this machine, which is faster.";
  return `The twin must move, so everything in it is built anew: ${why}.`;
}

/** Why a twin that is not up takes long to start; undefined if it does not. */
export function sayOfStart(wanted: LabPlan | undefined): string | undefined {
  if (!wanted?.onTwin) return undefined;
  const { kind, why } = chooseSandbox(featuresOf(wanted));
  return kind === "machine" ? `${why.charAt(0).toUpperCase()}${why.slice(1)}.` : undefined;
}
