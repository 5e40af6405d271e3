/** A lab on a model of EC2 whose engine is killed: what the next `up` and `down` make of it. */
import { parseConfig } from "../../components/config";
import { askThrough } from "../../components/infrastructure/aws/leftovers";
import { createProvider } from "../../components/infrastructure/aws/provider";
import { recoveryOf, wantedBy } from "../../components/infrastructure/aws/recovery";
import { searchUnknown } from "../../components/infrastructure/common";
import { planLab } from "../../components/plan";
import { buildAws } from "./aws";
import { Ec2Model } from "./ec2-model";
import { type Aftermath, KILLED_LAB, KilledEngine, type Moment, recordedId } from "./killed-engine";
import { type Recorded, startMocks } from "./mocks";
import { OPENSTACK_SITE } from "./peer-sites";

/** With one end of a tunnel, too, whose peer is up. */
const LAB = { ...KILLED_LAB, link: { peer: "site-openstack" } };
const PLAN = planLab(parseConfig({ cloud: "aws", ...LAB }));

/** What the lab registers. */
export const recordedLab = async (): Promise<Recorded[]> =>
  (await buildAws(LAB, { id: recordedId, peer: OPENSTACK_SITE })).resources;

/** Builds, is killed, and then goes on as `up` or `down` does. The provider's deletions are the model's. */
export async function afterKill(
  resources: readonly Recorded[],
  kill: { step: number; moment: Moment },
  then: "up" | "down",
): Promise<Aftermath> {
  const model = new Ec2Model();
  const engine = new KilledEngine(model, resources);
  engine.up(kill);
  await startMocks({ call: model.call });
  const region = "eu-central-1";
  const recovery = recoveryOf(askThrough(region, createProvider("aws", region, {})), region, {}, "test");
  const unknown = await searchUnknown(recovery, engine.state, then === "up" ? wantedBy(PLAN) : undefined);
  for (const { type, id } of unknown) model.remove(type, id);
  engine[then]();
  return { contents: model.contents, deleted: unknown.map(({ kind }) => kind) };
}
