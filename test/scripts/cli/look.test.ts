// Commands that only read, and what is said about unknown ones. There is no engine on PATH.
import assert from "node:assert/strict";
import * as fs from "node:fs";
import * as path from "node:path";
import { TABLE_DATE } from "../../../components/plan";
import { DYNAMIC_TYPE, STACK_TYPE } from "../../../components/remote/types";
import { CliCheckout, planOf } from "../../support/cli-checkout";
import { stackNames } from "../../support/stacks";

const WORDS =
  "up switch reset observe verdict trace diff report ui bench check shell capture status kubeconfig down leftovers stacks cache uninstall completion version".split(
    " ",
  );

describe("commands without an engine", function () {
  this.timeout(60_000);
  let checkout: CliCheckout;
  before(() => {
    checkout = new CliCheckout().withoutSetup();
    checkout.env.FAKE = checkout.root;
  });
  after(() => checkout.remove());

  it("lists every command in its help, with an example", async () => {
    const { status, stdout } = await checkout.launch("--help");
    assert.equal(status, 0);
    for (const word of WORDS) assert.match(stdout, new RegExp(`^  ${word} `, "m"));
    assert.match(stdout, /Examples:\n {2}scripts\/lab\n/);
  });

  for (const word of WORDS) {
    it(`explains the command ${word}, with an example`, async () => {
      const { status, stdout } = await checkout.launch(word, "--help");
      assert.equal(status, 0);
      assert.match(stdout, new RegExp(`Examples?:\n  scripts/lab ${word}`));
    });
  }

  for (const [argv, why] of [
    [["swich"], /unknown command 'swich'\n\(Did you mean switch\?\)/],
    [["up", "--yess"], /unknown option '--yess'\n\(Did you mean --yes\?\)/],
    [["switch"], /missing required argument 'encapsulation'/],
    [["up", "local", "L1"], /too many arguments/],
    [["verdict", "nosuch"], /no stack "nosuch".*There are: local, .*L1, L2, /],
    [["verdict", "--config", "encapsulation"], /--config takes key=value.*"encapsulation" has no "="/],
    [["verdict", "--config", "topology[0.cidr=1"], /"topology\[0\.cidr" is not a key/],
    [["verdict", "--config", "encapsulation=vxlna"], /"vxlna" is not an encapsulation.*Did you mean VXLAN\?/],
    [["trace", "w1-1", "w9-1", "-s", "L8"], /no "w9-1" in the lab\. It has: cp1, .* Did you mean w1-1\?/s],
    [["capture", "w1", "--count", "0"], /--count is "0"; it must be a whole number of at least 1/],
    [["capture", "w1", "--path", "cross-subnet", "udp"], /--path chooses device and filter by itself/],
    [["diff", "L8"], /L8 with what\?/],
    [["completion", "tcsh"], /Allowed choices are bash, zsh, fish/],
    [["status", "nosuch"], /no stack "nosuch"/],
  ] as const) {
    it(`says what is wrong with \`${argv.join(" ")}\`, with exit code 2`, async () => {
      const { status, stderr, stdout } = await checkout.launch(...argv);
      assert.equal(status, 2);
      assert.match(stderr, why);
      assert.doesNotMatch(stderr, /\n {4}at /);
      assert.equal(stdout, "");
    });
  }

  describe("trace", () => {
    it("follows a packet of a stack to where it is lost, and says why", async () => {
      const { status, stdout } = await checkout.launch("trace", "w1-1", "w2-1", "--stack", "L7");
      assert.equal(status, 0);
      assert.match(
        stdout,
        /^Stack L7: IPIP on the aws fabric\.\nTrace \(a prediction\): a ping of 84 bytes .* fails\.$/m,
      );
      assert.match(stdout, /^ {2}6 {2}w2's security group {2}X$/m);
      assert.match(stdout, /\n {2}fix: take ipip-blocked out of faults/);
    });

    it("gives data for programs, also of what is supposed", async () => {
      const words = ["trace", "w1-1", "service-a", "-s", "L8", "--config", "encapsulation=VXLAN", "--json"];
      const { status, stdout } = await checkout.launch(...words);
      assert.equal(status, 0);
      const { encapsulation, trace } = JSON.parse(stdout);
      assert.equal(encapsulation, "VXLAN");
      assert.deepEqual([trace.to, trace.probe], ["service-a", { protocol: "tcp", port: 80, size: 60 }]);
      assert.equal(trace.hops.at(-1).name, "w1-1");
    });
  });

  describe("report", () => {
    afterEach(() => fs.rmSync(checkout.state, { recursive: true, force: true }));

    it("writes a page, or Markdown, of a lab that is not up, and nothing else", async () => {
      const page = await checkout.launch("report", "L9");
      assert.deepEqual([page.status, page.stderr], [0, ""]);
      assert.match(page.stdout, /^<!doctype html>\n[\s\S]*<\/html>\n$/);
      assert.ok(page.stdout.length < 1_000_000);
      const { status, stdout } = await checkout.launch("report", "--stack", "l9", "--markdown");
      assert.equal(status, 0);
      assert.match(stdout, /^## encaplab: L9\n\n\*\*None on the aws fabric, 3 nodes: 4 of 8 paths fail\*\*/);
      assert.match(stdout, /^\| `encaplab:encapsulation` \| `None` \|$/m);
    });

    it("takes what is up for the lab, with what was measured of it, and says what the config has instead", async () => {
      const { stdout: observed } = await checkout.launch("report", "L9", "--markdown");
      assert.match(observed, /The lab is not up/);
      const rows = [
        {
          path: "same-node",
          probe: "ICMP",
          outcome: "works",
          observed: "works",
          working: 8,
          pairs: 8,
          agrees: true,
        },
      ];
      const seen = {
        of: "the network twin, a model",
        at: "2026-11-26T08:00:00Z",
        wire: [],
        sessionsDown: {},
      };
      checkout.deployed("L9", { resources: checkout.livingTwin({ encapsulation: "IPIP" }, rows, seen) });
      const { stdout } = await checkout.launch("report", "--markdown");
      assert.match(
        stdout,
        /^## encaplab: L9\n\n\*\*IPIP on the plain fabric, .* Observed as predicted, on the network twin/,
      );
      assert.match(stdout, /\| same-node \| ✅ works \(8\/8\) \| ✅ works \|/);
      assert.match(
        stdout,
        /Measured 2026-11-26 08:00 UTC\. The config differs from what is up \(.*encapsulation/,
      );
    });

    it("has what was measured of a cluster, whose plan is that of the config and the stack outputs", async () => {
      const row = {
        path: "same-subnet",
        probe: "TCP",
        outcome: "fails",
        observed: "fails",
        working: 0,
        pairs: 6,
      };
      const observation = {
        of: "the cluster",
        agrees: true,
        disagreements: [],
        rows: [{ ...row, agrees: true }],
        wire: [],
        sessionsDown: {},
      };
      checkout.deployed("L9", {
        resources: [
          { type: STACK_TYPE, outputs: { encapsulation: "None", faults: ["source-dest-check"], nodes: [] } },
          { type: `${DYNAMIC_TYPE}ClusterObservation`, outputs: { observation } },
        ],
      });
      const { stdout } = await checkout.launch("report", "--markdown");
      assert.match(stdout, /None on the aws fabric, 3 nodes: .* Observed as predicted, on the cluster\./);
      assert.match(stdout, /\| same-subnet \| ❌ fails \| ❌ fails \(0\/6\) \|/);
    });

    it("leaves secrets out, and with --redact what names something of the user's", async () => {
      checkout.write(
        "stacks/Pulumi.own.yaml",
        `config:
  encaplab:cloud: aws
  encaplab:rehearse: true
  encaplab:topology: [{ name: vault, cidr: 10.9.8.0/24, nodes: [ibex, { name: okapi, address: 10.9.8.77 }] }]
  encaplab:aws: { region: eu-north-1 }
  encaplab:token: { secure: "v1:abc" }
`,
      );
      const told = /ibex|okapi|vault|10\.9\.8\.|eu-north-1/;
      const whole = await checkout.launch("report", "own", "--markdown");
      assert.match(whole.stdout, told);
      assert.match(whole.stdout, /Not in this report, because they are secret: encaplab:token\./);
      assert.doesNotMatch(whole.stdout, /v1:abc/);
      for (const form of [[], ["--markdown"]]) {
        const { status, stdout } = await checkout.launch("report", "own", "--redact", ...form);
        assert.equal(status, 0);
        assert.doesNotMatch(stdout, told);
        assert.doesNotMatch(stdout, /\bown\b: |v1:abc/);
      }
    });
  });

  describe("diff", () => {
    it("shows what differs between two stacks, with exit code 1", async () => {
      const { status, stdout } = await checkout.launch("diff", "L7", "L8");
      assert.equal(status, 1);
      assert.match(stdout, /^faults {2}ipip-blocked {2}none$/m);
      assert.match(stdout, /^same-subnet +fails: .* works: /m);
      assert.doesNotMatch(stdout, /^same-node/m);
    });

    it("takes --config for the other side, and ends with 0 where both are the same", async () => {
      const json = await checkout.launch("diff", "L1", "--config", "encapsulation=VXLAN", "--json");
      assert.equal(json.status, 1);
      const { a, b, facts } = JSON.parse(json.stdout);
      assert.deepEqual([a, b], ["L1", "L1 encapsulation=VXLAN"]);
      assert.equal(facts[0].what, "encapsulation");
      assert.equal((await checkout.launch("diff", "L8", "--config", "encapsulation=ipip")).status, 0);
    });
  });

  describe("verdict", () => {
    it("names the traced pair of each path with -v only", async () => {
      const plain = await checkout.launch("verdict", "L9");
      assert.doesNotMatch(plain.stdout, /traced/);
      const verbose = await checkout.launch("verdict", "L9", "-v");
      assert.match(verbose.stdout, /^same-subnet: traced cp1-1 > w1-1$/m);
    });

    it("predicts the paths of a stack as it is", async () => {
      const { status, stdout } = await checkout.launch("verdict", "L2");
      assert.equal(status, 0);
      assert.match(stdout, /^Stack L2: IPIP on the openstack fabric, 4 nodes\.\nVerdict \(a prediction\):/);
      assert.match(stdout, /intended: same-subnet, [\s\S]* fail, [\s\S]*IP protocol 4/);
    });

    it("predicts the paths across the tunnel to the stack that is the other site, or says why not", async () => {
      const both = await checkout.launch("verdict", "site-openstack", "--config", "link.gateway=instance");
      assert.equal(both.status, 0);
      assert.match(both.stdout, /^Across the tunnel to site-aws \(a prediction/m);
      assert.match(both.stdout, /^node-to-node +site-openstack +works +61 +1374 /m);
      const json = await checkout.launch("verdict", "site-aws", "--json");
      const { peer, across } = JSON.parse(json.stdout);
      assert.equal(peer, "site-openstack");
      assert.deepEqual([across.paths.length, across.paths[0].ttl], [8, 62]);
      const alone = await checkout.launch("verdict", "site-aws", "--config", "link.peer=elsewhere");
      assert.match(alone.stdout, /tunnel to elsewhere: its stack file is not here\.$/m);
      const other = await checkout.launch("verdict", "site-aws", "--config", "link.peer=L1");
      assert.match(
        other.stdout,
        /tunnel to L1: Pulumi\.L1\.yaml has no link\.peer\.$|L1\.yaml has no link\.peer/m,
      );
      assert.doesNotMatch((await checkout.launch("verdict", "L2")).stdout, /Across|Nothing is predicted/);
    });

    it("predicts the paths with other values, and writes nothing", async () => {
      const before = checkout.read("stacks/Pulumi.L11.yaml");
      const wanted = [
        "--config",
        "podRoutes=true",
        "topology[1].cidr=10.0.9.0/24",
        "--config",
        "faults=[mtu-too-big]",
      ];
      const { status, stdout } = await checkout.launch("verdict", "L11", "--json", ...wanted);
      assert.equal(status, 0);
      const { verdict, faults, changes } = JSON.parse(stdout);
      assert.deepEqual(faults, ["mtu-too-big"]);
      assert.equal(changes.length, 3);
      const crossing = verdict.paths.filter((row: { path: string }) => row.path === "cross-subnet");
      assert.deepEqual(
        crossing.map((row: { outcome: string }) => row.outcome),
        ["works", "works", "works"],
      );
      assert.equal(checkout.read("stacks/Pulumi.L11.yaml"), before);
      assert.ok(!fs.existsSync(checkout.state));
    });

    it("loads neither Pulumi nor a cloud's SDK, which would take longer than everything else", async () => {
      // Fails on any import of these, as an empty node_modules/@pulumi would.
      checkout.write(
        "guard.cjs",
        `const { Module } = require("module"), real = Module._resolveFilename;
         Module._resolveFilename = function (name, ...more) {
           if (name.startsWith("@pulumi/")) throw new Error("loads " + name);
           return real.call(this, name, ...more);
         };`,
      );
      for (const words of [
        ["verdict"],
        ["status", "L9"],
        ["observe", "L9"],
        ["shell", "w1", "-s", "L9"],
        ["stacks"],
      ]) {
        const argv = ["--require", "./guard.cjs", "scripts/lab.cjs", ...words];
        const { stderr } = await checkout.start("node", argv);
        assert.doesNotMatch(stderr, /loads/);
      }
    });
  });

  it("lists the stacks, each with the first line of its file", async () => {
    const { status, stdout } = await checkout.launch("stacks");
    assert.equal(status, 0);
    const lines = stdout.trimEnd().split("\n");
    assert.deepEqual(lines.map((line) => line.split(" ")[0]).sort(), stackNames().sort());
    assert.match(lines[0] as string, /^local +The lab on this machine/);
    assert.match(stdout, /^L2 +L1 with IPIP/m);
  });

  describe("looking at a lab", () => {
    const plan = planOf();
    const place = { type: `${DYNAMIC_TYPE}Place`, outputs: { folder: "/nonexistent/encaplab-lab" } };
    const seen = { type: `${DYNAMIC_TYPE}Observation`, outputs: { plan, observation: { agrees: true } } };

    it("says that a lab is down, and how to bring it up", async () => {
      const status = await checkout.launch("status", "local");
      assert.equal(status.status, 0);
      assert.match(
        status.stdout,
        /^local is down\.\nnext: scripts\/lab up local · scripts\/lab verdict local\n/,
      );
      for (const words of [
        ["observe", "local"],
        ["shell", "w1", "--stack", "local"],
      ]) {
        const { status: code, stderr } = await checkout.launch(...words);
        assert.equal(code, 1);
        assert.match(stderr, /The lab local is not up; `scripts\/lab up local` brings it up\./);
      }
    });

    it("says that the table of versions is old once it is six months old", async () => {
      const statusOn = async (date: string) => {
        checkout.write(
          "clock.cjs",
          `const Real = Date;
           globalThis.Date = class extends Real {
             constructor(...args) { super(...(args.length > 0 ? args : ["${date}"])); }
           };`,
        );
        const argv = ["--require", "./clock.cjs", "scripts/lab.cjs", "status", "local"];
        const { status, stdout } = await checkout.start("node", argv);
        assert.equal(status, 0);
        return stdout;
      };
      assert.doesNotMatch(await statusOn(TABLE_DATE), /note:/);
      const later = new Date(TABLE_DATE);
      later.setUTCMonth(later.getUTCMonth() + 13);
      assert.match(
        await statusOn(later.toISOString()),
        /\nnote: the table of Calico and Kubernetes versions is from .*, 13 months old; newer releases may exist\n$/,
      );
    });

    it("says that a lab's processes are gone, and how to rebuild or remove it", async () => {
      checkout.deployed("L3", { resources: [place, seen] });
      const status = await checkout.launch("status", "L3");
      assert.match(
        status.stdout,
        /^L3 was up, but its processes are gone .*\nnext: scripts\/lab up · scripts\/lab down\n/,
      );
      const { status: code, stderr } = await checkout.launch("observe", "L3", "--json");
      assert.equal(code, 1);
      assert.match(stderr, /its processes are gone.*up L3` rebuilds it, .*down L3` removes/);
    });

    it("understands the state of a twin of version 0.1, and says how to rebuild or remove it", async () => {
      const folder = path.join(checkout.root, "former");
      fs.mkdirSync(folder, { recursive: true });
      const { pid } = process;
      const record = { kind: "namespaces", bootId: "1", pid, startTime: 1, machineBoot: "1", ready: true };
      fs.writeFileSync(path.join(folder, "realm.json"), JSON.stringify(record));
      const former = { type: `${DYNAMIC_TYPE}Place`, outputs: { folder } };
      checkout.deployed("L6", { resources: [former, seen] });
      const { stdout } = await checkout.launch("status", "L6");
      assert.match(stdout, /^L6 was built by an earlier version of encaplab\.\nnext: .*up/);
      assert.match(
        (await checkout.launch("shell", "w1", "-s", "L6")).stderr,
        /^The lab L6 was built by an earlier version of encaplab; `.*up L6` rebuilds it, .*down L6` removes/,
      );
      checkout.deployed("L6", {});
    });

    it("says that a lab was never complete", async () => {
      checkout.deployed("L4", { resources: [{ type: STACK_TYPE }] });
      const { stdout } = await checkout.launch("status", "L4");
      assert.match(stdout, /L4 is not complete: its last `up` did not finish/);
    });

    it("says how to reach each machine of a lab, and what to do next", async () => {
      const nodes = [
        {
          name: "cp1",
          role: "control-plane",
          subnet: "a",
          address: "10.0.3.10",
          ssh: "ssh ubuntu@198.51.100.7",
        },
      ];
      const outputs = { encapsulation: "IPIP", faults: [], nodes, kubeconfig: { secret: true } };
      const reachable = { type: `${DYNAMIC_TYPE}Reachable`, inputs: { name: "cp1" } };
      checkout.deployed("L5", {
        resources: [{ type: STACK_TYPE, outputs }, { type: "aws:ec2/instance:Instance" }, reachable],
      });
      const { stdout } = await checkout.launch("status", "L5");
      assert.match(stdout, /L5 is up, a cluster of 1 machines/);
      assert.match(stdout, /cp1 +10\.0\.3\.10 +a +control-plane\n +ssh ubuntu@198\.51\.100\.7\n/);
      assert.match(stdout, /scripts\/lab kubeconfig L5 > kubeconfig/);
      const { status, stderr } = await checkout.launch("shell", "w7", "--stack", "L5");
      assert.equal(status, 2);
      assert.match(stderr, /There is no "w7" in the lab L5\. It has: cp1\./);
    });

    it("names the fabric of node containers, and opens a shell in it as long as they run", async () => {
      const nodes = [{ name: "cp1", role: "control-plane", subnet: "a", address: "10.0.3.10", ssh: "ssh" }];
      const outputs = { encapsulation: "None", fabric: "aws", faults: [], nodes, kubeconfig: {} };
      const folder = path.join(checkout.root, "no-containers");
      checkout.deployed("L5", {
        resources: [
          { type: STACK_TYPE, outputs },
          { type: `${DYNAMIC_TYPE}ContainersFolder`, outputs: { folder } },
          { type: `${DYNAMIC_TYPE}Reachable`, inputs: { name: "cp1" } },
        ],
      });
      assert.match((await checkout.launch("status", "L5")).stdout, /^ {2}fabric +aws$/m);
      for (const space of ["fabric", "router"]) {
        const { status, stderr } = await checkout.launch(
          "shell",
          space,
          "-s",
          "L5",
          "nft",
          "list",
          "ruleset",
        );
        assert.notEqual(status, 0);
        assert.match(
          stderr,
          /^containers: (the lab in \S+ is not running; run up first|node containers need )/,
        );
      }
    });

    it("says that a lab of machines was never complete", async () => {
      checkout.deployed("L5", { resources: [{ type: "aws:ec2/instance:Instance" }] });
      assert.match((await checkout.launch("status", "L5")).stdout, /L5 is not complete/);
      const { status, stderr } = await checkout.launch("shell", "w1", "--stack", "L5");
      assert.equal(status, 1);
      assert.match(stderr, /has no twin on this machine/);
    });

    it("prints no kubeconfig of a twin, or of a lab that is down", async () => {
      checkout.deployed("L3", { resources: [place, seen] });
      const twin = await checkout.launch("kubeconfig", "L3");
      assert.deepEqual([twin.status, twin.stdout], [1, ""]);
      const down = await checkout.launch("kubeconfig", "local");
      assert.match(down.stderr, /The lab local is not up/);
    });
  });

  it("says that there is no engine, without a stack trace", async () => {
    const bin = path.join(checkout.root, "empty");
    fs.mkdirSync(bin);
    fs.symlinkSync(process.execPath, path.join(bin, "node"));
    const before = checkout.env.PATH;
    checkout.env.PATH = bin;
    const { status, stderr } = await checkout.launch("up", "local");
    checkout.env.PATH = before;
    assert.equal(status, 1);
    assert.match(stderr, /^(pulumi|bash) cannot be started: /m);
    assert.doesNotMatch(stderr, /\n {4}at /);
  });
});
