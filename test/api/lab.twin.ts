/** Labs and their parts in programs of the user's own, with the real engine. */
import assert from "node:assert/strict";
import { existsSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Lab } from "../support/lab";
import { hostNetwork, mentions } from "../support/sandbox";

const TOPOLOGY = `[{ name: "a", cidr: "10.0.3.0/24", nodes: ["cp1"] }, { name: "b", cidr: "10.0.4.0/24", nodes: ["w1"] }]`;

/** Two labs with the same addresses, one of which cannot work across subnets. */
const TWO_LABS = `import { Lab } from "./components";
const topology = ${TOPOLOGY};
export const east = new Lab("east", { encapsulation: "VXLAN", topology }).outputs;
export const west = new Lab("west", { encapsulation: "None", topology }).outputs;
`;

/** A twin without the lab around it. */
const PARTS = `import { judge, parseConfig, planLab, Twin, TwinObservation } from "./components";
const plan = planLab(parseConfig({ encapsulation: "VXLANCrossSubnet", fabric: "aws" }));
const twin = new Twin("alone", { plan });
export const predicted = judge(plan).paths.length;
export const observed = new TwinObservation("alone-observation", { twin, plan }).observation.agrees;
`;

/** A lab that nobody asks for its outputs, with a config that only this machine can find wrong. */
const UNASKED = `import { Lab } from "./components";
new Lab("study", { cloud: "hosts", cluster: "none" });
`;

describe("a program of the user's own, with the real engine", function () {
  this.timeout(180_000);
  let lab: Lab;
  let host: string;

  const program = (text: string) => writeFileSync(join(lab.folder, "index.ts"), text);
  const output = async () => JSON.parse((await lab.pulumi("stack", "output", "--json")).output);
  const folders = (): string[] => {
    const twins = join(lab.stateHome, "encaplab/twins");
    return existsSync(twins) ? readdirSync(twins).sort() : [];
  };
  const assertGone = () => {
    assert.deepEqual(folders(), [], "no folder under the state home");
    assert.deepEqual(mentions(lab.stateHome), [], "no process");
    assert.equal(hostNetwork(), host);
  };

  before(async () => {
    host = hostNetwork();
    lab = new Lab("own");
    await lab.init();
  });
  after(async () => {
    await lab.end();
  });

  it("has two labs with the same addresses: both behave as predicted, and a destroy leaves nothing", async () => {
    program(TWO_LABS);
    await lab.up();
    const { east, west } = await output();
    assert.equal(east.verdict.prediction["cross-subnet"], "works");
    assert.equal(west.verdict.prediction["cross-subnet"].ICMP.outcome, "fails");
    assert.ok(east.observation.agrees && west.observation.agrees);
    assert.match(folders().join(), /^own-east-[0-9a-f]{8},own-west-[0-9a-f]{8}$/);
    assert.deepEqual(Object.keys((await lab.up()).changes), ["same"]);
    await lab.destroy();
    assertGone();
  });

  it("takes one of two labs down, and leaves the other as it is", async () => {
    program(TWO_LABS);
    await lab.up();
    program(TWO_LABS.replace(/^export const west.*\n/m, ""));
    const { ops } = await lab.up();
    assert.deepEqual(
      Object.entries(ops).filter(([name, op]) => op !== "same" && !/(^|-)west/.test(name)),
      [],
    );
    assert.match(folders().join(), /^own-east-[0-9a-f]{8}$/);
    assert.ok((await output()).east.observation.agrees);
    await lab.destroy();
    assertGone();
  });

  it("has a twin and its observation without the lab around them", async () => {
    program(PARTS);
    await lab.up();
    const { predicted, observed } = await output();
    assert.ok(predicted > 0);
    assert.equal(observed, true);
    await lab.destroy();
    assertGone();
  });

  it("shows in a preview what is known before anything is built", async () => {
    program(TWO_LABS);
    const { status, output: shown } = await lab.pulumi("preview");
    assert.equal(status, 0, shown);
    assert.match(shown, /east: \{[\s\S]*address: "10\.0\.4\.10"[\s\S]*observation *: \[unknown\]/);
    assert.deepEqual(folders(), []);
  });

  /** The engine's message, and nothing of our code. */
  function assertPlain(said: string, message: RegExp): void {
    assert.match(said, message);
    assert.equal(said.match(new RegExp(message, "g"))?.length, 1, `once: ${said}`);
    assert.doesNotMatch(said, /^\s+at |\.ts:\d+|RunError|unhandled/m);
    assertGone();
  }

  const SETTINGS = /encaplab:encapsulation is "GRE": must be one of IPIP/;
  const MACHINES = /encaplab:hosts\.machines is \(not set\): must be a list of machines/;

  it("shows a wrong config as sentences, once and without a stack trace", async () => {
    program(TWO_LABS.replace("VXLAN", "GRE"));
    assertPlain(await lab.refused(), SETTINGS);
  });

  it("shows in the same way what only this machine finds wrong, even if no output is asked for", async () => {
    program(UNASKED);
    assertPlain(await lab.refused(), MACHINES);
    program(UNASKED.replace("new Lab", "export const { outputs } = new Lab"));
    assertPlain(await lab.refused(), MACHINES);
  });
});

describe("the default program with a wrong config, with the real engine", function () {
  this.timeout(60_000);

  for (const [title, config, message] of [
    ["what the schema finds", { encapsulation: "GRE" }, /encaplab:encapsulation is "GRE": must be one of/],
    [
      "what only this machine finds",
      { cloud: "hosts", cluster: "none" },
      /encaplab:hosts\.machines is \(not set\)/,
    ],
  ] as const) {
    it(`says in sentences, once and without a stack trace, ${title}`, async () => {
      const lab = new Lab("wrong");
      try {
        await lab.init();
        lab.configure(config);
        const output = await lab.refused();
        assert.equal(output.match(new RegExp(message, "g"))?.length, 1, output);
        assert.doesNotMatch(output, /^\s+at |\.ts:\d+|RunError|unhandled/m);
      } finally {
        await lab.end();
      }
    });
  }
});
