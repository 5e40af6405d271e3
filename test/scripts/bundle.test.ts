/** The bundles of the npm packages and of this checkout's code: which one is used, what is in it, and what is not. */
import assert from "node:assert/strict";
import { execFileSync, spawnSync } from "node:child_process";
import * as fs from "node:fs";
import * as path from "node:path";
import { Checkout } from "../support/checkout";
import { REPOSITORY } from "../support/repository";

/** The first lines of a process that uses the bundle as the program and a state do. */
const START = 'require("./scripts/typescript.cjs");';
/** Paths below node_modules and the checkout that were loaded as files of their own. */
const LOADED = `const loaded = Object.entries(require.cache)
  .filter(([, module]) => !Object.getOwnPropertyDescriptor(module, "exports").get).map(([file]) => file);`;

/** What a script prints as JSON, in a process of its own in the checkout. */
function run(script: string, env: NodeJS.ProcessEnv = {}): unknown {
  return JSON.parse(
    execFileSync("node", ["-e", START + script], {
      cwd: REPOSITORY,
      encoding: "utf8",
      env: { ...process.env, ...env },
    }),
  );
}

describe("the bundle", function () {
  this.timeout(120_000);

  describe("of a checkout", () => {
    let checkout: Checkout;
    beforeEach(() => {
      checkout = new Checkout();
    });
    afterEach(() => checkout.remove());

    const folders = (): Record<"packages" | "program", string> => {
      const argv = ["-p", 'JSON.stringify(require("./scripts/bundle/inputs.cjs").bundleFolders())'];
      const { folder: cwd, env } = checkout;
      return JSON.parse(execFileSync("node", argv, { cwd, env, encoding: "utf8" }));
    };
    const help = () => {
      const { folder: cwd, env } = checkout;
      const { status, stdout, stderr } = spawnSync("node", ["scripts/lab.cjs", "--help"], {
        cwd,
        env,
        encoding: "utf8",
      });
      assert.deepEqual([status, stderr], [0, ""]);
      return stdout;
    };
    const edit = (file: string, from: string, to: string) => {
      const text = checkout.read(file);
      assert.ok(text.includes(from));
      checkout.write(file, text.replace(from, to));
    };

    it("is named after contents: equal checkouts share it, an edit and new packages change it", () => {
      const before = folders();
      const argv = ["-p", 'JSON.stringify(require("./scripts/bundle/inputs.cjs").bundleFolders())'];
      const { env } = checkout;
      assert.deepEqual(
        JSON.parse(execFileSync("node", argv, { cwd: REPOSITORY, env, encoding: "utf8" })),
        before,
      );
      // With the old time and size, as from an archive.
      const file = path.join(checkout.folder, "components/plan/index.ts");
      const { atime, mtime } = fs.statSync(file);
      const text = fs.readFileSync(file, "utf8");
      fs.writeFileSync(file, text.replace("the", "teh"));
      fs.utimesSync(file, atime, mtime);
      assert.equal(folders().packages, before.packages);
      assert.notEqual(folders().program, before.program);
      fs.writeFileSync(file, text);
      assert.deepEqual(folders(), before);
      edit("package-lock.json", '"commander": "', '"commander": "0.');
      assert.notEqual(folders().packages, before.packages);
      assert.notEqual(folders().program, before.program);
    });

    it("is made by several commands at once, in full, and shows an edit at the next one", async () => {
      checkout.env.XDG_CACHE_HOME = path.join(checkout.root, "cache");
      const made = path.join(checkout.root, "cache/encaplab/bundle");
      const runs = await Promise.all([1, 2].map(() => checkout.start("node", ["scripts/lab.cjs", "--help"])));
      for (const { status, stderr } of runs) assert.deepEqual([status, stderr], [0, ""]);
      const kept = () => fs.readdirSync(made).filter((name) => !name.endsWith(".lock"));
      assert.deepEqual(
        kept()
          .map((name) => name.split("-")[0])
          .sort(),
        ["packages", "program"],
      );
      edit("scripts/cli/index.ts", "The default command is up.", "This was edited.");
      assert.match(help(), /This was edited\./);
      assert.equal(kept().length, 3, kept().join());
    });

    it("keeps every character of a regular expression, which esbuild does not escape", () => {
      const spelled = '${/^[ü…𝛼]{3}$/u.test("𝛼…ü") ? "as it is written" : "otherwise"}';
      edit("scripts/cli/index.ts", "The default command is up.", `It was read ${spelled}.`);
      assert.match(help(), /It was read as it is written\./);
    });

    it("is made without running the program, which may be the user's own and build labs", () => {
      checkout.write(
        "index.ts",
        'require("node:fs").writeFileSync("ran", ""); throw new Error("this program was run");',
      );
      help();
      assert.equal(fs.existsSync(path.join(checkout.folder, "ran")), false);
      for (const folder of Object.values(folders()))
        assert.ok(
          fs.readdirSync(folder).some((name) => name.endsWith(".compiled")),
          folder,
        );
    });

    it("is not needed: the command line says the same by tsx where it cannot be made, and on demand", () => {
      const usual = help();
      checkout.env.ENCAPLAB_TSX = "1";
      assert.equal(help(), usual);
      delete checkout.env.ENCAPLAB_TSX;
      checkout.env.XDG_CACHE_HOME = path.join(checkout.folder, "package.json"); // no folder can be made there
      assert.equal(help(), usual);
    });
  });

  it("loads the program, its providers and Pulumi as no file of their own, and no SDK", () => {
    const script = `
      require("./index");
      require("./components/providers").asProvider("Observation");
      require("@pulumi/pulumi").output(1);
      ${LOADED}
      console.log(JSON.stringify(loaded.filter((file) => !file.includes("/scripts/"))));`;
    assert.deepEqual(run(script), []);
  });

  it("gives an SDK outside of it the Pulumi that is inside: there is one in a process", () => {
    const script = `
      const pulumi = require("@pulumi/pulumi");
      const { local } = require("@pulumi/command");
      ${LOADED}
      const second = loaded.filter((file) => /@pulumi.pulumi\\//.test(file));
      console.log(JSON.stringify([second, local.Command.prototype instanceof pulumi.CustomResource]));`;
    assert.deepEqual(run(script), [[], true]);
  });

  for (const [what, lines] of [
    [
      "this version",
      ['load("./scripts/typescript.cjs");', 'load("./components/providers").asProvider("Node");'],
    ],
    ["version 0.2", ['load("tsx/cjs");', 'load("./components/providers").asProvider("Node");']],
    [
      "version 0.1",
      [
        'load("tsx/cjs");',
        'load("./components/infrastructure/part").asProvider(load("./components/infrastructure/twin/parts.ts").node, "node");',
      ],
    ],
  ] as const) {
    it(`serves what a state of ${what} loads, without tsx`, () => {
      const script = `
        const load = require("module").createRequire(process.cwd() + "/");
        const wanted = [${lines.map((line) => line.slice(0, -1)).join(", ")}].at(-1);
        ${LOADED}
        const slow = loaded.filter((file) => /tsx|\\.ts$/.test(file));
        console.log(JSON.stringify([Object.keys(wanted).sort(), slow]));`;
      assert.deepEqual(run(script), [["create", "delete", "diff", "update"], []]);
    });
  }

  it("lets tsx load what it does not have", () => {
    const script = `
      
      console.log(JSON.stringify(Object.keys(require("./test/support/repository"))));`;
    assert.deepEqual(run(script), ["REPOSITORY", "lastLineOf"]);
  });

  it("names the file and line of the source in the stack of an error", () => {
    const script = `
      try {
        require("./components/config").parseConfig({ encapsulation: "GRE" });
      } catch ({ stack }) {
        console.log(JSON.stringify(stack.split("\\n    at ").slice(1)));
      }`;
    const [first = "", ...frames] = run(script) as string[];
    const [, file = "", line = ""] = /\((.*):(\d+):\d+\)$/.exec(first) ?? [];
    assert.ok(file.startsWith(path.join(REPOSITORY, "components/config/")), first);
    assert.match(fs.readFileSync(file, "utf8").split("\n")[Number(line) - 1] ?? "", /throw|new ConfigError/);
    assert.ok(frames.length > 0);
  });
});
