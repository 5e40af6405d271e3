/**
 * A cluster on existing machines, with the real engine, a real kubeadm and real Calico: brought up, enlarged, switched,
 * reduced, destroyed. One cluster for all of it, because each takes more than a minute to build.
 */
import assert from "node:assert/strict";
import * as fs from "node:fs";
import { testCalico } from "../support/calico-tests";
import { needsContainers, SPEC, W3 } from "../support/containers";
import { HostsLab } from "../support/hosts";
import { type Run, touched } from "../support/lab";
import { disagreements, failingPaths, hasGuest, pods, startGuest, startPods } from "../support/pods";
import { seenDuring } from "../support/processes";

const NODES = ["cp1", "w1", "w2"];

describe("a cluster on existing machines", function () {
  this.timeout(600_000);
  let lab: HostsLab;

  const up = (names: readonly string[]): Promise<Run> => {
    lab.on(names);
    return lab.up();
  };

  before(async function () {
    needsContainers(this);
    this.timeout(3_600_000); // Kubernetes and Calico may have to be built
    // kube-proxy's other mode: labs in node containers have the usual one.
    const usual = { proxyMode: "nftables" };
    lab = await HostsLab.create("hosts", { nodes: [...SPEC.nodes, W3], routes: [] }, usual);
  });
  after(() => lab?.end());

  // Mocha runs a suite's own tests before the suites in it. These run in the order in which they stand here.
  describe("that is new", () => {
    let first: Run;
    let seen: Set<string>;
    let secrets: string[];

    before(async () => {
      const work = up(NODES).then((run) => {
        first = run;
      });
      seen = await seenDuring(work);
      await lab.readKubeconfig();
      await lab.ready(...NODES);
      secrets = await secretsOf(lab);
    });

    it("comes up with every machine as a node, with the plan's version and address", async () => {
      const { items } = JSON.parse(await lab.kubectl(["get", "nodes", "-o", "json"])) as {
        items: {
          metadata: { name: string };
          status: { nodeInfo: { kubeletVersion: string }; addresses: { type: string; address: string }[] };
        }[];
      };
      const minor = lab.plan.versions.kubernetes.split(".").slice(0, 2).join(".");
      for (const { name, address } of lab.plan.nodes) {
        const node = items.find(({ metadata }) => metadata.name === name);
        assert.ok(node, name);
        assert.ok(node.status.nodeInfo.kubeletVersion.startsWith(`v${minor}.`));
        assert.equal(node.status.addresses.find(({ type }) => type === "InternalIP")?.address, address);
      }
    });

    it("has no bootstrap tokens except those for the joins, which last at most 15 minutes", async () => {
      const { items } = JSON.parse(
        await lab.kubectl([
          ...["get", "secrets", "-n", "kube-system", "-o", "json"],
          "--field-selector=type=bootstrap.kubernetes.io/token",
        ]),
      ) as { items: { metadata: { creationTimestamp: string }; data: { expiration?: string } }[] };
      assert.ok(items.length <= NODES.length - 1);
      for (const { metadata, data } of items) {
        const end = Date.parse(Buffer.from(data.expiration ?? "", "base64").toString());
        const lifetime = end - Date.parse(metadata.creationTimestamp);
        assert.ok(lifetime > 0 && lifetime <= 15 * 60_000 + 1000, `${lifetime} ms`);
      }
    });

    it("shows no secret in the engine's output, in its state, in a list of processes or on a node's disk", async () => {
      assert.ok(secrets.length >= 4, "two tokens, the login key, the administrator's key");
      const shown = await lab.stackCommand("output");
      assert.match(shown, /kubeconfig +\[secret\]/);
      const state = fs.readFileSync(lab.checkpoint, "utf8");
      assert.ok(
        [...seen].some((line) => line.includes("kubeadm join")),
        "the joins were watched",
      );
      for (const [where, text] of Object.entries({
        output: first.output,
        outputs: shown,
        state,
        processes: [...seen].join("\n"),
      }))
        for (const secret of secrets) assert.ok(!text.includes(secret), where);
      const folders = "/etc /run /tmp /root /var/log /var/tmp /var/lib/encaplab /var/lib/kubelet";
      // The administrator's key belongs on the control plane. What was sent there must not be on its disk.
      const sent = secrets.slice(0, -1);
      for (const name of NODES) {
        const patterns = `/dev/shm/patterns-${name}`;
        const search = `cat >${patterns}; grep -rlsF --devices=skip -f ${patterns} ${folders}; journalctl -q --no-pager | grep -cF -f ${patterns}; rm ${patterns}`;
        assert.equal(lab.machines.told(name, search, sent.join("\n")), "0", name);
      }
    });

    it("has pods that reach each other, as the verdict predicts", async () => {
      await startPods(lab);
      assert.deepEqual(failingPaths(lab.plan), []);
      assert.deepEqual(await disagreements(lab), []);
    });

    it("has its Services in kube-proxy's nftables, and none in iptables", () => lab.assertNftables(NODES));

    it("changes nothing in a second up", async () => {
      const run = await up(NODES);
      assert.deepEqual(touched(run), []);
      assert.deepEqual(Object.keys(run.changes), ["same"]);
    });

    it("adds a node without restarting the other nodes' pods", async () => {
      const before = await pods(lab);
      const run = await up([...NODES, "w3"]);
      assert.deepEqual(
        Object.values(run.ops).filter((op) => /replace|delete/.test(op)),
        [],
      );
      await lab.ready(...NODES, "w3");
      const after = await pods(lab);
      assert.equal(after.length, 2 * 4);
      for (const pod of before)
        assert.deepEqual(
          after.find(({ name }) => name === pod.name),
          pod,
        );
      assert.deepEqual(await disagreements(lab), []);
    });
  });

  describe("with Calico on four nodes in two subnets", () => testCalico([...NODES, "w3"], () => lab));

  describe("that is changed", () => {
    it("removes a node: drains it, deletes it from the cluster and resets its machine", async () => {
      await startGuest(lab, "w3");
      const run = await up(NODES);
      assert.match(run.output, /draining w3/);
      await lab.ready(...NODES);
      assert.equal(await hasGuest(lab), false);
      assert.deepEqual(lab.changes("w3"), {});
      assert.deepEqual(touched(await up(NODES)), []);
    });

    it("leaves the machines unchanged after a destroy", async () => {
      await lab.destroy();
      assert.deepEqual(lab.changes(...NODES, "w3"), {});
    });
  });
});

/** The secrets: the tokens, the login's private key, and last the administrator's key. */
async function secretsOf(lab: HostsLab): Promise<string[]> {
  const { resources } = JSON.parse(await lab.stackCommand("export", "--show-secrets")).deployment;
  const { plaintext } = resources.find(({ urn }: { urn: string }) => urn.endsWith("::bootstrap-tokens"))
    .outputs.tokens;
  const tokens = Object.values(JSON.parse(plaintext) as Record<string, string>);
  const key = fs.readFileSync(lab.machines.key, "utf8").split("\n")[3] ?? "";
  const admin = /client-key-data: (\S+)/.exec(await lab.secretOutput("kubeconfig"))?.[1] ?? "";
  // Only the part of each token after the dot: the part before it is the token's name, and not secret.
  return [...tokens.map((token) => token.split(".")[1] ?? ""), key, admin.slice(100, 160)];
}
