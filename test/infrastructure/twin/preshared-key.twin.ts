/** The key of the tunnel between two sites, with the real engine: where it is, and where it must not be. */
import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { readRecord } from "../../../components/infrastructure/runtime";
import { findSandbox, runScript, type Sandbox } from "../../../components/infrastructure/twin";
import { assertObserved, Lab, touched } from "../../support/lab";
import { needTools } from "../../support/tools";

describe("the pre-shared key of a twin with two sites", function () {
  this.timeout(180_000);
  let lab: Lab;
  const inSandbox = (script: string) => runScript(findSandbox(lab.labFolder ?? "") as Sandbox, script);
  const keyOn = async (router: string) =>
    Buffer.from(
      await inSandbox(`sed -n 's/^ *secret = 0s//p' /run/ipsec/${router}/swanctl.conf`),
      "base64",
    ).toString();

  before(async function () {
    needTools(this, "ipsec");
    lab = new Lab("joined");
    lab.configure({
      encapsulation: "VXLAN",
      topology: [
        { name: "office", cidr: "192.168.1.0/24", nodes: ["cp1"] },
        { name: "vpc", cidr: "172.31.0.0/16", nodes: ["w1"] },
      ],
      sites: [
        { name: "a", subnets: ["office"] },
        { name: "b", subnets: ["vpc"] },
      ],
    });
    await lab.init();
  });
  after(() => lab?.end());

  it("is made at the first `up`, is the same on both routers, and joins them", async () => {
    const { outputs, output } = await lab.up();
    assertObserved(outputs);
    const key = await keyOn("router-a");
    assert.match(key, /^[0-9A-Za-z._]{32}$/);
    assert.equal(await keyOn("router-b"), key);
    assert.ok(!output.includes(key) && !JSON.stringify(outputs).includes(key), "not in what is printed");
  });

  it("is in no file of the state in plain text, in no file of the checkout, and in no command line", async () => {
    const key = await keyOn("router-a");
    const texts = [key, `0s${Buffer.from(key).toString("base64")}`];
    const filesBelow = (folder: string): string[] =>
      readdirSync(folder, { recursive: true, withFileTypes: true })
        .filter((entry) => entry.isFile() && !entry.parentPath.includes("node_modules"))
        .map((entry) => join(entry.parentPath, entry.name));
    // The test's own logs of the engine's events, which have what `--debug` shows: the SDK writes every secret there.
    const files = filesBelow(lab.root).filter((file) => !/\/events-\d+$/.test(file));
    assert.ok(files.some((file) => file.includes("/stacks/")));
    for (const file of files) {
      const content = readFileSync(file);
      for (const text of texts) assert.ok(!content.includes(text), file);
    }
    const lines = await inSandbox(
      "cat /proc/[0-9]*/cmdline /proc/[0-9]*/environ 2> /dev/null | tr '\\0' '\\n'",
    );
    for (const text of texts) assert.ok(!lines.includes(text));
  });

  it("is the same at the next `up`, and in a new sandbox", async () => {
    const key = await keyOn("router-a");
    assert.deepEqual(touched(await lab.up()), []);
    const record = readRecord(lab.labFolder ?? "");
    assert.ok(record);
    process.kill(record.pid, "SIGKILL");
    assertObserved((await lab.up()).outputs);
    assert.deepEqual([await keyOn("router-a"), await keyOn("router-b")], [key, key]);
  });
});
