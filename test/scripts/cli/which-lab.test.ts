// Which lab a command is about when none is named.
import assert from "node:assert/strict";
import { CliCheckout, onLab, TWIN, UNASKED } from "../../support/cli-checkout";

const ON_A_LAB = [
  ["status"],
  ["observe"],
  ["shell", "w1"],
  ["kubeconfig"],
  ["down"],
  ["switch", "VXLAN"],
  ["reset"],
];

describe("a command without the name of a lab", function () {
  this.timeout(60_000);
  let checkout: CliCheckout;
  beforeEach(() => {
    checkout = new CliCheckout().withStandIn();
  });
  afterEach(() => checkout.remove());

  it("acts on the only lab that is up", async () => {
    checkout.deployed("local", {});
    checkout.deployed("L9", { resources: TWIN });
    assert.match((await checkout.launch("status")).stdout, /^L9 was up, but its processes are gone/);
    assert.match((await checkout.launch("verdict")).stdout, /^Stack L9: /);
    for (const words of [["observe"], ["shell", "w1"]])
      assert.match((await checkout.launch(...words)).stderr, /^The lab L9 was up, but/);
    await checkout.launch("up");
    await checkout.launch("down");
    assert.deepEqual(checkout.calls(), [`up ${onLab("L9")} ${UNASKED}`, `destroy ${onLab("L9")} ${UNASKED}`]);
  });

  it("lists the labs when several are up, and asks for a name", async () => {
    checkout.deployed("L9", { resources: TWIN });
    checkout.deployed("local", { resources: TWIN });
    for (const words of [...ON_A_LAB.slice(1), ["up"], ["verdict"]]) {
      const { status, stderr } = await checkout.launch(...words);
      assert.equal(status, 2, words[0]);
      assert.match(stderr, /^Several labs are up: L9, local\. Name the one you mean\.$/m);
    }
    assert.deepEqual(checkout.calls(), []);
    const { status, stdout } = await checkout.launch("status");
    assert.equal(status, 0);
    assert.match(stdout, /^L9 was up, .*\nlocal was up, .*\n$/);
  });

  it("says that no lab is up, and how to start one", async () => {
    for (const words of ON_A_LAB.slice(0, 4)) {
      const { status, stdout, stderr } = await checkout.launch(...words);
      assert.equal(status, words[0] === "status" ? 0 : 1, words[0]);
      assert.match(
        stdout + stderr,
        /^No lab is up\. `scripts\/lab up local` starts the one of the quick start/,
      );
    }
    assert.match((await checkout.launch("verdict")).stdout, /^Stack local: /);
    assert.deepEqual(checkout.calls(), []);
  });

  it("asks a backend of the user's own which labs are up", async () => {
    checkout.env.PULUMI_BACKEND_URL = "s3://theirs";
    checkout.deployed("L9", { resources: TWIN });
    checkout.tell(
      "stacks",
      '[{"name":"L9","resourceCount":7},{"name":"local","resourceCount":0},{"name":"new"}]',
    );
    assert.match((await checkout.launch("status")).stdout, /^L9 was up/);
    assert.equal(checkout.calls()[0], "stack ls --json");
  });

  it("is marked in the list of stacks, with labs whose file is gone", async () => {
    checkout.deployed("L9", { resources: TWIN });
    checkout.deployed("mine", { resources: TWIN });
    const { stdout } = await checkout.launch("stacks");
    assert.match(stdout, /^L9 +up +L8 without a tunnel/m);
    assert.match(stdout, /^L8 {3,}L7 with/m);
    assert.match(stdout, /^mine +up +\(no file/m);
    const list = JSON.parse((await checkout.launch("stacks", "--json")).stdout) as {
      stack: string;
      up: boolean;
    }[];
    assert.deepEqual(
      list.filter(({ up }) => up).map(({ stack }) => stack),
      ["L9", "mine"],
    );
  });
});
