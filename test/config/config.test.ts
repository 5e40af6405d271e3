import assert from "node:assert/strict";
import * as fc from "fast-check";
import { ConfigError, parseConfig, parseStackConfig } from "../../components/config";
import { planLab } from "../../components/plan";
import { labConfigs, rawConfigs } from "../support/arbitraries";
import { BAD_CONFIGS } from "../support/bad-configs";
import { errorOf, planOf, type RawConfig } from "../support/problems";
import { runs } from "../support/runs";

const KEYS = Object.keys(
  parseConfig({ aws: {}, openstack: {}, hosts: {}, mtu: 1500, fabric: "plain", bgp: "Enabled" }),
);

/** What the engine passes to a program: every value as text, lists and objects as JSON. */
const asText = (raw: RawConfig): RawConfig =>
  Object.fromEntries(
    Object.entries(raw).map(([key, value]) => [
      key,
      typeof value === "string" ? value : JSON.stringify(value),
    ]),
  );

/** Expects a plan, or an error that gives the key and a message for every problem. */
function assertPlanOrError(raw: RawConfig): void {
  const error = errorOf(raw);
  if (!error) return;
  assert.ok(error.problems.length > 0, "an error without a problem");
  for (const { key, message } of error.problems)
    assert.ok(key !== "" && message !== "", `${key}: ${message}`);
  assert.ok(error.message.length < 30_000, `a message of ${error.message.length} characters`);
}

describe("a config that cannot be used", () => {
  it("is tested with at least sixty different mistakes", () => {
    assert.ok(BAD_CONFIGS.length >= 60);
    assert.equal(new Set(BAD_CONFIGS.map(({ is }) => is)).size, BAD_CONFIGS.length);
  });

  for (const { is, raw, key, value, allowed } of BAD_CONFIGS) {
    it(`is refused with the key, the value and what it must be: ${is}`, () => {
      const error = errorOf(raw);
      const problem = error?.problems.find((candidate) => candidate.key === key);
      assert.ok(error && problem, `${key} is not named in: ${error?.message ?? "no error at all"}`);
      assert.deepEqual(problem.value, value);
      assert.match(problem.message, allowed);
      assert.ok(error.message.includes(`encaplab:${key} is `), error.message);
    });
  }

  it("is refused with all problems at once, not only the first", () => {
    const error = errorOf({ mtu: 1, cloud: "gcp", encapsulaton: "IPIP" });
    assert.deepEqual(error?.problems.map(({ key }) => key).sort(), ["cloud", "encapsulaton", "mtu"]);
    const together = errorOf({ cloud: "aws", fabric: "plain", mtu: 9002, serviceCidr: "172.16.0.0/16" });
    assert.deepEqual(together?.problems.map(({ key }) => key).sort(), ["fabric", "mtu", "serviceCidr"]);
  });

  it("is shown as it was given, also where JSON cannot express it", () => {
    const loop: unknown[] = [];
    loop.push(loop);
    const shown = (value: unknown) => errorOf({ mtu: value })?.message.split("\n")[1];
    assert.match(shown(Number.NaN) ?? "", /encaplab:mtu is NaN: /);
    assert.match(shown(-0.5) ?? "", /encaplab:mtu is -0.5: /);
    assert.match(shown(10n ** 30n) ?? "", /encaplab:mtu is 10{30}: /);
    assert.match(shown(loop) ?? "", /encaplab:mtu is \[object Array\]: /);
    assert.match(shown("\u001b[31m") ?? "", /encaplab:mtu is "\\u001b\[31m": /);
    assert.match(shown("x".repeat(1e6)) ?? "", /^.{100,300}…: must be/);
  });

  it("is reported as one problem, however long a wrong list is", () => {
    const subnet = { name: "a", cidr: "10.0.3.0/24", nodes: ["w1"] };
    for (const entry of [subnet, 1, null, "x"]) {
      const error = errorOf({ topology: Array(100_000).fill(entry) });
      assert.deepEqual(
        error?.problems.map(({ key }) => key),
        ["topology"],
      );
    }
    assert.equal(errorOf({ faults: "a,".repeat(100_000) })?.problems.length, 1);
    assert.equal(errorOf({ topology: [{ ...subnet, nodes: Array(100_000).fill("n") }] })?.problems.length, 1);
    assert.equal(errorOf({ aws: { accessCidrs: Array(100_000).fill("x") } })?.problems.length, 1);
  });

  it("is refused without a crash, however deeply it is nested", () => {
    const error = errorOf({ topology: `${"[".repeat(100_000)}${"]".repeat(100_000)}` });
    assert.deepEqual(
      error?.problems.map(({ key }) => key),
      ["topology[0]"],
    );
  });
});

describe("a config that can be used", () => {
  it("may be empty: the twin, VXLANCrossSubnet, two subnets with two nodes each", () => {
    const config = parseConfig({});
    assert.equal(config.cloud, "twin");
    assert.equal(config.encapsulation, "VXLANCrossSubnet");
    assert.deepEqual(
      config.topology.map(({ nodes }) => nodes.length),
      [2, 2],
    );
    assert.equal(planLab(config).nodes.length, 4);
  });

  it("has after an overlap of Services the range that the message offers", () => {
    const subnet = (cidr: string) => ({ topology: [{ name: "a", cidr, nodes: ["cp1", "w1"] }] });
    for (const raw of [
      subnet("10.100.200.0/24"),
      subnet("10.96.0.0/16"),
      { ...subnet("10.96.0.0/20"), podCidr: "10.0.0.0/9", serviceCidr: "10.96.0.0/12" },
      { ...subnet("192.168.0.0/16"), podCidr: "10.0.0.0/8" },
      { serviceCidr: "198.18.0.0/24", ...subnet("198.18.0.0/25") },
    ]) {
      const message =
        errorOf(raw)
          ?.problems.map((problem) => problem.message)
          .join("\n") ?? "";
      const offered = /set serviceCidr to a free range such as (\S+)$/m.exec(message)?.[1];
      assert.ok(offered, `${JSON.stringify(raw)}: ${message}`);
      assert.doesNotMatch(errorOf({ ...raw, serviceCidr: offered })?.message ?? "", /serviceCidr/);
    }
  });

  it("reads the keys of its own project and ignores those of providers", () => {
    const config = parseStackConfig({
      "encaplab:encapsulation": "IPIP",
      "aws:region": "eu-central-1",
      cloud: "x",
    });
    assert.deepEqual(config, parseConfig({ encapsulation: "IPIP" }));
    assert.throws(() => parseStackConfig({ "encaplab:cloud": "x" }), ConfigError);
  });

  it("accepts text, as `pulumi config set` stores it, like the typed values of YAML", () => {
    const typed = {
      natOutgoing: false,
      blockSize: 24,
      mtu: 1450,
      faults: ["mtu-too-big", "node-as-32"],
      aws: { spot: true },
    };
    const text = {
      natOutgoing: "false",
      blockSize: "24",
      mtu: "1450",
      faults: "mtu-too-big, node-as-32",
      aws: '{"spot":"true"}',
    };
    assert.deepEqual(parseConfig(text), parseConfig(typed));
  });

  it("accepts a node as a name alone or as a section with more keys", () => {
    const topology = (node: unknown) => ({ topology: [{ name: "a", cidr: "10.0.3.0/24", nodes: [node] }] });
    assert.deepEqual(planOf(topology("w1")), planOf(topology({ name: "w1" })));
    assert.equal(planOf(topology({ name: "w1", address: "10.0.3.99" })).nodes[0]?.address, "10.0.3.99");
  });

  it("reads empty text as no faults, which is what remains when you remove the last one", () => {
    assert.deepEqual(parseConfig({ faults: "" }), parseConfig({ faults: [] }));
    assert.deepEqual(parseConfig({ faults: " " }), parseConfig({}));
  });

  it("reads empty text as not set for a key whose default depends on other keys, and for no other", () => {
    const empty = { mtu: "", fabric: "", topology: "", aws: "", hosts: "" };
    assert.deepEqual(parseConfig(empty), parseConfig({}));
    assert.equal(planOf({ cloud: "aws", ...empty }).fabric, "aws");
    for (const key of ["encapsulation", "blockSize", "podCidr"]) assert.ok(errorOf({ [key]: "" }), key);
  });

  it("is the same whether it is text from the engine or typed values from YAML", () => {
    fc.assert(
      fc.property(rawConfigs, (raw) => {
        assert.deepEqual(parseConfig(asText(raw)), parseConfig(raw));
      }),
    );
  });

  it("always gives a plan", () => {
    fc.assert(
      fc.property(labConfigs, (config) => assert.ok(planLab(config).nodes.length > 0)),
      { numRuns: runs(300) },
    );
  });
});

describe("a config, however odd,", () => {
  const odd = fc.oneof(
    fc.anything({
      withBigInt: true,
      withDate: true,
      withMap: true,
      withNullPrototype: true,
      withTypedArray: true,
    }),
    fc.jsonValue(),
    fc.json(),
    fc.string({ unit: "binary" }),
    fc.constantFrom(
      "null",
      "true",
      "[",
      "{",
      "NaN",
      "Infinity",
      "-0",
      "1e9",
      "\u0000",
      "__proto__",
      "172.16.0.0/16",
    ),
    fc.ipV4(),
    fc.tuple(fc.ipV4(), fc.nat(40)).map(([ip, prefix]) => `${ip}/${prefix}`),
    fc.integer({ min: -1, max: 10_000 }),
  );

  it("gives a plan or an error that names a key, with anything under any key", () => {
    fc.assert(
      fc.property(fc.dictionary(fc.oneof(fc.constantFrom(...KEYS), fc.string()), odd), assertPlanOrError),
      { numRuns: runs(1000) },
    );
  });

  it("gives a plan or an error that names a key, with text under every key", () => {
    const texts = fc.record(Object.fromEntries(KEYS.map((key) => [key, fc.string()])), { requiredKeys: [] });
    fc.assert(fc.property(texts, assertPlanOrError), { numRuns: runs(500) });
  });

  it("gives a plan or an error that names a key, when any value of a valid config is replaced", () => {
    fc.assert(
      fc.property(rawConfigs, fc.array(fc.nat(), { minLength: 1, maxLength: 5 }), odd, (raw, way, value) => {
        assertPlanOrError(spoilt(raw, way, value) as RawConfig);
      }),
      { numRuns: runs(1000) },
    );
  });
});

/** A copy in which another value is at the end of a path through the tree. The path ends where the tree ends. */
function spoilt(tree: unknown, way: readonly number[], value: unknown): unknown {
  const [step, ...rest] = way;
  if (step === undefined || typeof tree !== "object" || tree === null) return value;
  const keys = Object.keys(tree);
  const key = keys[step % Math.max(keys.length, 1)];
  if (key === undefined) return value;
  const inner = spoilt((tree as RawConfig)[key], rest, value);
  if (Array.isArray(tree)) return tree.with(Number(key), inner);
  return { ...tree, [key]: inner };
}
