// What `status` says of machines in a cloud, with the real engine and a stand-in for the cloud's provider.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import * as fs from "node:fs";
import * as path from "node:path";
import { stateOf } from "../../../components/infrastructure/aws/recovery";
import { CliCheckout } from "../../support/cli-checkout";
import { engineFolder } from "../../support/engine";
import { ENGINE_SETTINGS } from "../../support/engine-environment";
import { REPOSITORY } from "../../support/repository";

const MACHINE = "aws:ec2/instance:Instance";

describe("the status of a lab in a cloud", function () {
  this.timeout(120_000);
  let checkout: CliCheckout;
  const things = () => path.join(checkout.root, "things");
  const state = () => fs.readFileSync(path.join(checkout.state, ".pulumi/stacks/encaplab/real.json"), "utf8");

  before(() => {
    checkout = new CliCheckout();
    const folders = [engineFolder(), path.join(REPOSITORY, "test/standins/provider"), checkout.env.PATH];
    Object.assign(checkout.env, ENGINE_SETTINGS, {
      PATH: folders.join(path.delimiter),
      STANDIN_THINGS: things(),
      PULUMI_CONFIG_PASSPHRASE: "words",
    });
    fs.mkdirSync(checkout.state, { recursive: true });
    checkout.write("stacks/Pulumi.real.yaml", "config:\n  encaplab:cloud: aws\n");
    const pulumi = (argv: string[], input = "") =>
      spawnSync("pulumi", argv, { cwd: checkout.folder, env: checkout.env, input, encoding: "utf8" });
    pulumi(["stack", "init", "real", "--no-select"]);
    const machines = ["i-1", "i-2"].map((id) => ({ type: MACHINE, id, kind: "instance", command: "" }));
    const text = JSON.stringify(stateOf(machines, { region: "eu-central-1" }));
    const { stderr } = pulumi(
      ["stack", "import", "--stack", "real"],
      text.replaceAll("urn:pulumi:recovery::encaplab-recovery::", "urn:pulumi:real::encaplab::"),
    );
    assert.equal(stderr, "");
  });
  after(() => checkout.remove());

  it("names the machine that is gone, and leaves the state as it is", async () => {
    fs.writeFileSync(things(), `${MACHINE} i-1\n`);
    const before = state();
    const { status, stdout, stderr } = await checkout.lab("status", "real", "--json");
    assert.equal(status, 0, stderr);
    const { changes } = JSON.parse(stdout).cloud;
    assert.deepEqual(changes, ["The machine of 0 (i-2) is gone: an up builds it again."]);
    assert.equal(state(), before);
  });

  it("says that every machine is there", async () => {
    fs.writeFileSync(things(), `${MACHINE} i-1\n${MACHINE} i-2\n`);
    const { stdout } = await checkout.lab("status", "real", "--json");
    assert.deepEqual(JSON.parse(stdout).cloud, { changes: [] });
  });
});
