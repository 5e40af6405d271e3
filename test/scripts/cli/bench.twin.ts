// A benchmark with real packets: short, because it is not about the figures.
import assert from "node:assert/strict";
import * as fs from "node:fs";
import * as path from "node:path";
import type { Bench } from "../../../components/study/bench";
import { CliCheckout } from "../../support/cli-checkout";
import { until } from "../../support/sandbox";
import { needTools } from "../../support/tools";

describe("a benchmark of a twin", function () {
  this.timeout(120_000);
  let checkout: CliCheckout;
  before(async function () {
    needTools(this, "iperf3");
    checkout = new CliCheckout();
    fs.writeFileSync(
      path.join(checkout.folder, "stacks/Pulumi.one.yaml"),
      "config:\n  encaplab:topology: [{ name: a, cidr: 10.0.3.0/24, nodes: [cp1] }]\n",
    );
    await fine("up", "one");
  });
  after(async () => {
    await checkout?.lab("down");
    checkout?.remove();
  });

  const fine = async (...words: string[]) => {
    const { status, stdout, stderr } = await checkout.lab(...words);
    assert.equal(status, 0, `${words.join(" ")}:\n${stdout}\n${stderr}`);
    return { stdout, stderr };
  };
  const short = ["bench", "one", "--rounds", "1", "--seconds", "1", "--only", "None"];
  /** As the state has it: each call of the command line takes a second. */
  const encapsulation = () =>
    /"plan":\{.*?"encapsulation": ?"(\w+)"/s.exec(
      fs
        .readFileSync(path.join(checkout.state, ".pulumi/stacks/encaplab/one.json"), "utf8")
        .replace(/\n\s*/g, ""),
    )?.[1];

  it("puts the lab's own encapsulation back when it is interrupted, and keeps nothing of it", async () => {
    const running = checkout.startGroup("bash", ["scripts/lab", ...short]);
    await until(() => encapsulation() === "None" || !running.isRunning, 60_000);
    running.interrupt();
    const { status, stderr } = await running.ended;
    assert.equal(status, 130, stderr);
    assert.match(stderr, /^Putting VXLANCrossSubnet back/m);
    assert.equal(encapsulation(), "VXLANCrossSubnet");
    assert.ok(!fs.existsSync(path.join(checkout.root, "state/encaplab/overlays/one/bench.json")));
  });

  it("measures with packets, leaves the lab as it was, and is in its report", async () => {
    const [json, markdown] = ["bench.json", "bench.md"].map((name) => path.join(checkout.root, name));
    const { stdout } = await fine(...short, "--json", json as string, "--markdown", markdown as string);
    assert.match(stdout, /^None +\S+ [GM]bit\/s +\S+ [GM]bit\/s +\S+ [GM]bit\/s +\S+ [µm]s +\S+ [µm]s$/m);
    const { samples, evidence, versions, ...bench } = JSON.parse(
      fs.readFileSync(json as string, "utf8"),
    ) as Bench & {
      evidence: { command: string }[];
    };
    assert.deepEqual(
      samples.map(({ path: name, way, problems }) => [name, way, problems]),
      [["same-node", "None", []]],
    );
    // TCP's segments are as long as the pods' MTU of 1500 bytes lets them, less 52 of headers.
    assert.equal(samples[0]?.figures.mss, 1448);
    assert.equal(
      bench.machines[0]?.kernel,
      `Linux ${fs.readFileSync("/proc/sys/kernel/osrelease", "utf8").trim()}`,
    );
    assert.ok(versions.encaplab && evidence.some(({ command }) => /iperf3 -c .* -P 8 /.test(command)));
    assert.match(fs.readFileSync(markdown as string, "utf8"), /^## one: what the encapsulations cost$/m);
    assert.equal(encapsulation(), "VXLANCrossSubnet");
    assert.match((await fine("report", "one", "--markdown")).stdout, /^### What the encapsulations cost$/m);
  });
});
