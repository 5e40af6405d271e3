import assert from "node:assert/strict";
import { findAccess } from "../../../components/infrastructure/common/access";
import { startMocks } from "../../support/mocks";
import { problemsOf } from "../../support/problems";

const never = () => Promise.reject(new Error("no server must be asked"));

describe("findAccess", () => {
  before(() => startMocks());

  it("returns the config's CIDRs without asking for the caller's address", async () => {
    assert.deepEqual(await findAccess("aws", ["203.0.113.7/32", "198.51.100.0/24"], never), [
      "203.0.113.7/32",
      "198.51.100.0/24",
    ]);
  });

  it("opens the nodes to everybody only if the config says 0.0.0.0/0", async () => {
    assert.deepEqual(await findAccess("aws", ["0.0.0.0/0"], never), ["0.0.0.0/0"]);
  });

  it("clears host bits and removes duplicates, because clouds refuse both", async () => {
    const cidrs = ["198.51.100.9/24", "198.51.100.0/24"];
    assert.deepEqual(await findAccess("openstack", cidrs, never), ["198.51.100.0/24"]);
  });

  it("returns only the caller's own address when the config has no accessCidrs", async () => {
    assert.deepEqual(await findAccess("aws", undefined, async () => "203.0.113.7\n"), ["203.0.113.7/32"]);
  });

  for (const answer of ["", "<html>log in</html>", "2001:db8::1", "999.0.113.7", "203.0.113", "0.0.0.0/0"]) {
    it(`refuses an answer that is not an IPv4 address: ${JSON.stringify(answer)}`, async () => {
      const [problem] = await problemsOf(() => findAccess("aws", undefined, async () => answer));
      assert.equal(problem?.key, "aws.accessCidrs");
      assert.match(problem?.message ?? "", /without an IPv4 address/);
    });
  }

  it("says how to set accessCidrs when the caller's address cannot be found", async () => {
    const slow = () => Promise.reject(Object.assign(new Error("aborted"), { name: "TimeoutError" }));
    await assert.rejects(
      findAccess("aws", undefined, slow),
      /^Error: no network: checkip\.amazonaws\.com cannot be reached \(it does not answer\); .*config set --path 'aws\.accessCidrs/,
    );
    const ask = () => Promise.reject(new Error("status 503"));
    const [problem] = await problemsOf(() => findAccess("openstack", undefined, ask));
    assert.equal(problem?.key, "openstack.accessCidrs");
    assert.match(problem?.message ?? "", /status 503.*config set --path 'openstack\.accessCidrs\[0\]'/);
  });
});
