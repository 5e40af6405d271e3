/**
 * A twin under test: calls its providers as the engine would, but without the engine, so that hundreds of cases can run
 * one after the other in place.
 */
import { mkdtempSync, realpathSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Encapsulation, FABRICS, type Fabric } from "../../components/config";
import { renderSecurity } from "../../components/infrastructure/fabric/security";
import { findSandbox, runScript, type Sandbox } from "../../components/infrastructure/twin";
import { renderLink } from "../../components/infrastructure/twin/ipsec-config";
import { renderNetwork } from "../../components/infrastructure/twin/network";
import { renderNode } from "../../components/infrastructure/twin/nodes";
import { link, network, node, sandbox, security } from "../../components/infrastructure/twin/providers";
import { chooseSandbox, type SandboxKind, stopSandbox } from "../../components/infrastructure/twin/sandbox";
import { ENCAPSULATION_FACTS, FABRIC_FACTS, type LabPlan } from "../../components/plan";
import type { DynamicProvider } from "../../components/remote/dynamic";
import { type Observation, observe, twinProber } from "../../components/study";

// biome-ignore lint/suspicious/noExplicitAny: resources of every type, each with inputs and outputs of its own
type AnyProvider = DynamicProvider<any, any>;
interface Recorded {
  provider: AnyProvider;
  // biome-ignore lint/suspicious/noExplicitAny: as above
  values: any;
}

/** The kind of sandbox in which this machine can run an encapsulation, on every fabric. */
export const kindFor = (encapsulation: Encapsulation): SandboxKind => {
  const { tunnel } = ENCAPSULATION_FACTS[encapsulation];
  return chooseSandbox(["nf_tables", "br_netfilter", ...(tunnel ? [tunnel] : [])]).kind;
};

/** Name of the node's interface on a fabric. */
export const nicOf = (fabric: Fabric): string => FABRIC_FACTS[fabric].nic;
export const ALL_FABRICS = FABRICS;

/** A twin in a temporary folder. */
export class TwinUnderTest {
  private base?: string;
  private recorded = new Map<string, Recorded>();

  /** Makes nothing yet: {@link bring} does. */
  constructor(readonly kind: SandboxKind) {}

  private get folder(): string {
    this.base ??= realpathSync(mkdtempSync(join(tmpdir(), "encaplab-twin-")));
    return join(this.base, "lab");
  }

  /** The sandbox it lives in. @throws {Error} when there is none. */
  get sandbox(): Sandbox {
    const found = findSandbox(this.folder);
    if (!found) throw new Error(`no sandbox lives in ${this.folder}`);
    return found;
  }

  /**
   * Brings everything to the plan, as `pulumi up` does.
   * @param kind the sandbox that the plan needs. Default: the twin's own kind.
   * @returns each resource that was touched, and how.
   */
  async bring(plan: LabPlan, kind = this.kind): Promise<Record<string, "create" | "update" | "delete">> {
    const touched: Record<string, "create" | "update" | "delete"> = {};
    const bring = async (name: string, provider: AnyProvider, inputs: object) => {
      const before = this.recorded.get(name);
      if (before && !(await provider.changed(inputs, before.values))) return before.values;
      const outputs = before ? await provider.update(inputs, before.values) : await provider.create(inputs);
      touched[name] = before ? "update" : "create";
      const values = { ...inputs, ...outputs };
      this.recorded.set(name, { provider, values });
      return values;
    };
    const { folder } = this;
    const { boot } = await bring("sandbox", sandbox, { folder, kind });
    const { foundation: on } = await bring("network", network, {
      folder,
      on: boot,
      state: renderNetwork(plan),
    });
    await bring("security", security, { folder, on, state: renderSecurity(plan) });
    const joined = renderLink(plan, "the key of the test");
    if (joined) await bring("link", link, { folder, on, state: joined });
    await Promise.all(
      plan.nodes.map((one) => bring(`node-${one.name}`, node, { folder, on, state: renderNode(plan, one) })),
    );
    // The engine deletes last.
    for (const [name, { provider, values }] of this.recorded) {
      const isGone = name === "link" && !joined;
      if (!isGone && (!name.startsWith("node-") || plan.nodes.some((one) => `node-${one.name}` === name)))
        continue;
      await provider.remove(values);
      this.recorded.delete(name);
      touched[name] = "delete";
    }
    return touched;
  }

  /** Measures every pair. */
  observe(plan: LabPlan): Promise<Observation> {
    return observe(twinProber(this.sandbox), plan);
  }

  /** Runs a script in the sandbox. @returns what it printed. */
  run(script: string): Promise<string> {
    return runScript(this.sandbox, script);
  }

  /** Runs a line of shell on a node or in a pod, as `npm run lab -- shell` does. @returns what it printed. */
  on(name: string, line: string): Promise<string> {
    return this.run(`ip netns exec ${name} bash -c ${JSON.stringify(line).replaceAll("$", "\\$")}`);
  }

  /** Ends the sandbox and removes the folder. The next {@link bring} builds a new twin. */
  async stop(): Promise<void> {
    if (!this.base) return;
    await stopSandbox(this.folder);
    rmSync(this.base, { recursive: true, force: true });
    this.base = undefined;
    this.recorded.clear();
  }
}

/** Does some work with a new twin in namespaces, and stops it. */
export async function withTwin<T>(work: (twin: TwinUnderTest) => Promise<T>): Promise<T> {
  const twin = new TwinUnderTest("namespaces");
  try {
    return await work(twin);
  } finally {
    await twin.stop();
  }
}

let machine: TwinUnderTest | undefined;

/**
 * The twin in a QEMU machine that all suites of a run share, because each boot takes most of a minute under emulation.
 * Call it at the top of a test file: that registers the hook which stops the machine at the end of the run.
 */
export function sharedMachine(): TwinUnderTest {
  machine ??= new TwinUnderTest("machine");
  after(() => machine?.stop());
  return machine;
}
