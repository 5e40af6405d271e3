/** Which resources are left in an account, and which EC2 only still lists. */
import assert from "node:assert/strict";
import { findLeftovers } from "../../../components/infrastructure/aws";
import { startMocks } from "../../support/mocks";
import { problemsOf } from "../../support/problems";

type Call = (inputs: Record<string, unknown>) => Record<string, unknown>;
const fail =
  (details: string): Call =>
  () => {
    throw Object.assign(new Error(details), { details });
  };

/** Finds leftovers in an account that contains only the given resources. */
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
  const found = await findLeftovers("aws", { aws: { region: "eu-central-1" } }, {});
  return { found, asked };
}

describe("findLeftovers on AWS", () => {
  it("finds nothing in an account where nothing has the stack's tags", async () => {
    const { found, asked } = await look({});
    assert.deepEqual(found, []);
    assert.deepEqual(asked.getVpcs?.tags, { project: "encaplab", stack: "aws" });
    assert.equal(Object.keys(asked).length, 8);
  });

  it("does not ask for terminated instances, which EC2 still lists", async () => {
    const { asked } = await look({});
    const states = asked.getInstances?.instanceStateNames as string[];
    assert.ok(states.includes("stopped") && !states.includes("terminated"));
  });

  it("returns kind, id and region, in the order in which you would delete them", async () => {
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
    assert.equal(found[0]?.name, "i-1 in eu-central-1");
  });

  it("fails when a request to EC2 fails, instead of finding nothing", async () => {
    for (const name of ["getVpcs", "getKeyPair"]) {
      const problems = await problemsOf(() => look({ [name]: fail("api error AuthFailure: no") }));
      assert.match(problems[0]?.message ?? "", /does not accept the credentials/);
    }
  });
});
