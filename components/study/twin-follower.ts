/** Follows a trace's packet on the twin. */
import { FABRIC } from "../infrastructure/fabric";
import { runScript, type Sandbox } from "../infrastructure/twin/sandbox";
import { addressOf, type Endpoint, type LabPlan, listenerOf, type Trace, withFirewall } from "../plan";
import { decodeAll } from "./decode";
import type { Follower } from "./follower";
import { compareTrace, type ObservedTrace } from "./sighting";
import { placeOf, tapsOf } from "./tap";
import { PATIENCE, program } from "./twin-prober";

/** Follows traces on a running twin, at every device. It throws a `SandboxError` when the twin is gone. */
export const twinFollower = (sandbox: Sandbox, plan: LabPlan): Follower => ({
  plan,
  follow: (trace, to) => follow(sandbox, plan, trace, to),
});

/** What the measuring program answers. The packets are in hex, each from its IPv4 header on. */
interface Answer {
  works: boolean;
  detail: string;
  packets: Record<string, string[]>;
}

async function follow(sandbox: Sandbox, plan: LabPlan, trace: Trace, to: Endpoint): Promise<ObservedTrace> {
  const taps = tapsOf(plan, trace);
  const listener = listenerOf({ to }, trace.probe);
  const places = new Map(taps.map((tap) => [placeOf(tap), tap]));
  const order = {
    patience: PATIENCE[sandbox.kind],
    stateful: [FABRIC, ...withFirewall(plan).map(({ name }) => name)],
    listeners: listener ? [listener] : [],
    probe: {
      id: "trace",
      namespace: trace.from,
      destination: addressOf(to),
      probe: trace.probe.protocol,
      size: trace.probe.size,
      port: trace.probe.port,
      expect: trace.outcome === "works",
    },
    taps: [...places].map(([id, tap]) => ({ id, namespace: tap.namespace, interface: tap.interface })),
  };
  const answer: Answer = JSON.parse(await runScript(sandbox, program(), JSON.stringify(order)));
  const packets = Object.entries(answer.packets).map(([id, hex]) => [id, decodeAll(hex)]);
  return compareTrace(trace, taps, { ...answer, packets: Object.fromEntries(packets) });
}
