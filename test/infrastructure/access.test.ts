import assert from "node:assert/strict";
import { findAccess } from "../../components/infrastructure/access";
import { startMocks } from "../support/mocks";
import { problemsOf } from "../support/problems";

const never = () => Promise.reject(new Error("nobody was to be asked"));

describe("who may reach the nodes from outside", () => {
  before(() => startMocks());

  it("is whom the config names, and then nobody is asked", async () => {
    assert.deepEqual(await findAccess("aws", ["203.0.113.7/32", "198.51.100.0/24"], never), [
      "203.0.113.7/32",
      "198.51.100.0/24",
    ]);
  });

  it("is everybody only where that is written", async () => {
    assert.deepEqual(await findAccess("aws", ["0.0.0.0/0"], never), ["0.0.0.0/0"]);
  });

  it("is named as clouds name it, and once: they refuse bits behind the prefix and a rule that is there", async () => {
    const cidrs = ["198.51.100.9/24", "198.51.100.0/24"];
    assert.deepEqual(await findAccess("openstack", cidrs, never), ["198.51.100.0/24"]);
  });

  it("is the caller's own address alone when the config names nobody", async () => {
    assert.deepEqual(await findAccess("aws", undefined, async () => "203.0.113.7\n"), ["203.0.113.7/32"]);
  });

  for (const answer of ["", "<html>log in</html>", "2001:db8::1", "999.0.113.7", "203.0.113", "0.0.0.0/0"]) {
    it(`is never guessed from an answer that is no address: ${JSON.stringify(answer)}`, async () => {
      const [problem] = await problemsOf(() => findAccess("aws", undefined, async () => answer));
      assert.equal(problem?.key, "aws.accessCidrs");
      assert.match(problem?.message ?? "", /without an IPv4 address/);
    });
  }

  it("must be named when the caller's address cannot be found out, and the error says how", async () => {
    const ask = () => Promise.reject(new Error("not within 5 seconds"));
    const [problem] = await problemsOf(() => findAccess("openstack", undefined, ask));
    assert.equal(problem?.key, "openstack.accessCidrs");
    assert.match(
      problem?.message ?? "",
      /not within 5 seconds.*config set --path 'openstack\.accessCidrs\[0\]'/,
    );
  });
});
