/** Runs the measuring program in the twin. */
import { createHash } from "node:crypto";
import * as fs from "node:fs";
import * as path from "node:path";
import { runScript, type Sandbox } from "../infrastructure/twin/sandbox";
import type { LabPlan } from "../plan";
import { scriptPath } from "../scripts";
import { compare, type Measured, type Observation } from "./observation";
import { orderOf } from "./order";
import { sampleOf } from "./sample";

const PROGRAM = scriptPath("twin/observe");

/** The program's folder in the sandbox. The sandbox may not see the checkout itself: a QEMU machine has its own /tmp. */
const INSIDE = "/run/encaplab/observe";

/** Factor on all time limits. An emulated processor is slower (measured: ping and connect under QEMU's TCG). */
export const PATIENCE = { namespaces: 1, machine: 3 } as const;

/**
 * Measures a running twin: every pair, or in a large lab a sample of them ({@link sampleOf}). What differs from the verdict
 * is measured twice, the second time with doubled time limits, because on a busy machine answers can come too late.
 * Changes nothing in the twin but its connection tracking: the security groups forget all connections, except those of BGP.
 * @param sandbox the twin's namespaces, as `findSandbox` returns them.
 * @param plan what is deployed in it. With another plan, everything that differs is reported as a disagreement.
 * @param options `all`: measure every pair, however many there are.
 * @throws {SandboxError} when the twin is gone or the program fails.
 */
export async function observe(
  sandbox: Sandbox,
  plan: LabPlan,
  options: { all?: boolean } = {},
): Promise<Observation> {
  const sample = sampleOf(plan, options.all);
  const order = JSON.stringify(orderOf(plan, PATIENCE[sandbox.kind], sample));
  const answer = await runScript(sandbox, program(), order);
  return compare(plan, JSON.parse(answer) as Measured, new Date(), sample);
}

/**
 * Bash that writes the program into the sandbox, unless the same is there already, and becomes it. No process but Python
 * is started, because under emulation each costs a tenth of a second. Python keeps its byte code in the folder.
 */
export function program(): string {
  const files = fs
    .readdirSync(PROGRAM)
    .filter((name) => name.endsWith(".py"))
    .map((name) => ({ name, text: fs.readFileSync(path.join(PROGRAM, name), "utf8") }));
  const folder = `${INSIDE}/${createHash("sha256").update(JSON.stringify(files)).digest("hex").slice(0, 16)}`;
  // Last, the file that the test looks for: an interrupted script has not written it.
  const write = files.map(
    ({ name, text }) =>
      `IFS= read -r -d '' text <<'PYTHON'\n${text}PYTHON\nprintf %s "$text" > ${folder}/${name}`,
  );
  return [
    `if [[ ! -e ${folder}/complete ]]; then`,
    `mkdir -p ${folder}`,
    ...write,
    `: > ${folder}/complete`,
    "fi",
    `exec python3 -S -E ${folder}`,
  ].join("\n");
}
