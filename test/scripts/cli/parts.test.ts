// The launcher's pure functions: config as the user types it, the stack file's salt, an exit code at the end of output.
import assert from "node:assert/strict";
import * as os from "node:os";
import * as fc from "fast-check";
import { parse } from "yaml";
import { ownFolder } from "../../../scripts/cli/backend";
import { parsePath, parseValue, withChanges } from "../../../scripts/cli/config-path";
import { Failure } from "../../../scripts/cli/failure";
import { mayLive } from "../../../scripts/cli/lock";
import { withoutSalt } from "../../../scripts/cli/stack-file";
import { Trailer } from "../../../scripts/cli/trailer";

describe("config on the command line", () => {
  it("accepts paths as `pulumi config set --path` does", () => {
    assert.deepEqual(parsePath("encapsulation"), ["encapsulation"]);
    assert.deepEqual(parsePath("topology[0].nodes[12].name"), ["topology", 0, "nodes", 12, "name"]);
    assert.deepEqual(parsePath('aws["odd \\"key"].x'), ["aws", 'odd "key', "x"]);
  });

  it("leaves text unchanged, also 1.30 and true, and parses lists and sections", () => {
    for (const text of ["IPIP", "1.30", "true", "", "a,b", " x"]) assert.equal(parseValue(text), text);
    assert.deepEqual(parseValue("[a, b]"), ["a", "b"]);
    assert.deepEqual(parseValue('{"region": "eu-central-1"}'), { region: "eu-central-1" });
  });

  it("changes keys and elements of lists and sections, and nothing else", () => {
    const config = { "encaplab:faults": ["a"], "encaplab:topology": '[{"name":"a"}]', "aws:region": "x" };
    const before = structuredClone(config);
    const changes = ["encaplab:mtu=1400", "faults[1]=b", "topology[0].cidr=10.0.0.0/8", "aws.region=y"];
    assert.deepEqual(withChanges(config, changes), {
      "aws:region": "x",
      "encaplab:mtu": "1400",
      "encaplab:faults": ["a", "b"],
      "encaplab:topology": [{ name: "a", cidr: "10.0.0.0/8" }],
      "encaplab:aws": { region: "y" },
    });
    assert.deepEqual(config, before);
  });

  for (const change of [
    "mtu",
    "=1",
    "a..b=1",
    ".a=1",
    "[0]=1",
    "a[=1",
    "faults[7]=x",
    "faults.x=1",
    "mtu.x=1",
    "mtu[0]=1",
    "aws[0]=1",
    "aws.__proto__.x=1",
    "faults=[",
  ]) {
    it(`refuses ${change} with a message for the user`, () => {
      const config = { "encaplab:mtu": 1400, "encaplab:faults": ["a"], "encaplab:aws": {} };
      assert.throws(() => withChanges(config, [change]), { name: "Failure", exitCode: 2 });
    });
  }

  it("never fails without a message for the user, whatever the input is", () => {
    const odd = fc.string({ unit: fc.constantFrom(...'a.[]0"\\={}:,- _') });
    fc.assert(
      fc.property(fc.array(odd, { maxLength: 3 }), (changes) => {
        try {
          withChanges({ "encaplab:a": "[1]", "encaplab:b": { c: [{}] } }, changes);
        } catch (error) {
          assert.ok(error instanceof Failure, String(error));
        }
      }),
      { numRuns: 2000 },
    );
    assert.equal(({} as Record<string, unknown>).a, undefined);
  });
});

describe("the engine's salt in a stack file", () => {
  it("is removed, and nothing else is", () => {
    const salt = "encryptionsalt: v1:a+/=:v1:b";
    const text = "# encryptionsalt: talk of it stays\nconfig:\n  encaplab:mtu: 1400\n";
    assert.equal(withoutSalt(`${text}${salt}\n`), text);
    assert.equal(withoutSalt(`${text}${salt}`), text);
    assert.equal(withoutSalt(`${salt}\n${text}`), text);
    assert.equal(withoutSalt(text), text);
    assert.deepEqual(parse(withoutSalt(`${salt}\n`)), null);
  });
});

describe("the state folder", () => {
  it("is ours only if scripts/setup chose it", () => {
    const env = { HOME: "/home/ann", PULUMI_BACKEND_URL: "file:///home/ann/.local/state/encaplab/pulumi" };
    assert.equal(ownFolder(env), "/home/ann/.local/state/encaplab/pulumi");
    assert.equal(ownFolder({ ...env, XDG_STATE_HOME: "/elsewhere" }), undefined);
    assert.equal(ownFolder({ ...env, PULUMI_BACKEND_URL: "file://~" }), undefined);
    assert.equal(ownFolder({ HOME: "/home/ann" }), undefined);
  });
});

describe("the holder of a lock", () => {
  it("may be alive on another machine, and is dead when its PID is free or belongs to another program", () => {
    assert.ok(mayLive({ pid: 1, hostname: "elsewhere" }));
    assert.ok(!mayLive({ pid: 2 ** 22 + 1, hostname: os.hostname() }));
    assert.ok(!mayLive({ pid: process.pid, hostname: os.hostname() }));
  });
});

describe("an exit code at the end of the output", () => {
  const run = (output: (marker: string) => string, size: number) => {
    const trailer = new Trailer();
    const all = Buffer.from(output(trailer.marker));
    const shown: Buffer[] = [];
    for (let at = 0; at < all.length; at += size) shown.push(trailer.take(all.subarray(at, at + size)));
    const early = Buffer.concat(shown).toString();
    return { early, text: early + trailer.rest().toString(), status: trailer.status };
  };

  it("is found however the output is split, and nothing else is cut off", () => {
    fc.assert(
      fc.property(fc.string(), fc.nat(255), fc.integer({ min: 1, max: 60 }), (text, code, size) => {
        const { text: shown, status } = run((marker) => `${text}\n${marker} ${code}\n`, size);
        assert.deepEqual([shown, status], [text, code]);
      }),
    );
  });

  it("does not hold back a line that cannot be the exit code", () => {
    assert.equal(run(() => "a packet\nanother, no end yet", 8).early, "a packet\nanother, no end yet");
  });

  it("is undefined when the connection broke, and no output is lost", () => {
    const { text, status } = run((marker) => `text\n${marker.slice(0, 9)}`, 7);
    assert.match(text, /^text\n[0-9a-f-]{9}$/);
    assert.equal(status, undefined);
  });
});
