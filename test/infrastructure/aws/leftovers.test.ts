/** What is still there, and what only seems to be. */
import assert from "node:assert/strict";
import * as aws from "@pulumi/aws";
import { findLeftovers } from "../../../components/infrastructure/aws";
import { startMocks } from "../../support/mocks";
import { problemsOf } from "../../support/problems";

type Call = (inputs: Record<string, unknown>) => Record<string, unknown>;
const fail =
  (details: string): Call =>
  () => {
    throw Object.assign(new Error(details), { details });
  };

/** An account in which there is nothing but what is given. */
async function look(there: Record<string, Call>) {
  const asked: Record<string, Record<string, unknown>> = {};
  const none: Record<string, Call> = {
    getInternetGateway: fail("no matching EC2 Internet Gateway found"),
    getKeyPair: fail("no matching EC2 Key Pair found"),
  };
  await startMocks({
    call: (token, inputs) => {
      const name = token.split(":").at(-1) ?? "";
      asked[name] = inputs;
      return (there[name] ?? none[name] ?? (() => ({ ids: [] })))(inputs);
    },
  });
  const found = await findLeftovers(
    "aws",
    "eu-central-1",
    new aws.Provider("aws", { region: "eu-central-1" }),
  );
  return { found, asked };
}

describe("what is left of a lab on AWS", () => {
  it("is nothing in an account where nothing bears its tags", async () => {
    const { found, asked } = await look({});
    assert.deepEqual(found, []);
    assert.deepEqual(asked.getVpcs?.tags, { project: "encaplab", stack: "aws" });
    assert.equal(Object.keys(asked).length, 8);
  });

  it("is never a machine that is terminated and only still shown", async () => {
    const { asked } = await look({});
    const states = asked.getInstances?.instanceStateNames as string[];
    assert.ok(states.includes("stopped") && !states.includes("terminated"));
  });

  it("is named by kind and id, in the order in which one would delete it", async () => {
    const { found } = await look({
      getVpcs: () => ({ ids: ["vpc-1"] }),
      getInstances: () => ({ ids: ["i-1", "i-2"] }),
      getInternetGateway: () => ({ id: "igw-1" }),
      getKeyPair: fail("multiple EC2 Key Pairs matched; use additional constraints"),
    });
    assert.deepEqual(
      found.map(({ kind, id }) => `${kind} ${id}`),
      ["instance i-1", "instance i-2", "key-pair several", "internet-gateway igw-1", "vpc vpc-1"],
    );
  });

  it("is not taken to be nothing when EC2 cannot be asked", async () => {
    for (const name of ["getVpcs", "getKeyPair"]) {
      const problems = await problemsOf(() => look({ [name]: fail("api error AuthFailure: no") }));
      assert.match(problems[0]?.message ?? "", /does not accept the credentials/);
    }
  });
});
