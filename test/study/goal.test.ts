/** What lessons ask for: each begins unsolved, and its solution solves it. */
import assert from "node:assert/strict";
import { parse } from "yaml";
import { parseStackConfig } from "../../components/config";
import { judge, planLab } from "../../components/plan";
import { type Goal, type Judged, missingOf } from "../../components/study";
import { readLessons } from "../../scripts/cli/lessons";
import { LESSONS, stackConfig, stackText } from "../support/stacks";

const rowsOf = (plan: ReturnType<typeof planLab>): Judged[] => judge(plan).paths;

describe("a goal", () => {
  const row = (path: Judged["path"], outcome: string, carrier = "direct"): Judged => ({
    path,
    outcome,
    carrier,
    probe: "TCP",
  });

  it("names every path that does not work, once", () => {
    const rows = [
      row("same-subnet", "fails"),
      row("same-subnet", "mixed"),
      row("same-node", "works"),
      row("cross-subnet", "fails"),
    ];
    assert.deepEqual(missingOf({ works: "all" }, rows), ["Not working: same-subnet, cross-subnet."]);
    assert.deepEqual(missingOf({ works: ["cross-subnet"] }, rows), ["Not working: cross-subnet."]);
    assert.deepEqual(missingOf({ works: ["same-node"] }, rows), []);
  });

  it("says how a path travels that should travel otherwise", () => {
    const goal: Goal = { works: "all", carriers: { "same-subnet": "direct", "cross-subnet": "tunl0" } };
    assert.deepEqual(missingOf(goal, [row("same-subnet", "works", "tunl0, IP protocol 4")]), [
      "same-subnet travels so: tunl0, IP protocol 4; wanted: direct.",
      "cross-subnet travels nowhere: the lab has no such path; wanted: tunl0.",
    ]);
  });
});

describe("the lessons", () => {
  const lessons = readLessons();

  it("are those that have a stack and a page, each with three hints", () => {
    assert.deepEqual(Object.keys(lessons), LESSONS);
    for (const [name, { hints }] of Object.entries(lessons)) assert.equal(hints.length, 3, name);
  });

  for (const name of LESSONS) {
    it(`${name} begins unsolved, and its solution solves it, as predicted`, () => {
      const { goal, solution } = lessons[name] as (typeof lessons)[string];
      assert.notDeepEqual(missingOf(goal, rowsOf(planLab(stackConfig(name)))), []);
      const config = parse(stackText(name)).config as Record<string, unknown>;
      const changes = Object.entries(solution).map(([key, value]) => [`encaplab:${key}`, value]);
      const solved = planLab(parseStackConfig({ ...config, ...Object.fromEntries(changes) }));
      assert.deepEqual(missingOf(goal, rowsOf(solved)), []);
    });
  }
});
