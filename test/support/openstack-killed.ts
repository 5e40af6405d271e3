/** A lab on a model of OpenStack whose engine is killed: what the next `up` and `down` make of it. */
import { parseConfig } from "../../components/config";
import { searchUnknown } from "../../components/infrastructure/common";
import type { Session } from "../../components/infrastructure/openstack/api";
import { recoveryOf, wantedBy } from "../../components/infrastructure/openstack/recovery";
import { planLab } from "../../components/plan";
import { type Aftermath, KILLED_LAB, KilledEngine, type Moment, recordedId } from "./killed-engine";
import type { Recorded } from "./mocks";
import { apiOf } from "./neutron-api";
import { NeutronModel } from "./neutron-model";
import { buildOpenStack } from "./openstack";
import { FakeOpenStack } from "./openstack-api";
import { AWS_SITE } from "./peer-sites";

/** With one end of a tunnel, too, whose peer is up. Such a lab has one subnet. */
const LAB = {
  ...KILLED_LAB,
  topology: [{ name: "a", cidr: "10.0.3.0/24", nodes: ["cp1", "w1", "w2", "w3"] }],
  link: { peer: "site-aws", psk: "correct_horse" },
};
const PLAN = planLab(parseConfig({ cloud: "openstack", ...LAB }));

/** What the lab registers. */
export const recordedLab = async (): Promise<Recorded[]> =>
  (await buildOpenStack(LAB, { id: recordedId, peer: AWS_SITE })).resources;

/** Builds, is killed, and then goes on as `up` or `down` does. */
export async function afterKill(
  resources: readonly Recorded[],
  kill: { step: number; moment: Moment },
  then: "up" | "down",
): Promise<Aftermath> {
  const model = new NeutronModel();
  const engine = new KilledEngine(model, resources);
  const fake = await FakeOpenStack.start({}, apiOf(model));
  try {
    engine.up(kill);
    const session: Session = { token: "a-token", projectId: "p", catalogue: fake.catalogue, region: "here" };
    const recovery = recoveryOf(session, "test", { attempts: 2, pause: 0 });
    const unknown = await searchUnknown(recovery, engine.state, then === "up" ? wantedBy(PLAN) : undefined);
    await recovery.remove(unknown);
    engine[then]();
    return { contents: model.contents, deleted: unknown.map(({ kind }) => kind) };
  } finally {
    await fake.stop();
  }
}
