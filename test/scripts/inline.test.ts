import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import * as pulumi from "@pulumi/pulumi";
import { insideEngine } from "../../scripts/cli/inline";
import { skip } from "../support/skip";

describe("a question asked inside the engine", function () {
  this.timeout(60_000);
  before(function () {
    if (spawnSync("pulumi", ["version"]).error) skip(this, "there is no pulumi on PATH: run it by npm test");
  });

  it("returns its answer, from a stack that is not the lab's", async () => {
    assert.deepEqual(await insideEngine(async () => ({ stack: pulumi.getStack() })), { stack: "ask" });
  });

  it("fails with the error of the function that asks", async () => {
    const error = new Error("nobody there");
    const ask = () => Promise.reject(error);
    assert.equal(await insideEngine(ask).catch((thrown) => thrown), error);
  });
});
