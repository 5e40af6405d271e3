/** A lab on a model of EC2 whose engine is killed: what the next `up` and `down` make of it. */
import { parseConfig } from "../../components/config";
import { askThrough } from "../../components/infrastructure/aws/leftovers";
import { createProvider } from "../../components/infrastructure/aws/provider";
import { recoveryOf, wantedBy } from "../../components/infrastructure/aws/recovery";
import { unknownTo } from "../../components/infrastructure/common";
import { planLab } from "../../components/plan";
import { buildAws } from "./aws";
import { Ec2Model } from "./ec2-model";
import { KilledEngine, type Moment, recordedId } from "./killed-engine";
import { type Recorded, startMocks } from "./mocks";

/** Direct paths across subnets, and a rule that one node must not have: every kind of resource is in it. */
const RAW = {
  encapsulation: "IPIPCrossSubnet",
  podRoutes: true,
  faults: [{ fault: "ipip-blocked", nodes: ["w2"] }],
};
const PLAN = planLab(parseConfig({ cloud: "aws", ...RAW }));

/** What the lab registers. */
export const recordedLab = async (): Promise<Recorded[]> =>
  (await buildAws(RAW, { id: recordedId })).resources;

/** The result of a kill: what the cloud has in the end, and what was deleted in between. */
export interface Aftermath {
  contents: readonly string[];
  deleted: string[];
}

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
  const { find, idsOf } = recoveryOf(
    askThrough(region, createProvider("aws", region, {})),
    region,
    {},
    "test",
  );
  const found = (await Promise.all(engine.labs.map(find))).flat();
  const unknown = unknownTo(engine.state, found, idsOf, then === "up" ? wantedBy(PLAN) : undefined);
  for (const { type, id } of unknown) model.remove(type, id);
  engine[then]();
  return { contents: model.contents, deleted: unknown.map(({ kind }) => kind) };
}
