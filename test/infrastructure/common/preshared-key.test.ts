/** The pre-shared key that is made for a stack. */
import assert from "node:assert/strict";
import * as pulumi from "@pulumi/pulumi";
import { presharedKey } from "../../../components/infrastructure/common";
import { presharedKey as provider } from "../../../components/infrastructure/common/providers";
import { type Recorded, record, resolved } from "../../support/mocks";

describe("a pre-shared key", () => {
  it("has 192 random bits in the characters that AWS takes, and never begins with 0", async () => {
    const keys = new Set<string>();
    for (let i = 0; i < 1000; i++) keys.add((await provider.create({})).key);
    assert.equal(keys.size, 1000);
    for (const key of keys) assert.match(key, /^[1-9A-Za-z._][0-9A-Za-z._]{31}$/);
  });

  it("is never renewed", async () => {
    const made = await provider.create({});
    assert.equal(await provider.changed({}, made), false);
    assert.deepEqual(await provider.update({}, made), made);
  });

  const made = async (given?: string) => {
    const { result, resources } = await record((options) => presharedKey("psk", given, options), {
      state: () => ({ key: "made" }),
    });
    const { key, isSecret } = { key: await resolved(result), isSecret: await pulumi.isSecret(result) };
    return { key, isSecret, resources };
  };

  it("is a resource whose state keeps the key encrypted", async () => {
    const { key, resources } = await made();
    assert.equal(key, "made");
    const { type, opts } = resources[0] as Recorded;
    assert.match(type, /PresharedKey$/);
    assert.deepEqual(opts.additionalSecretOutputs, ["key"]);
  });

  it("is the config's own where there is one, a secret, without a resource", async () => {
    const { key, isSecret, resources } = await made("correct horse");
    assert.deepEqual([key, isSecret, resources.length], ["correct horse", true, 0]);
  });
});
