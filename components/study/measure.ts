/** Runs the measuring program in the twin. */
import * as fs from "node:fs";
import * as path from "node:path";
import { runScript, type Sandbox } from "../infrastructure/twin/sandbox";
import type { LabPlan } from "../plan";
import { scriptPath } from "../scripts";
import { compare, type Measured, type Observation, orderOf } from "./observation";

const PROGRAM = scriptPath("twin/observe");

/** The program's folder in the sandbox. The sandbox may not see the checkout itself: a QEMU machine has its own /tmp. */
const INSIDE = "/run/encaplab/observe";

/** Factor on all time limits. An emulated processor is slower (measured: ping and connect under QEMU's TCG). */
const PATIENCE = { namespaces: 1, machine: 3 } as const;

/**
 * Measures every pair of a running twin. After a disagreement with the verdict, measures everything once more with
 * doubled time limits, because on a busy machine answers can come too late. Changes nothing in the twin but its
 * connection tracking: the security groups forget all connections, except those of BGP.
 * @param sandbox the twin's namespaces, as `findSandbox` returns them.
 * @param plan what is deployed in it. With another plan, everything that differs is reported as a disagreement.
 * @throws {SandboxError} when the twin is gone or the program fails.
 */
export async function observe(sandbox: Sandbox, plan: LabPlan): Promise<Observation> {
  const first = await measure(sandbox, plan, PATIENCE[sandbox.kind]);
  return first.agrees ? first : measure(sandbox, plan, 2 * PATIENCE[sandbox.kind]);
}

async function measure(sandbox: Sandbox, plan: LabPlan, patience: number): Promise<Observation> {
  const order = JSON.stringify(orderOf(plan, patience));
  const answer = await runScript(sandbox, `${program()}\nexec python3 ${INSIDE}`, order);
  return compare(plan, JSON.parse(answer) as Measured, new Date());
}

/** Bash that writes the program's files into the sandbox. */
function program(): string {
  const files = fs.readdirSync(PROGRAM).filter((name) => name.endsWith(".py"));
  const write = (name: string) =>
    `cat > ${INSIDE}/${name} <<'PYTHON'\n${fs.readFileSync(path.join(PROGRAM, name), "utf8")}PYTHON`;
  return [`mkdir -p ${INSIDE}`, ...files.map(write)].join("\n");
}
