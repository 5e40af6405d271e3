// Manners of the command line: what npm swallows, closed pipes, widths, versions, completion, and the display of a run.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import * as fs from "node:fs";
import * as path from "node:path";
import { ENCAPSULATIONS } from "../../../components/config";
import { DYNAMIC_TYPE } from "../../../components/remote/types";
import { CliCheckout } from "../../support/cli-checkout";
import { stackNames } from "../../support/stacks";

describe("the command line's manners", function () {
  this.timeout(60_000);
  let checkout: CliCheckout;
  beforeEach(() => {
    checkout = new CliCheckout().withStandIn();
  });
  afterEach(() => checkout.remove());

  describe("started by npm", () => {
    beforeEach(() => {
      checkout.env.npm_lifecycle_event = "lab";
    });

    it("refuses to go on without the options that npm kept, and says what to type", async () => {
      checkout.env.npm_config_json = "true";
      const { status, stdout, stderr } = await checkout.launch("verdict", "L9");
      assert.deepEqual([status, stdout], [2, ""]);
      assert.match(
        stderr,
        /^npm kept --json for itself\. .*`npm run lab -- verdict … --json …`, or .*`scripts\/lab`/,
      );
      checkout.env.npm_config_call = "encapsulation=IPIP";
      assert.match((await checkout.launch("verdict", "L9")).stderr, /npm kept --config and --json/);
    });

    it("does not mistake a setting in a .npmrc file for an option of this command", async () => {
      const file = path.join(checkout.root, ".npmrc");
      fs.writeFileSync(file, "json = true\n");
      Object.assign(checkout.env, { npm_config_json: "true", npm_config_userconfig: file });
      assert.equal((await checkout.launch("verdict", "L9")).status, 0);
    });

    it("names other commands as npm runs them", async () => {
      const { stdout } = await checkout.launch("status");
      assert.match(stdout, /`npm run lab -- up local` starts/);
    });
  });

  it("ends quietly when its reader has seen enough", async () => {
    const line = "set -o pipefail; node scripts/lab.cjs verdict L9 | head -n 1";
    const { status, stdout, stderr } = await checkout.start("bash", ["-c", line]);
    assert.deepEqual([status, stderr], [0, ""]);
    assert.equal(stdout, "Stack L9: None on the aws fabric, 3 nodes.\n");
  });

  it("prints prose of at most 80 columns where there is no terminal", async () => {
    delete checkout.env.COLUMNS;
    checkout.deployed("L9", { resources: checkout.livingTwin({ encapsulation: "None" }) });
    for (const words of [["--help"], ["up", "--help"], ["stacks"], ["status"], ["up"], ["status", "L99"]]) {
      const { stdout, stderr } = await checkout.launch(...words);
      for (const line of `${stdout}${stderr}`.split("\n")) assert.ok(line.length <= 80, line);
    }
  });

  it("prints its version and that of the engine, also as JSON", async () => {
    const { version } = JSON.parse(checkout.read("package.json"));
    for (const words of [["--version"], ["-V"], ["version"]])
      assert.equal(
        (await checkout.launch(...words)).stdout,
        `encaplab ${version}\nengine   pulumi v3.999.0, on PATH\n`,
      );
    const { stdout } = await checkout.launch("version", "--json");
    assert.deepEqual(JSON.parse(stdout), { encaplab: version, engine: "pulumi v3.999.0, on PATH" });
  });

  it("leaves cache and uninstall to scripts/setup, but never uninstalls under a lab that is up", async () => {
    await checkout.launch("cache", "--json");
    await checkout.launch("cache", "prune");
    await checkout.launch("uninstall", "--yes");
    checkout.deployed("L9", { resources: checkout.livingTwin() });
    const { status, stderr } = await checkout.launch("uninstall", "--yes");
    assert.equal(status, 1);
    assert.match(stderr, /^Take these labs down first: L9\.$/m);
    assert.deepEqual(checkout.setupCalls(), ["cache --json", "cache prune", "uninstall --yes"]);
  });

  describe("completion", () => {
    /** What bash offers for the last of these words. */
    const offers = (script: string, ...words: string[]) => {
      const ask = `eval "$1"; shift; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _lab; printf '%s\\n' "\${COMPREPLY[@]}"`;
      const { stdout } = spawnSync("bash", ["-c", ask, "bash", script, "lab", ...words], {
        encoding: "utf8",
      });
      return stdout.trimEnd().split("\n").sort();
    };

    it("of bash offers commands, options, stacks and encapsulations", async () => {
      const { stdout: script } = await checkout.launch("completion", "bash");
      assert.deepEqual(offers(script, "s"), ["shell", "stacks", "status", "switch"]);
      assert.deepEqual(offers(script, "switch", ""), [...ENCAPSULATIONS].sort());
      assert.deepEqual(offers(script, "up", ""), stackNames().sort());
      assert.deepEqual(offers(script, "switch", "VXLAN", "--stack", "L1"), [
        "L1",
        "L10",
        "L11",
        "L12",
        "L13",
        "L14",
        "L15",
        "L16",
      ]);
      assert.ok(offers(script, "verdict", "--").includes("--config"));
      assert.deepEqual(offers(script, "up", "local", ""), [""]);
    });

    for (const shell of ["zsh", "fish"])
      it(`of ${shell} knows every command and every encapsulation`, async () => {
        const { stdout, status } = await checkout.launch("completion", shell);
        assert.equal(status, 0);
        const { stdout: help } = await checkout.launch("--help");
        const commands = [...help.matchAll(/^ {2}([a-z]+) .*? {2,}/gm)].map(([, name]) => name);
        assert.ok(commands.length > 10);
        for (const word of [...commands, ...ENCAPSULATIONS])
          assert.match(stdout, new RegExp(`\\b${word}\\b`));
      });
  });

  describe("the display of a run", () => {
    const event = (kind: string, op: string, name: string) =>
      JSON.stringify({ [kind]: { metadata: { op, type: `${DYNAMIC_TYPE}Node`, urn: `urn::${name}` } } });
    const message = (text: string, severity = "info") =>
      JSON.stringify({ diagnosticEvent: { message: `${text}\n`, severity } });
    const summary = (changes: object) => JSON.stringify({ summaryEvent: { resourceChanges: changes } });

    it("of an up that changed nothing is three lines, and warnings", async () => {
      checkout.deployed("local", { resources: checkout.livingTwin() });
      const events = [
        message("Verdict (a prediction)"),
        event("resourcePreEvent", "same", "w1"),
        summary({ same: 12 }),
      ];
      checkout.tell("events", events.join("\n"));
      const { stdout, stderr } = await checkout.launch("up");
      assert.match(
        stdout,
        /^local is up, unchanged: VXLANCrossSubnet on the plain fabric, 4 nodes \(.* s\)\.\nPredicted and observed agree on every pair \(measured .*\)\.\nnext: scripts\/lab shell w3 · scripts\/lab switch VXLAN · scripts\/lab down\n$/,
      );
      assert.equal(stderr, "");
      checkout.tell("events", [...events, message("warning: it is overdue", "warning")].join("\n"));
      assert.equal((await checkout.launch("up")).stderr, "warning: it is overdue\n");
      assert.match((await checkout.launch("up", "--verbose")).stdout, /^Verdict \(a prediction\)\n/);
    });

    it("shows verdict, resources and observation once something changes", async () => {
      checkout.deployed("local", { resources: checkout.livingTwin() });
      const events = [
        message("Verdict (a prediction)"),
        event("resourcePreEvent", "update", "w1"),
        event("resOutputsEvent", "update", "w1"),
        message("Observation"),
        summary({ same: 11, update: 1 }),
      ];
      checkout.tell("events", events.join("\n"));
      const { stdout, stderr } = await checkout.launch("up");
      assert.match(stdout, /^Verdict \(a prediction\)\nObservation\nlocal is up: VXLANCrossSubnet /);
      assert.equal(stderr, "  updated Node w1\n");
    });

    it("shows an error once, although the engine reports it twice", async () => {
      checkout.tell("status", "255");
      const events = [
        event("resourcePreEvent", "create", "w1"),
        message("no such device", "error"),
        event("resOpFailedEvent", "create", "w1"),
        message("no such device", "error"),
        summary({ create: 1 }),
      ];
      checkout.tell("events", events.join("\n"));
      const { status, stdout, stderr } = await checkout.launch("up");
      assert.deepEqual([status, stdout], [255, ""]);
      assert.equal(stderr, "error: no such device\n  failed: creating Node w1\n");
    });
  });
});
