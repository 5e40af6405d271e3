// Pure functions of the command line: config as the user types it, an exit code at the end of output, and others.
import assert from "node:assert/strict";
import * as os from "node:os";
import * as fc from "fast-check";
import { ENCAPSULATIONS } from "../../../components/config";
import { DYNAMIC_TYPE, dynamicName } from "../../../components/remote/types";
import { ownFolder } from "../../../scripts/cli/backend";
import { splitWords } from "../../../scripts/cli/commands/shell";
import {
  withChanges as apply,
  isWithin,
  parseChange,
  parsePath,
  parseValue,
  valueAt,
} from "../../../scripts/cli/config-path";
import { parseEvent } from "../../../scripts/cli/engine-events";
import { Failure } from "../../../scripts/cli/failure";
import { BIN, typed, typedQuietly } from "../../../scripts/cli/invocation";
import { mayLive } from "../../../scripts/cli/lock";
import { suggestion } from "../../../scripts/cli/spelling";
import { columns, wrap } from "../../../scripts/cli/terminal";
import { Trailer } from "../../../scripts/cli/trailer";

const withChanges = (config: Record<string, unknown>, changes: readonly string[]) =>
  apply(config, changes.map(parseChange));

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
    "faults=[&a [*a]]",
    "topology=[{name: 026}]",
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

describe("changes of a config", () => {
  it("have one spelling for each path, and each encapsulation its own", () => {
    assert.deepEqual(parseChange("encaplab:encapsulation=vxlancrosssubnet"), {
      path: "encapsulation",
      value: "VXLANCrossSubnet",
    });
    assert.equal(parseChange('["topology"][0]["cidr"]=x').path, "topology[0].cidr");
    assert.equal(parseChange('aws["a.b"].c=x').path, 'aws["a.b"].c');
    assert.throws(() => parseChange("encapsulation=VXLN"), /not an encapsulation.*Did you mean VXLAN\?/);
  });

  it("know which paths are inside others", () => {
    assert.ok(isWithin("topology[0].cidr", "topology"));
    assert.ok(isWithin("topology[0]", "topology[0]"));
    assert.ok(!isWithin("topology", "topology[0]"));
    assert.ok(!isWithin("topology[1].cidr", "topology[0]"));
    assert.ok(!isWithin("mtuX", "mtu"));
  });

  it("are compared with the value at their path, also in a list that is kept as text", () => {
    const config = { "encaplab:topology": '[{"cidr":"10.0.0.0/8"}]', "encaplab:mtu": 1400 };
    assert.equal(valueAt(config, "topology[0].cidr"), "10.0.0.0/8");
    assert.equal(valueAt(config, "mtu"), 1400);
    assert.equal(valueAt(config, "mtu.x"), undefined);
    assert.equal(valueAt(config, "nothing.there"), undefined);
  });
});

describe("a suggestion", () => {
  for (const [word, wanted] of [
    ["vxln", "VXLAN"],
    ["VLXAN", "VXLAN"],
    ["none", "None"],
    ["ipip-crosssubnet", "IPIPCrossSubnet"],
  ] as const)
    it(`is ${wanted} for ${word}`, () =>
      assert.equal(suggestion(word, ENCAPSULATIONS), ` Did you mean ${wanted}?`));

  it("is missing where no word is near", () => {
    assert.equal(suggestion("geneve", ENCAPSULATIONS), "");
  });
});

describe("lines for a terminal", () => {
  it("are broken between words and never longer than wanted, whatever the text is", () => {
    const word = fc.string({ unit: fc.constantFrom(..."abc`.·"), minLength: 1, maxLength: 30 });
    fc.assert(
      fc.property(fc.array(word), fc.integer({ min: 40, max: 100 }), (words, width) => {
        const text = words.join(" ");
        const lines = wrap(text, width).split("\n");
        for (const line of lines) assert.ok(line.length <= width, line);
        assert.equal(lines.map((line) => line.trim()).join(" "), text);
      }),
    );
  });

  it("keep a command in backticks on one line, and a URL that is too long on a line of its own", () => {
    assert.equal(
      wrap("now type `npm run lab -- up L9` again", 24),
      "now type\n  `npm run lab -- up L9`\n  again",
    );
    const url = `https://example.org/${"x".repeat(40)}`;
    assert.equal(wrap(`see: ${url}`, 30), `see:\n  ${url}`);
  });

  it("continue a last column below itself", () => {
    const before = process.env.COLUMNS;
    process.env.COLUMNS = "20";
    try {
      if (!process.stdout.isTTY)
        assert.deepEqual(columns([["L1", "a lab of one subnet"]]), ["L1  a lab of one\n    subnet"]);
    } finally {
      process.env.COLUMNS = before;
      if (before === undefined) delete process.env.COLUMNS;
    }
  });
});

describe("the name of another command", () => {
  it("is what the user typed for this one", () => {
    assert.equal(typed("up L9", { npm_lifecycle_event: "lab", PATH: BIN }), "npm run lab -- up L9");
    assert.equal(typed("up L9", { npm_lifecycle_event: "test", PATH: `/bin:${BIN}` }), "lab up L9");
    assert.equal(typed("up L9", { PATH: "/bin" }), "scripts/lab up L9");
    assert.equal(typed("", { npm_lifecycle_event: "lab" }), "npm run lab");
  });

  it("keeps npm quiet where the output goes to a file", () => {
    assert.equal(typedQuietly("kubeconfig", { npm_lifecycle_event: "lab" }), "npm run -s lab -- kubeconfig");
    assert.equal(typedQuietly("kubeconfig", { PATH: BIN }), "lab kubeconfig");
  });
});

describe("what follows the name in `shell`", () => {
  it("is the command with its own options, after our --stack and a `--`", () => {
    for (const [rest, stack, words] of [
      [["ip", "-br", "addr"], undefined, ["ip", "-br", "addr"]],
      [["--", "ip", "--stack"], undefined, ["ip", "--stack"]],
      [["--stack", "L9"], "L9", []],
      [["--stack=L9", "ip", "-s", "link"], "L9", ["ip", "-s", "link"]],
      [["-s", "L9", "--", "ls", "--"], "L9", ["ls", "--"]],
      [[], undefined, []],
    ] as const) {
      const split = splitWords(rest);
      assert.deepEqual([split.stack, split.words], [stack, words]);
    }
    assert.throws(() => splitWords(["--stack"]), /needs the name of a stack/);
  });
});

describe("the engine's events", () => {
  const meta = (op: string, type: string, name: string) => ({
    metadata: { op, type, urn: `urn:x::y::${type}::${name}` },
  });

  it("say what begins, what is done and what changed, and nothing about what stays", () => {
    const node = `${DYNAMIC_TYPE}Node`;
    const read = (event: object) => parseEvent(JSON.stringify({ sequence: 1, ...event }));
    assert.deepEqual(read({ resourcePreEvent: meta("update", node, "w1") }), {
      kind: "begins",
      operation: "update",
      resource: "Node w1",
      component: false,
    });
    assert.equal(read({ resourcePreEvent: meta("same", node, "w1") }), undefined);
    assert.deepEqual(read({ resOpFailedEvent: meta("create", "aws:ec2/vpc:Vpc", "vpc") }), {
      kind: "failed",
      operation: "create",
      resource: "Vpc vpc",
      component: false,
    });
    assert.deepEqual(read({ summaryEvent: { resourceChanges: { same: 4, update: 2, read: 1 } } }), {
      kind: "summary",
      changed: 2,
      total: 7,
    });
    assert.equal(read({ diagnosticEvent: { message: "x", severity: "debug" } }), undefined);
    assert.equal(read({ cancelEvent: {} }), undefined);
  });

  it("may be mixed with lines that are no events", () => {
    assert.deepEqual(parseEvent("ready"), { kind: "line", text: "ready" });
    assert.equal(parseEvent(""), undefined);
  });
});

describe("the version that a state is from", () => {
  it("does not matter: a dynamic resource of version 0.1 is known by its former name", () => {
    assert.equal(dynamicName(`${DYNAMIC_TYPE}Place`), "TwinFolder");
    assert.equal(dynamicName(`${DYNAMIC_TYPE}ContainersPlace`), "ContainersFolder");
    assert.equal(dynamicName(`${DYNAMIC_TYPE}Node`), "Node");
    assert.equal(dynamicName("aws:ec2/vpc:Vpc"), undefined);
  });
});
