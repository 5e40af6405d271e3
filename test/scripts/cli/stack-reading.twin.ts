// The same scalars in front of the real engine: what is not refused reads the same, and what is refused would not.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { CliCheckout } from "../../support/cli-checkout";
import { engineFolder } from "../../support/engine";
import { ENGINE_SETTINGS, EngineEnvironment } from "../../support/engine-environment";
import { SAME, VARIOUS } from "../../support/yaml-samples";

describe("the engine's own reading of a stack file", function () {
  this.timeout(60_000);
  let environment: EngineEnvironment;
  before(() => {
    environment = new EngineEnvironment("reading", { path: [engineFolder()] });
    mkdirSync(environment.state, { recursive: true });
    writeFileSync(join(environment.folder, "Pulumi.yaml"), "name: encaplab\nruntime: nodejs\n");
  });
  after(() => environment.remove());

  const pulumi = (...argv: string[]) =>
    execFileSync("pulumi", argv, {
      cwd: environment.folder,
      env: { ...environment.env, ...ENGINE_SETTINGS },
      encoding: "utf8",
    });

  it("is ours for every scalar that we accept, and another for every one that we refuse", () => {
    pulumi("stack", "init", "odd", "--no-select");
    const all = [...SAME.map(([scalar]) => scalar), ...VARIOUS.map(([scalar]) => scalar)];
    const lines = all.map((scalar, i) => `  k${i}: ${scalar}\n`).join("");
    writeFileSync(join(environment.folder, "Pulumi.odd.yaml"), `config:\n${lines}`);
    const read = JSON.parse(pulumi("config", "--json", "--stack", "odd")) as Record<
      string,
      { value: string }
    >;
    const engine = all.map((_, i) => read[`encaplab:k${i}`]?.value);
    assert.deepEqual(
      engine,
      [...SAME, ...VARIOUS].map(([, value]) => String(value)),
    );
  });
});

describe("a program to which the user has added a machine elsewhere", function () {
  this.timeout(120_000);
  let checkout: CliCheckout;
  before(() => {
    checkout = new CliCheckout();
    checkout.env.PATH = `${engineFolder()}:${checkout.env.PATH}`;
  });
  after(async () => {
    await checkout.lab("down", "local");
    checkout.remove();
  });

  it("builds none of it when the question was left out", async () => {
    const program = checkout.read("index.ts");
    checkout.write(
      "index.ts",
      program.replace(
        "return new Lab",
        'new pulumi.CustomResource("azure:compute:Machine", "mine");\n  return new Lab',
      ),
    );
    const { status, stdout, stderr } = await checkout.lab("up", "local");
    assert.notEqual(status, 0);
    assert.match(
      stderr.replace(/\s+/g, " "),
      /mine \(azure:compute:Machine\) was not built: the command line did not ask/,
    );
    assert.doesNotMatch(`${stdout}${stderr}`, /^ +at /m);
  });
});
