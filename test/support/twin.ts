/**
 * A twin under test: calls its providers as the engine would, but without the engine, so that hundreds of cases can run
 * one after the other in place.
 */
import { mkdtempSync, realpathSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { type Encapsulation, FABRICS, type Fabric } from "../../components/config";
import { findSandbox, runScript, type Sandbox } from "../../components/infrastructure/twin";
import { renderNetwork } from "../../components/infrastructure/twin/network";
import { renderNode } from "../../components/infrastructure/twin/nodes";
import { network, node, sandbox, security } from "../../components/infrastructure/twin/providers";
import { chooseSandbox, type SandboxKind, stopSandbox } from "../../components/infrastructure/twin/sandbox";
import { renderSecurity } from "../../components/infrastructure/twin/security";
import { ENCAPSULATION_FACTS, FABRIC_FACTS, type LabPlan } from "../../components/plan";
import type { DynamicProvider } from "../../components/remote/dynamic";
import { type Observation, observe } from "../../components/study";

// biome-ignore lint/suspicious/noExplicitAny: resources of every type, each with inputs and outputs of its own
type AnyProvider = DynamicProvider<any, any>;
interface Recorded {
  part: AnyProvider;
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
  readonly folder = join(realpathSync(mkdtempSync(join(tmpdir(), "encaplab-twin-"))), "lab");
  private recorded = new Map<string, Recorded>();

  constructor(readonly kind: SandboxKind) {}

  get sandbox(): Sandbox {
    const found = findSandbox(this.folder);
    if (!found) throw new Error(`no sandbox lives in ${this.folder}`);
    return found;
  }

  /** Brings everything to the plan, as `pulumi up` does. @returns each part that was touched, and how. */
  async bring(plan: LabPlan): Promise<Record<string, "create" | "update" | "delete">> {
    const touched: Record<string, "create" | "update" | "delete"> = {};
    const bring = async (name: string, part: AnyProvider, inputs: object) => {
      const before = this.recorded.get(name);
      if (before && !(await part.changed(inputs, before.values))) return before.values;
      const outputs = before ? await part.update(inputs, before.values) : await part.create(inputs);
      touched[name] = before ? "update" : "create";
      const values = { ...inputs, ...outputs };
      this.recorded.set(name, { part, values });
      return values;
    };
    const { folder } = this;
    const { boot } = await bring("sandbox", sandbox, { folder, kind: this.kind });
    const { foundation: on } = await bring("network", network, {
      folder,
      on: boot,
      state: renderNetwork(plan),
    });
    await bring("security", security, { folder, on, state: renderSecurity(plan) });
    await Promise.all(
      plan.nodes.map((one) => bring(`node-${one.name}`, node, { folder, on, state: renderNode(plan, one) })),
    );
    // The engine deletes last.
    for (const [name, { part, values }] of this.recorded) {
      if (!name.startsWith("node-") || plan.nodes.some((one) => `node-${one.name}` === name)) continue;
      await part.remove(values);
      this.recorded.delete(name);
      touched[name] = "delete";
    }
    return touched;
  }

  observe(plan: LabPlan): Promise<Observation> {
    return observe(this.sandbox, plan);
  }

  run(script: string): Promise<string> {
    return runScript(this.sandbox, script);
  }

  async stop(): Promise<void> {
    await stopSandbox(this.folder);
    this.recorded.clear();
    rmSync(dirname(this.folder), { recursive: true, force: true });
  }
}
