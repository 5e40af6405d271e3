import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { parse } from "yaml";
import { z } from "zod";
import { hasDerivedDefault, parseConfig, schema } from "../../components/config";
import { render } from "../../scripts/schema";
import type { ProjectKey } from "../../scripts/schema/project";
import { STACKS_FOLDER, stackNames, stackText } from "../support/stacks";

const ROOT = join(STACKS_FOLDER, "..");
const read = (name: string) => readFileSync(join(ROOT, name), "utf8");

describe("the files that npm run schema writes", () => {
  it("are up to date with the schema of the config and the comments of its keys", function () {
    this.timeout(120_000); // loads the types of the config, as the TypeScript compiler does
    for (const { file, text } of render()) {
      assert.equal(readFileSync(file, "utf8"), text, `${file} is out of date: npm run schema`);
    }
  });
});

describe("the block config in Pulumi.yaml", () => {
  const block: Record<string, ProjectKey> = parse(read("Pulumi.yaml")).config;

  it("has every key with a description, and a default that the engine takes", () => {
    assert.deepEqual(Object.keys(block), Object.keys(schema.shape));
    for (const [key, { description, default: standard }] of Object.entries(block)) {
      assert.match(description, /\S\.$/, key);
      assert.ok(standard !== undefined && standard !== null, `the engine would require a value for ${key}`);
    }
  });

  it("describes the default of every key in words, as the schema has it", () => {
    for (const [key, { description, default: standard }] of Object.entries(block)) {
      if (standard === "" || typeof standard === "object") continue;
      assert.ok(description.includes(`Default: \`${standard}\`.`), `${key}: ${description}`);
    }
  });

  it("changes nothing when the engine gives its defaults to the program", () => {
    const defaults = Object.fromEntries(Object.entries(block).map(([key, one]) => [key, one.default]));
    // The engine gives scalars as text, and lists and sections as JSON.
    const asText = Object.entries(defaults).map(([key, value]) => [
      key,
      typeof value === "object" ? JSON.stringify(value) : String(value),
    ]);
    assert.deepEqual(parseConfig(Object.fromEntries(asText)), parseConfig({}));
  });

  it("has empty text as the default of a key only where the default depends on other keys", () => {
    for (const [key, { default: standard }] of Object.entries(block)) {
      const isEmpty = standard === "" || JSON.stringify(standard) === "{}";
      assert.equal(isEmpty, hasDerivedDefault(key), key);
    }
  });

  it("gives a type only to keys whose value is always one word, number or flag", () => {
    const typed = (type: string | undefined) => Object.keys(block).filter((key) => block[key]?.type === type);
    assert.deepEqual(typed("boolean"), ["natOutgoing", "allowUnsupported", "observe"]);
    assert.deepEqual(typed("integer"), ["blockSize"]);
    assert.deepEqual(typed(undefined), [
      "podRoutes",
      "routeReflectors",
      "peering",
      "ipPools",
      "topology",
      "sites",
      "link",
      "mtu",
      "rehearse",
      "faults",
      "aws",
      "openstack",
      "hosts",
      "calico",
      "study",
      "tenants",
    ]);
  });
});

describe("the JSON Schema of a stack file", () => {
  const json = JSON.parse(read("stacks/schema.json"));
  const validator = z.fromJSONSchema(json);
  const accepts = (file: unknown): boolean => validator.safeParse(file).success;
  const acceptsConfig = (key: string, value: unknown) => accepts({ config: { [key]: value } });

  it("is named in the first line of every stack file", () => {
    for (const stack of stackNames())
      assert.match(stackText(stack), /^# yaml-language-server: \$schema=schema\.json\n# \S/, stack);
  });

  it("accepts every stack file, also with every commented-out key set", () => {
    for (const stack of stackNames()) {
      const text = stackText(stack);
      assert.ok(accepts(parse(text)), stack);
      assert.ok(accepts(parse(text.replace(/^ {2}# (encaplab:)/gm, "  $1"))), `${stack}, everything set`);
    }
  });

  it("accepts what the engine writes: text, encrypted values, the salt, and keys of providers", () => {
    const secure = { secure: "v1:abc" };
    assert.ok(acceptsConfig("encaplab:faults", "mtu-too-big,node-as-32"));
    assert.ok(acceptsConfig("encaplab:aws", '{"ttl":"8h"}'));
    assert.ok(acceptsConfig("encaplab:openstack", secure));
    assert.ok(acceptsConfig("encaplab:hosts", { privateKey: secure }));
    assert.ok(acceptsConfig("encaplab:mtu", "1442"));
    assert.ok(acceptsConfig("aws:profile", "work"));
    assert.ok(accepts({ config: {}, encryptionsalt: "v1:abc" }));
  });

  it("refuses misspelt keys and wrong values", () => {
    assert.equal(acceptsConfig("encaplab:encapsulation", "vxlan"), false);
    assert.equal(acceptsConfig("encaplab:encapsulaton", "VXLAN"), false);
    assert.equal(acceptsConfig("encaplab:mtu", 100), false);
    assert.equal(acceptsConfig("encaplab:faults", ["dns-broken"]), false);
    assert.equal(acceptsConfig("encaplab:aws", { regoin: "eu-central-1" }), false);
    assert.equal(acceptsConfig("encaplab:topology", [{ name: "a", nodes: ["w1"] }]), false);
    assert.equal(acceptsConfig("encaplab:hosts", { user: { secure: "v1:abc" } }), false);
  });
});
