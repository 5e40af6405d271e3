/** The throw-away stack that deletes in EC2 what a state does not know. */
import assert from "node:assert/strict";
import { stateOf } from "../../../components/infrastructure/aws/recovery";
import type { Recorded } from "../../support/mocks";

describe("what an engine on AWS that was killed has left", () => {
  it("is deleted in an order that EC2 accepts: the state of the throw-away stack says so", () => {
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
