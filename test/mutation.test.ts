/** The mutation runs of `npm run test:matrix`, which take hours: what would stop them is seen here. */
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import * as fs from "node:fs";
import * as path from "node:path";
import { REPOSITORY } from "./support/repository";

describe("a mutation run", () => {
  it("names only files that there are", () => {
    const print =
      'import("./test/mutation/targets.mjs").then(({ TARGETS }) => console.log(JSON.stringify(Object.values(TARGETS))))';
    const output = execFileSync("node", ["-e", print], { cwd: REPOSITORY, encoding: "utf8" });
    const named = (JSON.parse(output) as { mutate: string[]; tests: string[] }[]).flatMap(
      ({ mutate, tests }) => [...mutate, ...tests],
    );
    assert.ok(named.length > 0);
    assert.deepEqual(
      named.filter((name) => !fs.existsSync(path.join(REPOSITORY, name))),
      [],
    );
  });
});
