import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { parse } from "yaml";
import { parseConfig, parseStackConfig } from "../components/config";
import { planLab } from "../components/plan";
import { firstComment } from "../scripts/cli/stack-file";
import { LESSONS, STACKS_FOLDER, stackConfig, stackNames, stackText } from "./support/stacks";

describe("the stack files", () => {
  it("include the local lab and every lesson", () => {
    for (const stack of ["local", ...LESSONS]) assert.ok(stackNames().includes(stack), stack);
  });

  it("can all be planned", () => {
    for (const stack of stackNames()) assert.ok(planLab(stackConfig(stack)).nodes.length > 0, stack);
  });

  it("say in a sentence what the stack is, after the line for editors", () => {
    for (const stack of stackNames()) assert.match(firstComment(stack), /^[^$]{20,}\.$/, stack);
  });

  it("have every key with its namespace", () => {
    for (const stack of stackNames()) {
      for (const key of Object.keys(parse(stackText(stack)).config))
        assert.match(key, /^[a-z]+:[A-Za-z]+$/, stack);
    }
  });
});

describe("the local stack", () => {
  it("has only default values", () => {
    assert.deepEqual(
      { ...stackConfig("local"), fabric: undefined },
      { ...parseConfig({}), fabric: undefined },
    );
    assert.deepEqual(planLab(stackConfig("local")), planLab(parseConfig({})));
  });

  it("lists every key, also those that it does not set", () => {
    const everything = {
      aws: {},
      openstack: {},
      hosts: {},
      peering: {},
      mtu: 1500,
      fabric: "plain",
      bgp: "Enabled",
    };
    for (const key of Object.keys(parseConfig(everything))) {
      assert.match(stackText("local"), new RegExp(`^ {2}(# )?encaplab:${key}:`, "m"));
    }
  });

  it("can still be used when every commented-out key is set", () => {
    const text = stackText("local").replace(/^ {2}# (encaplab:)/gm, "  $1");
    assert.equal(parseStackConfig(parse(text).config).mtu, 1500);
  });
});

/** The lessons that no cloud has: only the twin joins sites. */
const OF_TWIN = ["L15"];

describe("a lesson", () => {
  it("of the twin alone says so", () => {
    for (const lesson of OF_TWIN) {
      const { cloud, sites } = stackConfig(lesson);
      assert.deepEqual([cloud, sites?.length], ["twin", 2]);
    }
  });

  for (const lesson of LESSONS.filter((one) => !OF_TWIN.includes(one)))
    it(`rehearses a real cloud's stack and plans the same lab as without the rehearsal: ${lesson}`, () => {
      const config = stackConfig(lesson);
      assert.equal(config.rehearse, true);
      assert.notEqual(config.cloud, "twin");
      const real = planLab({ ...config, rehearse: false });
      const here = { onTwin: true, onContainers: false, onThisMachine: true };
      assert.deepEqual({ ...real, ...here }, planLab(config));
    });

  for (const lesson of LESSONS)
    it(`has a page of at most 45 lines of 80 columns that says how to run it: ${lesson}`, () => {
      const page = join(STACKS_FOLDER, `${lesson}.md`);
      assert.ok(existsSync(page));
      const lines = readFileSync(page, "utf8").trimEnd().split("\n");
      assert.ok(lines.length <= 45, `${lines.length} lines`);
      assert.deepEqual(
        lines.filter((line) => line.length > 80),
        [],
      );
      assert.match(lines[0] ?? "", new RegExp(`^# ${lesson}: `));
      assert.ok(lines.includes(`npm run lab -- up ${lesson}`), "how to build it");
      assert.match(stackText(lesson), new RegExp(`^# ${lesson}: .*Explained in ${lesson}\\.md\\.$`, "m"));
    });
});
