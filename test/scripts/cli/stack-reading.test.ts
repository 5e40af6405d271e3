// One reading of a stack file, the engine's own: what reads differently is refused, and nothing is built unasked.
import assert from "node:assert/strict";
import * as fs from "node:fs";
import * as path from "node:path";
import { parse } from "yaml";
import { readAsEngine, textOf, writeForEngine, YamlProblem } from "../../../scripts/cli/engine-yaml";
import { CliCheckout, MACHINES, onLab, UNASKED } from "../../support/cli-checkout";
import { SAME, VARIOUS } from "../../support/yaml-samples";

const refuses = (text: string, why: RegExp) =>
  assert.throws(
    () => readAsEngine(text),
    (error: Error) => error instanceof YamlProblem && why.test(error.message),
    text,
  );

describe("the YAML of a stack file", () => {
  it("without quotes is refused where the engine takes it for another value", () => {
    for (const [scalar] of VARIOUS) {
      refuses(`config:\n  a: ${scalar}\n`, /^line 2: .* put it in quotes/);
      refuses(`config:\n  a: [x, ${scalar}]\n`, /^line 2: .* put it in quotes/);
      assert.deepEqual(readAsEngine(`a: "${scalar}"`), { a: scalar });
    }
  });

  it("is read where both take it for the same", () => {
    for (const [scalar, value] of SAME) assert.deepEqual(readAsEngine(`a: ${scalar}`), { a: value });
  });

  it("has no merge keys, tags, directives, circles, second documents or keys that are not text", () => {
    refuses("a: &x {cloud: aws}\nb:\n  <<: *x\n", /^line 3: "<<" takes over/);
    refuses("a: !!int '26'\n", /^line 1: the tag .*int is not supported/);
    refuses("a: !mine {}\n", /^line 1: the tag !mine is not supported/);
    refuses("%YAML 1.1\n---\na: 1\n", /directive/);
    refuses("config:\n  a: &x\n    b: *x\n", /^line 3: \*x contains itself/);
    refuses("a: &x [1, [*x]]\n", /\*x contains itself/);
    refuses("a: 1\n---\na: 2\n", /is not YAML/);
    refuses("a: 1\na: 2\n", /is not YAML: Map keys must be unique/);
    refuses("1: a\n", /1 is not text, so it cannot be a key/);
    refuses("? [a]\n: b\n", /cannot be a key/);
    refuses("a: *none\n", /Unresolved alias/);
    assert.deepEqual(readAsEngine("a: &x [1]\nb: *x\nc: *x\n"), { a: [1], b: [1], c: [1] });
  });

  it("is in UTF-8, with or without a byte order mark", () => {
    const text = "config:\n  encaplab:cloud: aws # ü\n";
    assert.equal(textOf(Buffer.from(text)), text);
    assert.equal(textOf(Buffer.from(`\ufeff${text}`)), text);
    const wide = Buffer.from(`\ufeff${text}`, "utf16le");
    for (const bytes of [
      wide,
      Buffer.from(wide).swap16(),
      Buffer.from(text, "utf16le"),
      Buffer.from(text, "latin1"),
    ])
      assert.throws(() => textOf(bytes), /^Error: is not in UTF-8/);
  });

  it("that we write keeps all text as text for the engine", () => {
    for (const [scalar] of [...VARIOUS, ...SAME]) {
      const written = writeForEngine({ config: { "encaplab:a": scalar, "encaplab:b": [scalar] } });
      assert.deepEqual(readAsEngine(written), parse(written));
      assert.match(written, /^config:\n {2}encaplab:a: "/);
    }
  });
});

describe("a stack file that the engine takes for a cloud", function () {
  this.timeout(60_000);
  let checkout: CliCheckout;
  beforeEach(() => {
    checkout = new CliCheckout().withStandIn();
  });
  afterEach(() => checkout.remove());

  const write = (text: string | Buffer) =>
    fs.writeFileSync(path.join(checkout.folder, "stacks/Pulumi.odd.yaml"), text);

  it("is one for us where its keys have no namespace: up asks", async () => {
    write("config:\n  cloud: aws\n  aws: { region: eu-central-1 }\n");
    const { status, stderr } = await checkout.launch("up", "odd");
    assert.equal(status, 2, stderr);
    assert.match(stderr, /^This changes machines that are not on this computer/);
    assert.deepEqual(
      checkout.calls().filter((call) => /^(up|destroy)/.test(call)),
      [],
    );
    const { stdout } = await checkout.launch("verdict", "odd");
    assert.match(stdout, /on the aws fabric/);
  });

  it("is refused where it has a key twice, with and without the namespace", async () => {
    write("config:\n  cloud: aws\n  encaplab:cloud: twin\n");
    const { status, stderr } = await checkout.launch("up", "odd");
    assert.equal(status, 2);
    assert.match(
      stderr,
      /^stacks\/Pulumi\.odd\.yaml has both encaplab:cloud and encaplab:cloud|has both cloud and/,
    );
    write("config:\n  encaplab:config:cloud: aws\n");
    assert.match((await checkout.launch("up", "odd")).stderr, /must be a namespace, a colon and a name/);
  });

  it("is refused by every command in UTF-16, and when it is circular or no section", async () => {
    const bad = [
      [
        Buffer.from("\ufeffconfig:\n  encaplab:cloud: aws\n", "utf16le"),
        /is not in UTF-8 but in UTF-16: save it/,
      ],
      ["config: &a\n  encaplab:aws: *a\n", /line 2: \*a contains itself/],
      ["just text\n", /is not a stack file: it must hold a section/],
      ["config:\n  encaplab:blockSize: 026\n", /, line 2: 026 is one number or date for the engine/],
    ] as const;
    for (const [content, why] of bad) {
      write(content);
      for (const word of ["up", "verdict"]) {
        const { status, stdout, stderr } = await checkout.launch(word, "odd");
        assert.deepEqual([status, stdout], [2, ""], stderr);
        assert.match(stderr, why);
        assert.equal(stderr.trimEnd().split("\n").length, 1);
      }
    }
    assert.deepEqual(checkout.calls(), []);
  });

  it("is asked about where the cloud is a secret, which only the engine can read", async () => {
    checkout.deployed("odd", {});
    write("config:\n  encaplab:cloud:\n    secure: v1:x\n");
    assert.equal((await checkout.launch("up", "odd")).status, 2);
    assert.deepEqual(checkout.calls(), []);
  });

  it("gets the program's promise to build nothing elsewhere when the question was left out, and only then", async () => {
    const seen = () => fs.readFileSync(path.join(checkout.root, "only-here"), "utf8");
    const engine = path.join(checkout.root, "bin/pulumi");
    const line = 'echo "${ENCAPLAB_ONLY_HERE:-}" >"$FAKE/only-here"\n';
    fs.writeFileSync(engine, fs.readFileSync(engine, "utf8").replace("\n", `\n${line}`));
    const { status, stderr } = await checkout.launch("up", "local");
    assert.equal(status, 0, stderr);
    assert.equal(seen(), "1\n");
    checkout.deployed("aws", { resources: MACHINES });
    await checkout.launch("up", "aws", "--yes");
    assert.deepEqual(checkout.calls().slice(-1), [`up ${onLab("aws")} ${UNASKED}`]);
    assert.equal(seen(), "\n");
  });

  it("is asked about at down where the state has what this program does not know", async () => {
    for (const type of ["azure-native:compute:VirtualMachine", "pulumi:providers:aws", "my:own:Thing"]) {
      checkout.deployed("local", { resources: [{ type: "pulumi:pulumi:Stack" }, { type }] });
      const { status, stderr } = await checkout.launch("down", "local");
      assert.equal(status, 2, type);
      assert.match(stderr, /^This changes machines that are not on this computer/);
    }
  });
});
