// What is changed for a lab is kept in the state folder. The stack's own file stays as it is.
import assert from "node:assert/strict";
import * as fs from "node:fs";
import { parse } from "yaml";
import { CliCheckout, onLab, UNASKED } from "../../support/cli-checkout";

describe("what is changed for a lab", function () {
  this.timeout(60_000);
  let checkout: CliCheckout;
  beforeEach(() => {
    checkout = new CliCheckout().withStandIn();
  });
  afterEach(() => checkout.remove());

  const L9 = "stacks/Pulumi.L9.yaml";
  const engineSees = () => parse(checkout.engineConfig()).config;

  it("never gets into the stack's file: neither by up --config, nor by switch, nor the engine's salt", async () => {
    const before = checkout.read(L9);
    await checkout.launch("up", "L9", "--config", "faults=[]");
    checkout.deployed("L9", { resources: checkout.livingTwin() });
    await checkout.launch("switch", "VXLAN");
    await checkout.launch("down");
    assert.equal(checkout.read(L9), before);
  });

  it("is readable by its owner only", async () => {
    await checkout.launch("up", "L9", "--config", "faults=[]");
    const mode = (file: string) => (fs.statSync(file).mode & 0o777).toString(8);
    assert.equal(mode(checkout.overlay("L9")), "700");
    const files = fs.readdirSync(checkout.overlay("L9"));
    assert.deepEqual(files.sort(), ["Pulumi.L9.yaml", "Pulumi.yaml", "overlay.yaml"]);
    for (const file of files) assert.equal(mode(`${checkout.overlay("L9")}/${file}`), "600", file);
  });

  it("stays until it is changed again, and the engine's salt stays too", async () => {
    await checkout.launch("up", "L9", "--config", "encapsulation=vxlan", "faults=[]");
    await checkout.launch("up", "L9", "-c", "topology[0].cidr=10.0.0.0/16");
    const { "encaplab:encapsulation": mode, "encaplab:faults": faults, ...rest } = engineSees();
    assert.deepEqual([mode, faults], ["VXLAN", []]);
    assert.equal(rest["encaplab:topology"][0].cidr, "10.0.0.0/16");
    assert.deepEqual(rest["encaplab:topology"][0].nodes.length, 3, "the rest of the file applies");
    assert.equal(parse(checkout.engineConfig()).encryptionsalt, "v1:abc=:v1:def");
    assert.equal(checkout.engineConfig().match(/encryptionsalt/g)?.length, 1);
  });

  it("leaves new values of the file alone, except where it overrides them", async () => {
    await checkout.launch("up", "L9", "--config", "faults=[]");
    checkout.write(L9, checkout.read(L9).replace("encapsulation: None", "encapsulation: IPIP"));
    await checkout.launch("up", "L9");
    assert.equal(engineSees()["encaplab:encapsulation"], "IPIP");
    assert.deepEqual(engineSees()["encaplab:faults"], []);
  });

  it("is gone when a change returns to the value of the file", async () => {
    await checkout.launch("up", "L9", "--config", "encapsulation=VXLAN");
    checkout.deployed("L9", { resources: checkout.livingTwin() });
    const { stdout } = await checkout.launch("switch", "None", "--yes");
    assert.doesNotMatch(stdout, /changed for this lab/);
    assert.match((await checkout.launch("reset", "L9")).stdout, /^Nothing was changed for the lab L9/);
  });

  it("is said in one line by up, status and verdict, with the value of the file", async () => {
    checkout.deployed("L9", { resources: checkout.livingTwin({ encapsulation: "None" }) });
    const line =
      /changed for this lab: encapsulation VXLAN \(file: None\); `scripts\/lab reset L9` returns to the file$/m;
    assert.match((await checkout.launch("up", "L9", "--config", "encapsulation=VXLAN")).stdout, line);
    assert.match((await checkout.launch("verdict", "L9")).stdout, line);
    const { stdout } = await checkout.launch("status", "L9");
    assert.match(stdout, /changed +for this lab: encapsulation VXLAN \(file: None\); .*reset L9/);
    const { changed } = JSON.parse((await checkout.launch("status", "L9", "--json")).stdout);
    assert.deepEqual(changed, [{ key: "encapsulation", value: "VXLAN", file: "None" }]);
  });

  it("counts for the verdict, whose own --config stays hypothetical", async () => {
    await checkout.launch("up", "L9", "--config", "encapsulation=VXLAN");
    const { encapsulation } = JSON.parse((await checkout.launch("verdict", "L9", "--json")).stdout);
    assert.equal(encapsulation, "VXLAN");
    const supposed = await checkout.launch("verdict", "L9", "--json", "--config", "encapsulation=IPIP");
    assert.equal(JSON.parse(supposed.stdout).encapsulation, "IPIP");
    await checkout.launch("up", "L9");
    assert.equal(engineSees()["encaplab:encapsulation"], "VXLAN");
  });

  it("is removed by reset, which says what it removes and asks nothing", async () => {
    await checkout.launch("up", "L9", "--config", "encapsulation=VXLAN", "faults=[]");
    checkout.deployed("L9", { resources: checkout.livingTwin() });
    const { status, stdout } = await checkout.launch("reset", "L9");
    assert.equal(status, 0);
    assert.equal(
      stdout,
      "Removed for L9: encapsulation VXLAN (file: None); faults none (file: source-dest-check). stacks/Pulumi.L9.yaml counts again. `scripts/lab up L9` applies it to the running lab.\n",
    );
    await checkout.launch("up", "L9");
    assert.equal(engineSees()["encaplab:encapsulation"], "None");
    assert.equal(parse(checkout.engineConfig()).encryptionsalt, "v1:abc=:v1:def", "the state needs its salt");
  });

  it("is an error with a way out when the file has changed so that it does not fit any more", async () => {
    await checkout.launch("up", "L9", "--config", "topology[0].nodes[2].name=w7");
    checkout.write(L9, "config:\n  encaplab:cloud: twin\n  encaplab:topology: []\n");
    for (const words of [
      ["up", "L9"],
      ["verdict", "L9"],
    ]) {
      const { status, stderr } = await checkout.launch(...words);
      assert.equal(status, 2);
      assert.match(
        stderr,
        /What was changed for this lab does not fit stacks\/Pulumi\.L9\.yaml any more; `scripts\/lab reset L9` returns/,
      );
    }
    checkout.deployed("L9", { resources: checkout.livingTwin() });
    assert.match((await checkout.launch("status", "L9")).stdout, /does not fit .*reset L9/);
    assert.equal((await checkout.launch("reset", "L9")).status, 0);
    assert.equal((await checkout.launch("verdict", "L9")).status, 2, "a topology needs subnets");
  });

  it("is not saved when the config cannot be used", async () => {
    const { status, stderr } = await checkout.launch("up", "L9", "--config", "mtu=1");
    assert.equal(status, 2);
    assert.match(stderr, /encaplab:mtu is 1: must be/);
    assert.ok(!fs.existsSync(checkout.overlay("L9")));
  });

  it("keeps the salt of a backend of the user's own when the lab is taken down", async () => {
    checkout.env.PULUMI_BACKEND_URL = "s3://theirs";
    checkout.deployed("L9", { resources: checkout.livingTwin() });
    await checkout.launch("up", "L9", "--config", "faults=[]");
    checkout.calls();
    assert.equal((await checkout.launch("down", "L9")).status, 0);
    assert.ok(checkout.calls().includes(`destroy ${onLab("L9")} ${UNASKED}`));
    assert.deepEqual(parse(fs.readFileSync(`${checkout.overlay("L9")}/overlay.yaml`, "utf8")), {
      changes: [],
      engine: { encryptionsalt: "v1:abc=:v1:def" },
    });
  });
});
