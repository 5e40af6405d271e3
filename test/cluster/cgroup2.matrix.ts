/**
 * A cluster in node containers on a machine as most users have it: control groups v2, and Debian's kernel. It runs in QEMU,
 * without KVM for half an hour.
 */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { build } from "../support/cluster-build";
import { needsContainers } from "../support/containers";
import { REPOSITORY } from "../support/repository";
import { skip } from "../support/skip";
import { standIns } from "../support/standins";

describe("node containers on control groups v2", function () {
  this.timeout(3_600_000);

  before(async function () {
    needsContainers(this);
    if (process.arch !== "x64") skip(this, "the machine is for x86-64 only");
    build("layer");
    build("calico");
    await standIns();
  });

  it("make a cluster with IP in IP whose pods see what the verdict says", async () => {
    const argv = ["test/cluster/machine/run", "node_modules/.bin/mocha", "test/cluster/machine/suite.ts"];
    const machine = spawn("bash", argv, { cwd: REPOSITORY, stdio: ["ignore", "inherit", "inherit"] });
    const [code] = await once(machine, "exit");
    assert.equal(code, 0, "the tests in the machine failed; their output is above");
  });
});
