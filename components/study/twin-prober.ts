/** The prober of the twin: one program that measures all its namespaces. */
import { createHash } from "node:crypto";
import * as fs from "node:fs";
import * as path from "node:path";
import { runScript, type Sandbox } from "../infrastructure/twin/sandbox";
import { scriptPath } from "../scripts";
import type { Evidence } from "./evidence";
import type { Measured } from "./measured";
import { TWIN } from "./observation";
import { type Order, orderOf } from "./order";
import type { Prober } from "./prober";
import { sampleOf } from "./sample";

const PROGRAM = scriptPath("twin/observe");

/** The program's folder in the sandbox. The sandbox may not see the checkout itself: a QEMU machine has its own /tmp. */
const INSIDE = "/run/encaplab/observe";

/** Factor on all time limits. An emulated processor is slower (measured: ping and connect under QEMU's TCG). */
export const PATIENCE = { namespaces: 1, machine: 3 } as const;

/**
 * Measures a running twin. What differs from the verdict is measured twice, the second time with doubled time limits,
 * because on a busy machine answers can come too late. Changes nothing in the twin but its connection tracking: the security
 * groups forget all connections, except those of BGP.
 * @param sandbox the twin's namespaces, as `findSandbox` returns them. Its `measure` throws a SandboxError when the twin is
 *   gone or the program fails.
 */
export const twinProber = (sandbox: Sandbox): Prober => ({
  of: TWIN,
  sample: sampleOf,
  async measure(plan, sample) {
    const order = orderOf(plan, PATIENCE[sandbox.kind], sample);
    const measured = JSON.parse(await runScript(sandbox, program(), JSON.stringify(order))) as Measured;
    return { measured, evidence: evidenceOf(order, measured) };
  },
  async runner({ nodes }) {
    const places = nodes.flatMap(({ pods, ...node }) => [node, ...pods]);
    return {
      addressOf: (name) => places.find((place) => place.name === name)?.address,
      run: (name, command, seconds) => runIn(sandbox, name, command, seconds * PATIENCE[sandbox.kind]),
    };
  },
});

/** Runs a line of shell in a namespace. @throws {SandboxError} when the sandbox is gone. */
async function runIn(sandbox: Sandbox, where: string, command: string, seconds: number): Promise<Evidence> {
  const script = [
    "IFS= read -r -d '' command",
    `output=$(timeout ${seconds} nsenter --net=/run/netns/${where} sh -c "$command" 2>&1 </dev/null); code=$?`,
    'printf "%s\n%s" "$code" "$output"',
  ].join("\n");
  const [, code, output = ""] = /^(\d+)\n([\s\S]*)$/.exec(await runScript(sandbox, script, command)) ?? [];
  return { where, command, exit: Number(code), output };
}

/** The program sends packets itself: what it sent stands for a command, and what came back for its output. */
function evidenceOf({ rounds, captures }: Order, { results, captures: taken }: Measured): Evidence[] {
  const probes = rounds.flat().map(({ id, namespace, destination, probe, size, port }) => ({
    where: namespace,
    probe: id,
    command: `${probe} ${destination}${port ? ` port ${port}` : ""}, ${size} bytes`,
    output: results[id]?.works ? "answered" : (results[id]?.detail ?? "not measured"),
  }));
  const looks = captures.flatMap(({ id, node, interface: device, route }) => [
    { where: node, command: `ip route get ${route}`, output: taken[id]?.route ?? "" },
    { where: node, command: `tcpdump -nnt -e -i ${device}`, output: taken[id]?.packet ?? "" },
  ]);
  return [...probes, ...looks];
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
