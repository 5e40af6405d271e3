/** Bootstrap tokens, as far as they need no machine. */
import assert from "node:assert/strict";
import { bootstrapTokens } from "../../components/cluster/providers";

describe("the bootstrap tokens", () => {
  const inputs = {
    controlPlane: "cp1",
    target: { host: "192.0.2.1", port: 22, user: "root", privateKey: "none" },
    workers: {},
    cluster: "sha256:00",
  };

  it("are not needed on a single-node cluster, where the control plane is not asked", async () => {
    const { tokens, until } = await bootstrapTokens.create(inputs);
    assert.deepEqual(tokens, {});
    assert.ok(Date.parse(until) > Date.now());
    assert.equal(await bootstrapTokens.changed(inputs, { ...inputs, tokens, until }), false);
  });
});
