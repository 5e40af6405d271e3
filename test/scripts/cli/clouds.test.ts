// Commands on a lab in a cloud, with a stand-in for `pulumi` and an imitation of OpenStack.
import assert from "node:assert/strict";
import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { parseConfig } from "../../../components/config";
import { planLab } from "../../../components/plan";
import { DYNAMIC_TYPE, STACK_TYPE } from "../../../components/remote/types";
import { pluginsFor, pluginsOf, requirePlugins } from "../../../scripts/cli/plugins";
import { CliCheckout } from "../../support/cli-checkout";
import { EMPTY_PROJECT, FakeOpenStack, type Replies } from "../../support/openstack-api";

const LAB = "0123456789ab";
const PORT = "openstack:networking/port:Port";
const port = (id: string, lab: string) => ({
  id,
  name: `os-w${id.slice(1)}`,
  tags: ["project=encaplab", "stack=os", `lab=${lab}`],
});

describe("a lab on a cloud", function () {
  this.timeout(60_000);
  let checkout: CliCheckout;
  let fake: FakeOpenStack | undefined;
  beforeEach(() => {
    checkout = new CliCheckout().withStandIn();
    checkout.write("stacks/Pulumi.os.yaml", "config:\n  encaplab:cloud: openstack\n");
  });
  afterEach(async () => {
    checkout.remove();
    await fake?.stop();
    fake = undefined;
  });

  async function start(replies: Replies): Promise<FakeOpenStack> {
    const started = await FakeOpenStack.start({ ...EMPTY_PROJECT, ...replies });
    fake = started;
    Object.assign(checkout.env, {
      OS_AUTH_URL: `${started.url}/identity/v3`,
      OS_USERNAME: "ada",
      OS_PASSWORD: "secret",
      OS_PROJECT_NAME: "lab",
      OS_REGION_NAME: "here",
    });
    return started;
  }

  /** A lab with one port, whose engine was killed while it made another one. */
  const killed = (lab: object = { lab: LAB }) =>
    checkout.deployed("os", {
      resources: [
        { type: STACK_TYPE },
        { type: "pulumi:providers:openstack", inputs: {} },
        { type: `${DYNAMIC_TYPE}Beginning`, outputs: lab },
        { type: PORT, id: "p1" },
      ],
      pending_operations: [{ type: "creating", resource: { type: PORT } }],
    });

  it("loses nothing at a down after a kill: what the state does not know is named, and deleted first", async () => {
    const { asked } = await start({
      "/network/v2.0/ports": { ports: [port("p1", LAB), port("p2", LAB)] },
      "/network/v2.0/ports/p2": 204,
    });
    killed();
    const { status, stderr } = await checkout.launch("down", "os", "--yes");
    assert.equal(status, 0, stderr);
    assert.match(
      stderr,
      /A killed run has left, unknown to the state: port os-w2 \(p2\)\. It is deleted first\./,
    );
    assert.deepEqual(
      asked.filter(({ method }) => method === "DELETE").map((one) => one.path),
      ["/network/v2.0/ports/p2"],
    );
    const calls = checkout.calls().map((call) => call.split(" ").slice(0, 2).join(" "));
    assert.deepEqual(calls, ["destroy --preview-only", "stack export", "stack import", "destroy --stack"]);
    const imported = fs.readFileSync(path.join(checkout.root, "imported"), "utf8");
    assert.deepEqual(JSON.parse(imported).deployment.pending_operations, []);
  });

  it("is left alone at a down if it has no id: nothing tells its things from another lab's", async () => {
    const { asked } = await start({ "/network/v2.0/ports": { ports: [port("p2", LAB)] } });
    killed({});
    assert.equal((await checkout.launch("down", "os", "--yes")).status, 0);
    assert.deepEqual(asked, []);
    assert.ok(!checkout.calls().some((call) => call.startsWith("stack import")));
  });

  it("is taken down also when the cloud cannot be asked what else there is, and says how to ask again", async () => {
    await start({ "/network/v2.0/ports": 503 });
    killed();
    const { status, stderr } = await checkout.launch("down", "os", "--yes");
    assert.equal(status, 0);
    assert.match(
      stderr,
      /cannot be asked what else it has of os \(.*status 503.*\); `.* leftovers os` asks again/,
    );
    assert.equal((await checkout.launch("leftovers", "os")).status, 1, "the lab's id is kept");
  });

  it("has leftovers of its own, also after its down, and another lab's of the same name are listed apart", async () => {
    await start({
      "/network/v2.0/ports": { ports: [port("p1", LAB), port("p3", "ffffffffffff")] },
      "/network/v2.0/ports/p1": 204,
    });
    killed();
    await checkout.launch("down", "os", "--yes");
    const { status, stdout } = await checkout.launch("leftovers", "os");
    assert.equal(status, 1);
    const [own = "", others = ""] = stdout.split("Another lab has");
    assert.match(own, /port +p1 .*\n.*in this order:\n {2}openstack port delete p1\n/);
    assert.doesNotMatch(own, /p3/);
    assert.match(others, /not to be deleted:\n {2}port +p3/);
    assert.doesNotMatch(others, /openstack port delete/);
  });

  it("with leftovers of another lab alone has none", async () => {
    await start({ "/network/v2.0/ports": { ports: [port("p3", "ffffffffffff")] } });
    const { status, stdout } = await checkout.launch("leftovers", "os");
    assert.equal(status, 0);
    assert.match(stdout, /^Nothing of your labs of os is left on openstack\.\nAnother lab has/);
  });

  it("past its ttl is found by leftovers --expired, of every owner", async () => {
    const expired = { ...port("p3", "ffffffffffff"), id: "r" };
    const tags = [...expired.tags, "owner=grace", "expiry=2020-01-01T00:00:00Z"];
    await start({ "/network/v2.0/routers": { routers: [{ ...expired, tags }] } });
    const { status, stdout } = await checkout.launch("leftovers", "os", "--expired");
    assert.equal(status, 1);
    assert.match(
      stdout,
      /^Past their ttl .*:\n {2}ffffffffffff +os +grace +2020-01-01T00:00:00Z +1 resources/,
    );
  });

  describe("with machines in it", () => {
    const machine = (name: string, outputs: object) => ({
      type: "aws:ec2/instance:Instance",
      urn: `urn:pulumi:real::encaplab::x$aws:ec2/instance:Instance::${name}`,
      id: `i-${name}`,
      outputs,
    });
    const running = (publicIp: string) => ({ publicIp, instanceState: "running" });
    const [control, worker] = [
      machine("cp1", running("198.51.100.1")),
      machine("w1", running("198.51.100.2")),
    ];
    const nodes = [{ name: "cp1", role: "control-plane", subnet: "a", address: "10.0.3.10" }];
    const state = (...machines: object[]) => ({
      resources: [{ type: STACK_TYPE, outputs: { encapsulation: "IPIP", faults: [], nodes } }, ...machines],
    });
    beforeEach(() => {
      checkout.write("stacks/Pulumi.real.yaml", "config:\n  encaplab:cloud: aws\n");
      checkout.deployed("real", state(control, worker));
    });

    it("is looked at before an up: a machine that is gone and an address that has changed are named, and built again", async () => {
      const after = state(machine("cp1", running("203.0.113.9")));
      checkout.tell("refreshed", JSON.stringify({ checkpoint: { latest: after } }));
      const { status, stderr } = await checkout.launch("up", "real", "--yes");
      assert.equal(status, 0, stderr);
      assert.match(
        stderr,
        /The public address of the machine of cp1 \(i-cp1\) is now 203\.0\.113\.9, and was 198\.51\.100\.1\./,
      );
      assert.match(stderr, /The machine of w1 \(i-w1\) is gone: it is built again\./);
      const [look = "", ...rest] = checkout.calls();
      assert.equal(look.match(/--target urn:\S+/g)?.length, 2, look);
      assert.deepEqual(
        rest.map((call) => call.split(" ")[0]),
        ["preview", "up"],
      );
    });

    /** What the engine prints when it has read the machines. */
    const readAs = (...pairs: [ReturnType<typeof machine>, object | null][]) =>
      pairs
        .map(([old, now]) => ({ op: "refresh", urn: old.urn, type: old.type, old, new: now }))
        .map((metadata) => JSON.stringify({ resOutputsEvent: { metadata } }))
        .join("\n");

    it("is looked at by status, which changes nothing, and shows what is not as recorded", async () => {
      checkout.tell("looked", readAs([control, machine("cp1", running("203.0.113.9"))], [worker, null]));
      const { status, stdout } = await checkout.launch("status", "real");
      assert.equal(status, 0);
      const text = stdout.replace(/\s+/g, " ");
      assert.match(
        text,
        /in the cloud The public address of the machine of cp1 \(i-cp1\) is now 203\.0\.113\.9, and was 198\.51\.100\.1\. The machine of w1 \(i-w1\) is gone: an up builds it again\./,
      );
      assert.match(text, /next: scripts\/lab up · /);
      const [look = "", ...rest] = checkout.calls();
      assert.match(look, /^refresh --stack real .*--preview-only/);
      assert.equal(look.match(/--target urn:\S+/g)?.length, 2, look);
      assert.deepEqual(rest, []);
    });

    it("is said by status to be as recorded, where it is", async () => {
      checkout.tell("looked", readAs([control, control], [worker, worker]));
      const { stdout } = await checkout.launch("status", "real");
      assert.match(stdout, /in the cloud +every machine and address as the last run recorded it\n/);
      assert.deepEqual(JSON.parse((await checkout.launch("status", "real", "--json")).stdout).cloud, {
        changes: [],
      });
    });

    it("is said by status not to have been looked at, and why, where the engine fails", async () => {
      const error = {
        message: "error: no valid credential sources for AWS Provider found\n",
        severity: "error",
      };
      checkout.tell("looked", JSON.stringify({ diagnosticEvent: error }));
      checkout.tell("look-status", "255");
      const { status, stdout } = await checkout.launch("status", "real");
      assert.equal(status, 0);
      assert.match(
        stdout.replace(/\s+/g, " "),
        /in the cloud not looked at: no valid credential sources for AWS Provider found/,
      );
    });

    it("is said by status not to have been looked at where a run is changing it", async () => {
      checkout.lock("real", {
        pid: 1,
        hostname: "elsewhere",
        username: "ann",
        timestamp: "2026-01-02T03:04:05Z",
      });
      const { stdout } = await checkout.launch("status", "real");
      assert.match(stdout, /in the cloud +not looked at: a run is changing it right now\n/);
      assert.deepEqual(checkout.calls(), []);
    });
  });
});

describe("the plug-ins of a run", () => {
  const plan = (raw: object) => planLab(parseConfig(raw as Record<string, unknown>));
  const nowhere = { HOME: "/nonexistent", PATH: "" };
  const never = async () => false;

  it("are those of the cloud and of a cluster, and none for a twin", () => {
    assert.deepEqual(pluginsFor(plan({ cloud: "aws" }), {}), ["aws", "command", "kubernetes"]);
    assert.deepEqual(pluginsFor(plan({ cloud: "openstack" }), { "encaplab:cluster": "none" }), ["openstack"]);
    assert.deepEqual(pluginsFor(plan({ cloud: "aws", rehearse: true }), {}), []);
    assert.deepEqual(pluginsOf({ resources: [{ type: "pulumi:providers:aws" }, { type: "a:b:C" }] }), [
      "aws",
    ]);
  });

  it("are missed in one sentence where they can neither be found nor downloaded", async () => {
    await assert.rejects(requirePlugins(["aws", "command"], never, nowhere), ({ message }: Error) => {
      assert.match(
        message,
        /^The engine needs the plug-ins aws 7\.\S+, command 1\.2\.1, which are not installed, and get\.pulumi\.com cannot be reached/,
      );
      assert.equal(message.split("\n").length, 1);
      return true;
    });
  });

  it("are left to the engine where a server answers, a proxy is set, or nothing is missing", async () => {
    await requirePlugins(["aws"], async (url) => /github/.test(url), nowhere);
    await requirePlugins(["aws"], never, { ...nowhere, HTTPS_PROXY: "http://proxy" });
    const asked = async () => assert.fail("no server must be asked");
    await requirePlugins([], asked, nowhere);
    const folder = fs.mkdtempSync(path.join(os.tmpdir(), "encaplab-plugins-"));
    try {
      fs.writeFileSync(path.join(folder, "pulumi-resource-aws"), "");
      await requirePlugins(["aws"], asked, { ...nowhere, PATH: folder });
    } finally {
      fs.rmSync(folder, { recursive: true });
    }
  });
});
