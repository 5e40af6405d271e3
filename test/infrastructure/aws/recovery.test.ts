/** What a killed run has left in EC2: the next `up` completes, and a `down` leaves nothing. */
import assert from "node:assert/strict";
import { stateOf } from "../../../components/infrastructure/aws/recovery";
import { afterKill, recordedLab } from "../../support/aws-killed";
import { Ec2Model } from "../../support/ec2-model";
import { KilledEngine } from "../../support/killed-engine";
import type { Recorded } from "../../support/mocks";

describe("after an engine on AWS was killed", function () {
  this.timeout(60_000);
  let resources: Recorded[];
  let whole: number;
  before(async () => {
    resources = await recordedLab();
    const model = new Ec2Model();
    new KilledEngine(model, resources).up();
    whole = model.contents.length;
  });
  const stepOf = (kind: string): number => {
    const { steps } = new KilledEngine(new Ec2Model(), resources);
    const step = steps.findIndex(({ type }) => type.endsWith(`:${kind}`));
    assert.ok(step >= 0, kind);
    return step;
  };

  it("an up without a look would meet what is there: the model refuses as EC2 does", () => {
    const codes = {
      Instance: /InvalidIPAddress.InUse/,
      SecurityGroupIngressRule: /InvalidPermission.Duplicate/,
    };
    for (const [kind, code] of Object.entries(codes)) {
      const engine = new KilledEngine(new Ec2Model(), resources);
      engine.up({ step: stepOf(kind), moment: "after" });
      assert.throws(() => engine.up(), code);
    }
  });

  for (const kind of [
    "Vpc",
    "InternetGateway",
    "RouteTable",
    "Route",
    "Subnet",
    "RouteTableAssociation",
    "SecurityGroup",
    "SecurityGroupIngressRule",
    "SecurityGroupEgressRule",
    "KeyPair",
    "Instance",
  ])
    it(`an up builds the lab once, and a down leaves nothing: killed while it makes a ${kind}`, async () => {
      const kill = { step: stepOf(kind), moment: "after" } as const;
      const up = await afterKill(resources, kill, "up");
      assert.ok(up.deleted.length > 0);
      assert.equal(up.contents.length, whole);
      assert.deepEqual((await afterKill(resources, kill, "down")).contents, []);
    });

  it("what is unknown is deleted in an order that EC2 accepts: the state of the throw-away stack says so", () => {
    const remains = ["instance", "subnet", "vpc"].map((kind) => ({
      kind,
      id: `${kind}-1`,
      command: "",
      type: `aws:ec2/${kind}:${kind}`,
    }));
    const state = stateOf(remains, { region: "eu-central-1", endpoints: [{ ec2: "http://localhost" }] });
    const { resources: listed } = (state as { deployment: { resources: Recorded["props"][] } }).deployment;
    assert.deepEqual(
      listed.map(({ id, dependencies }) => [id, (dependencies ?? []).length]),
      [
        ["00000000-0000-4000-8000-000000000000", 0],
        ["vpc-1", 0],
        ["subnet-1", 1],
        ["instance-1", 2],
      ],
    );
    assert.equal(listed[0]?.inputs.endpoints, '[{"ec2":"http://localhost"}]');
  });
});
