/** `lab lesson` without a twin: the list, hints, and what it refuses. */
import assert from "node:assert/strict";
import { CliCheckout } from "../../support/cli-checkout";
import { LESSONS } from "../../support/stacks";

describe("lab lesson", function () {
  this.timeout(60_000);
  let checkout: CliCheckout;
  beforeEach(() => {
    checkout = new CliCheckout().withStandIn();
  });
  afterEach(() => checkout.remove());

  const list = async () => JSON.parse((await checkout.launch("lesson", "--json")).stdout);

  it("lists every lesson, in at most 80 columns, and as JSON", async () => {
    const { status, stdout } = await checkout.launch("lesson");
    assert.equal(status, 0);
    for (const name of LESSONS) assert.match(stdout, new RegExp(`^${name} +\\S`, "m"));
    for (const line of stdout.split("\n")) assert.ok(line.length <= 80, line);
    assert.deepEqual(
      (await list()).map(({ name }: { name: string }) => name),
      LESSONS,
    );
  });

  it("brings the lab up as its file has it, whatever was changed, without the verdict, and asks once", async () => {
    await checkout.launch("up", "L9", "--config", "encapsulation=VXLAN");
    const { status, stdout, stderr } = await checkout.launch("lesson", "l9");
    assert.equal(status, 0, stderr);
    assert.match(checkout.engineConfig(), /encaplab:encapsulation: "None"/);
    assert.match(stdout, /^L9: Packets that leave and never arrive\nThere is no tunnel/m);
    assert.match((await list())[8].begun, /^20\d\d-/);
    assert.equal(checkout.calls().length, 3, "init, up, and the up of the lesson");
    checkout.deployed("L9", { resources: checkout.livingTwin({ encapsulation: "None" }) });
    assert.match((await checkout.launch("lesson", "L9")).stdout, /^L9: Packets that leave/m);
    assert.deepEqual(checkout.calls(), [], "the student is at it");
    await checkout.launch("lesson", "L9", "--again");
    assert.equal(checkout.calls().length, 1);
  });

  it("says where to look: on a node, in a pod, and on the routers of sites that are joined", async () => {
    const look = async (name: string) =>
      (await checkout.launch("lesson", name)).stdout.match(/^look: +(.*)$/m)?.[1]?.match(/shell \S+/g);
    assert.deepEqual(await look("L9"), ["shell w1", "shell w1-1"]);
    assert.deepEqual(await look("L15"), ["shell w1", "shell w1-1", "shell router-a", "shell router-b"]);
  });

  it("gives the hints one after the other, and the last one again", async () => {
    const hint = async () => (await checkout.launch("lesson", "L7", "--hint")).stdout;
    for (const shown of [1, 2, 3, 3]) {
      const text = await hint();
      assert.match(text, new RegExp(`^Hint ${shown} of 3: `));
      assert.equal(/That was the last one\. `\S+ lesson reveal L7`/.test(text), shown === 3);
      assert.doesNotMatch(text, /`lab /, "commands are as they are typed here");
    }
    assert.equal((await list())[6].hints, 3);
    assert.match((await checkout.launch("lesson")).stdout, /^L7 .*$/m);
  });

  it("reveals the cause, the fix and a command that solves it, and notes that", async () => {
    const { status, stdout, stderr } = await checkout.launch("lesson", "reveal", "L7");
    assert.equal(status, 0);
    assert.match(
      stdout,
      /IP protocol 4[\s\S]*^ {2}fix: [\s\S]*^solution: \S+ up L7 --config 'faults=\[\]'$/m,
    );
    assert.match(stderr, /stacks\/L7\.md/);
    assert.match((await checkout.launch("lesson")).stdout, /^L7 +.* revealed$/m);
  });

  it("refuses what it does not know, with exit code 2", async () => {
    for (const [words, why] of [
      [["L99"], /There is no lesson "L99"/],
      [["L1", "L2"], /name one lesson/],
      [["check", "reveal", "L1"], /name one lesson/],
      [["check", "L1", "--hint"], /belong to a lesson/],
    ] as const) {
      const { status, stderr } = await checkout.launch("lesson", ...words);
      assert.equal(status, 2, words.join(" "));
      assert.match(stderr, why);
    }
  });

  it("says that there is nothing to check, and no hint to give, when no lab is up", async () => {
    for (const word of ["check", "--hint"]) {
      const { status, stderr } = await checkout.launch("lesson", word);
      assert.equal(status, 1);
      assert.match(stderr, /^No lab is up\./);
    }
    const { status, stderr } = await checkout.launch("lesson", "check", "L7");
    assert.equal(status, 1);
    assert.match(stderr, /^The lab of L7 is not up: `\S+ lesson L7` brings it up\.$/m);
  });

  it("takes the only lab that is up for the lesson that a hint is wanted of", async () => {
    checkout.deployed("L9", { resources: checkout.livingTwin({ encapsulation: "None" }) });
    const { stdout } = await checkout.launch("lesson", "--hint");
    assert.match(stdout, /^Hint 1 of 3: `tcpdump -ni ens5 icmp` on w1 and on cp1/);
    const { stdout: asked } = await checkout.launch("lesson", "L9");
    assert.match(asked, /^lab: {4}None on the aws fabric; cp1, w1, w2 in 10\.0\.3\.0\/24$/m);
  });

  it("names the lesson to play next", async () => {
    const next = async () => (await checkout.launch("lesson")).stdout.trimEnd().split("\n").at(-1);
    assert.match((await next()) ?? "", /lesson L1` begins that one\.$/);
    await checkout.launch("lesson", "L2");
    assert.match((await next()) ?? "", /lesson L2` goes on with that one\.$/);
    await checkout.launch("lesson", "reveal", "L2");
    assert.match((await next()) ?? "", /lesson L1` begins that one\.$/);
  });

  it("shows no warning of the program at the beginning: it has the cause and the fix", async () => {
    const warning = { diagnosticEvent: { severity: "warning", message: "same-subnet fails. fix: open it" } };
    checkout.tell("events", `${JSON.stringify(warning)}\n`);
    assert.doesNotMatch((await checkout.launch("lesson", "L7")).stderr, /fix:/);
    assert.match((await checkout.launch("up", "L7")).stderr, /fix: open it/);
  });
});
