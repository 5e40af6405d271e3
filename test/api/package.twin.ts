/** The package in a project of somebody else: what is in the tarball, its types, and a real lab from there. */
import assert from "node:assert/strict";
import { execFileSync, spawnSync } from "node:child_process";
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { Lab } from "../support/lab";
import { contents, install, pack } from "../support/package";
import { hostNetwork, mentions } from "../support/sandbox";

const MODULES = resolve(__dirname, "../../node_modules");

/** A program of five lines, in plain JavaScript. */
const PROGRAM = `const { Lab } = require("encaplab");
const lab = new Lab("study", { encapsulation: "VXLAN" });
exports.verdict = lab.verdict.paths.length;
exports.study = lab.outputs;
`;

/** A TypeScript program with both kinds of names: those that are loaded with the package, and those that come late. */
const TYPED = `import * as pulumi from "@pulumi/pulumi";
import { judge, Lab, type LabArgs, parseConfig, planLab, Twin } from "encaplab";
const args: LabArgs = { cloud: "twin", encapsulation: "VXLAN" };
export const mode: pulumi.Output<string> = pulumi.output(new Lab("study", args).outputs).encapsulation;
const plan = planLab(parseConfig({ encapsulation: "None" }));
const twin: Twin = new Twin("alone", { plan });
export const nodes: string[] = twin.nodes.map(({ name }) => name);
export const outcomes: string[] = judge(plan).paths.map(({ outcome }) => outcome);
// @ts-expect-error There is no such encapsulation.
new Lab("wrong", { encapsulation: "GRE" });
`;

describe("the packed package in another project", function () {
  this.timeout(300_000);
  let lab: Lab;
  let tarball: string;
  let host: string;

  before(() => {
    host = hostNetwork();
    lab = new Lab("package");
    // Not a checkout: an empty project that knows the package by its name only.
    rmSync(lab.folder, { recursive: true });
    mkdirSync(lab.folder);
    tarball = pack(lab.root);
    const write = (file: string, text: string) => writeFileSync(join(lab.folder, file), text);
    write("Pulumi.yaml", "name: study\nruntime: nodejs\nmain: index.js\n");
    write("package.json", '{ "name": "study", "private": true }\n');
    write("index.js", PROGRAM);
    write(
      "index.mjs",
      'import encaplab, { Lab } from "encaplab";\nconsole.log(Lab.name, encaplab.Twin.name);\n',
    );
    write("typed.ts", TYPED);
    install(lab.folder, tarball);
    // It serves the checkout alone: compiled code must run without it.
    rmSync(join(lab.folder, "node_modules/tsx"), { recursive: true });
  });
  after(async () => {
    await lab.end();
  });

  it("has the compiled code with its types, the scripts, the licence, and no tests or sources", () => {
    const files = [...contents(tarball).keys()];
    for (const file of ["LICENSE", "README.md", "dist/components/index.js", "dist/components/index.d.ts"])
      assert.ok(files.includes(file), `${file} is in the tarball`);
    const strangers = files.filter(
      (file) => !/^(LICENSE|README\.md|package\.json)$|^(dist\/components|scripts)\//.test(file),
    );
    assert.deepEqual(strangers, []);
    assert.deepEqual(
      files.filter((file) => /(^|\/)(test|tests|__pycache__)\/|[^d]\.ts$/.test(file)),
      [],
    );
  });

  it("has every script that one of its scripts calls by its path, and keeps the scripts executable", () => {
    const files = contents(tarball);
    const root = join(lab.folder, "node_modules/encaplab");
    const scripts = [...files.keys()].filter((file) => file.startsWith("scripts/"));
    const calls = scripts.flatMap((file) =>
      [
        ...readFileSync(join(root, file), "utf8").matchAll(
          /(?:^|\s)(?:bash|source|\.) "\$here\/([\w./-]+)"/g,
        ),
      ].map(([, called = ""]) => join(dirname(file), called)),
    );
    assert.ok(calls.includes("scripts/engine/progress.sh"), "the search finds calls");
    // In the machine sandbox, $here is a folder that the machine gets.
    const made = ["scripts/twin/environment"];
    assert.deepEqual(
      calls.filter((file) => !files.has(file) && !made.includes(file)),
      [],
    );
    assert.match(files.get("scripts/containers/run") ?? "", /^-rwxr-xr-x/);
    assert.match(files.get("scripts/twin/sandbox-bin/sandbox-shell") ?? "", /^-rwxr-xr-x/);
  });

  it("brings a lab up, whose observation agrees with its verdict, finds it unchanged, and destroys it", async () => {
    await lab.init();
    await lab.up();
    const { study } = JSON.parse((await lab.pulumi("stack", "output", "--json")).output);
    assert.ok(study.observation.agrees, JSON.stringify(study.observation));
    assert.match(lab.labFolder ?? "", /twins\/package-study-[0-9a-f]{8}$/);
    assert.deepEqual(Object.keys((await lab.up()).changes), ["same"]);
    await lab.destroy();
    assert.equal(lab.labFolder, undefined, "no folder under the state home");
    assert.deepEqual(mentions(lab.stateHome), [], "no process");
    assert.equal(hostNetwork(), host);
  });

  it("says what is wrong with a config in plain sentences, and builds nothing", async () => {
    writeFileSync(join(lab.folder, "index.js"), PROGRAM.replace("VXLAN", "GRE"));
    try {
      const output = await lab.refused();
      assert.match(output, /encaplab:encapsulation is "GRE": must be one of IPIP/);
      assert.doesNotMatch(output, /node_modules|\.js:\d+|RunError/);
      assert.deepEqual(readdirSync(join(lab.stateHome, "encaplab/twins")), []);
    } finally {
      writeFileSync(join(lab.folder, "index.js"), PROGRAM);
    }
  });

  it("can be imported by an ES module", () => {
    const said = execFileSync("node", ["index.mjs"], { cwd: lab.folder, encoding: "utf8" });
    assert.equal(said, "Lab Twin\n");
  });

  it("has types that a strict TypeScript program compiles against", () => {
    const types = ["--types", "node", "--typeRoots", join(MODULES, "@types"), "--skipLibCheck"];
    const options = ["--noEmit", "--strict", "--module", "nodenext", "--target", "es2022", ...types];
    const { stdout, status } = spawnSync(join(MODULES, ".bin/tsc"), [...options, "typed.ts"], {
      cwd: lab.folder,
      encoding: "utf8",
    });
    assert.deepEqual({ stdout, status }, { stdout: "", status: 0 });
  });
});
