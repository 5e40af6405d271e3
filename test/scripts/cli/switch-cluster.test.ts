// `switch` on a cluster: what it says about pods that keep their MTU, and how it restarts the study's pods.
import assert from "node:assert/strict";
import * as fs from "node:fs";
import type { AddressInfo } from "node:net";
import * as path from "node:path";
import { Server } from "ssh2";
import { newKeyPair } from "../../../components/remote/key-pair";
import { DYNAMIC_TYPE, STACK_TYPE } from "../../../components/remote/types";
import { howToRestart, podsOfOthers } from "../../../scripts/cli/living-pods";
import { describeRestarted, readRestarted } from "../../../scripts/cli/restart-pods";
import { CliCheckout, onLab, UNASKED } from "../../support/cli-checkout";

const pods = (count: number) => Array.from({ length: count }, (_, i) => `default/web-${i + 1} on w1`);

describe("the message about pods that keep their MTU", () => {
  it("names up to ten pods, and says how many more there are", () => {
    const ten = howToRestart(pods(10), "npm run lab -- switch VXLAN --restart-pods");
    assert.equal(ten.length, 12);
    assert.equal(ten[10], "  default/web-10 on w1");
    const thirteen = howToRestart(pods(13), "npm run lab -- switch VXLAN --restart-pods");
    assert.deepEqual(thirteen.slice(10, 12), ["  default/web-10 on w1", "  … and 3 more"]);
    assert.match(
      thirteen.at(-1) ?? "",
      /^`npm run lab -- switch VXLAN --restart-pods` restarts those of the study;/,
    );
  });

  it("is empty where there are no such pods", () => {
    assert.deepEqual(howToRestart([], "npm run lab -- switch VXLAN --restart-pods"), []);
  });

  it("distinguishes the study's pods from the user's by the workload in their names", () => {
    const all = ["study/prober-x1 on w1", "study/prober2 on w1", "default/prober-x1 on w2"];
    assert.deepEqual(podsOfOthers(all, ["daemonset study/prober"]), all.slice(1));
    assert.deepEqual(podsOfOthers(all, []), all);
  });

  it("says what was restarted, what cannot be restarted, or that nothing was", () => {
    const done = readRestarted(
      "restarted daemonset study/prober\nrestarted deployment study/web\nbare pod study/one\n",
    );
    assert.deepEqual(done, {
      workloads: ["daemonset study/prober", "deployment study/web"],
      bare: ["study/one"],
    });
    assert.deepEqual(describeRestarted(done), [
      "Restarted: daemonset study/prober, deployment study/web.",
      "Left alone, because nothing would create them again: study/one. Delete and create them yourself.",
    ]);
    assert.match(
      describeRestarted(readRestarted("")).join("\n"),
      /^Nothing was restarted: no DaemonSet.*encaplab-study\.$/,
    );
  });
});

describe("switch on a cluster", function () {
  this.timeout(60_000);
  let checkout: CliCheckout;
  const servers: Server[] = [];
  beforeEach(() => {
    checkout = new CliCheckout().withStandIn();
    checkout.write(
      "stacks/Pulumi.c.yaml",
      "config:\n  encaplab:cloud: hosts\n  encaplab:hosts:\n    machines: containers\n  encaplab:encapsulation: None\n",
    );
  });
  afterEach(() => {
    for (const server of servers.splice(0)) server.close();
    checkout.remove();
  });

  const outputs = {
    encapsulation: "None",
    faults: [],
    nodes: [
      { name: "w1", role: "worker" },
      { name: "cp1", role: "control-plane" },
    ],
    kubeconfig: { secret: true },
  };
  const deployed = (more: object = {}, resources: object[] = []) =>
    checkout.deployed("c", {
      resources: [
        { type: STACK_TYPE, outputs: { ...outputs, ...more } },
        { type: "encaplab:hosts:ContainerHosts" },
        ...resources,
      ],
    });
  const switchTo = (encapsulation: string, ...more: string[]) =>
    checkout.launch("switch", encapsulation, "--stack", "c", ...more);

  it("says before the engine starts which paths will fail for running pods", async () => {
    deployed();
    for (const file of ["waits", "done"]) fs.writeFileSync(path.join(checkout.root, file), "");
    const line = "node scripts/lab.cjs switch VXLAN --stack c 2>&1";
    const { stdout } = await checkout.start("bash", ["-c", line]);
    const sentence =
      "Pods that were there before the switch keep their MTU of 1500 bytes until they are restarted (new ones get 1450): full-MTU fails on same-subnet, cross-subnet, pod-to-service (same-subnet), pod-to-service (cross-subnet).\n";
    assert.ok(stdout.startsWith(`${sentence}ready\n`), stdout);
    assert.deepEqual(checkout.calls(), [`up ${onLab("c")} ${UNASKED}`]);
  });

  it("compares with what is deployed, not with what the file says by now", async () => {
    deployed({ encapsulation: "VXLAN" });
    assert.match((await switchTo("None")).stderr, /^Pods .* MTU of 1450 bytes .*\(new ones get 1500\)/);
    deployed({ encapsulation: "VXLAN" });
    assert.doesNotMatch((await switchTo("VXLANCrossSubnet")).stderr, /MTU/);
    // With a fault that the file's fabric cannot have, it says nothing. Whether the switch works is up to the engine.
    deployed({ faults: ["source-dest-check"] });
    const { status, stderr } = await switchTo("VXLAN");
    assert.equal(status, 0);
    assert.doesNotMatch(stderr, /MTU/);
  });

  it("says afterwards which pods keep their MTU, as the program measured it, and how to restart them", async () => {
    deployed({ podsToRestart: pods(12) });
    const { status, stdout, stderr } = await switchTo("VXLAN");
    assert.equal(status, 0);
    assert.match(stdout, /^c runs VXLAN \(\d+\.\d s\)\.$/m);
    assert.match(
      stderr,
      /^These pods keep their old MTU until they are restarted:\n {2}default\/web-1 on w1\n/m,
    );
    assert.match(
      stderr,
      /^ {2}default\/web-10 on w1\n {2}… and 2 more\n`scripts\/lab switch VXLAN --stack c --restart-pods` restarts/m,
    );
  });

  it("says nothing about pods when the switch failed, nor on machines without a cluster", async () => {
    deployed({ podsToRestart: pods(1) });
    fs.writeFileSync(path.join(checkout.root, "status"), "255");
    const failed = await switchTo("VXLAN");
    assert.equal(failed.status, 255);
    assert.doesNotMatch(failed.stdout + failed.stderr, /These pods|runs VXLAN/);
    fs.rmSync(path.join(checkout.root, "status"));
    deployed({ podsToRestart: { "4dabf18193072939515e22adb298388d": "1b47", ciphertext: "v1:x" } });
    assert.doesNotMatch(
      (await switchTo("VXLAN")).stderr,
      /These pods/,
      "a list that is secret cannot be read",
    );
    deployed({ kubeconfig: undefined });
    const { stderr } = await switchTo("VXLAN", "--restart-pods");
    assert.doesNotMatch(stderr, /MTU/);
    assert.match(stderr, /^Nothing to restart: there is no cluster on these machines\.$/m);
  });

  it("says nothing about running pods on the twin, and that there is nothing to restart", async () => {
    checkout.deployed("local", { resources: checkout.livingTwin() });
    const { status, stderr } = await checkout.launch("switch", "None", "--restart-pods", "--yes");
    assert.equal(status, 0);
    assert.doesNotMatch(stderr, /Pods that were there|These pods/);
    assert.match(stderr, /^Nothing to restart: on the twin, pods already have the new MTU\.$/m);
  });

  describe("with --restart-pods", () => {
    /** A control plane that gives this answer to the step and keeps what it was sent. */
    const controlPlane = async (answer: { stdout: string; stderr?: string; code?: number }) => {
      const sent: { command: string; script: string }[] = [];
      const [host, login] = [newKeyPair("host"), newKeyPair("login")];
      const server = new Server({ hostKeys: [host.privateKey] }, (client) => {
        client.on("authentication", (context) => context.accept());
        client.on("error", () => {}); // it hangs up when it has its answer
        client.on("session", (accept) => {
          accept().on("exec", (acceptExec, _reject, { command }) => {
            const channel = acceptExec();
            let script = "";
            channel.on("data", (part: Buffer) => {
              script += part.toString();
            });
            channel.on("end", () => {
              sent.push({ command, script });
              channel.stderr.write(answer.stderr ?? "");
              channel.write(answer.stdout);
              channel.exit(answer.code ?? 0);
              channel.end();
            });
          });
        });
      });
      servers.push(server);
      await new Promise<void>((done) => void server.listen(0, "127.0.0.1", done));
      const { port } = server.address() as AddressInfo;
      const target = {
        host: "127.0.0.1",
        port,
        user: "ubuntu",
        privateKey: login.privateKey,
        hostKey: host.publicKey.split(" ").slice(0, 2).join(" "),
      };
      const type = `${DYNAMIC_TYPE}Reachable`;
      // The worker must not be asked: it has no API server.
      const reachable = [
        { type, inputs: { name: "w1", target: { plaintext: '{"host":"192.0.2.1","port":1,"user":"x"}' } } },
        { type, inputs: { name: "cp1", target: { plaintext: JSON.stringify(target) } } },
      ];
      return { sent, reachable };
    };

    it("runs the step on the control plane, says what it restarted, and leaves the user's pods to the user", async () => {
      const { sent, reachable } = await controlPlane({
        stdout: "restarted daemonset study/prober\nbare pod study/one\n",
      });
      deployed({ podsToRestart: ["study/prober-x1 on w1", "default/web-1 on w1"] }, reachable);
      const { status, stderr } = await switchTo("VXLAN", "--restart-pods");
      assert.equal(status, 0, stderr);
      assert.equal(sent.length, 1);
      assert.equal(sent[0]?.command, "sudo -n bash -s -- create");
      assert.match(sent[0]?.script ?? "", /^LABEL='app\.kubernetes\.io\/part-of=encaplab-study'$/m);
      assert.match(sent[0]?.script ?? "", /^# Step `restart-pods`, on the control plane/m);
      assert.match(stderr, /^Restarted: daemonset study\/prober\.\nLeft alone, .*: study\/one\./m);
      assert.match(
        stderr,
        /^These pods keep .*:\n {2}default\/web-1 on w1\nThey are your own: `kubectl -n .* rollout restart/m,
      );
      assert.doesNotMatch(stderr, /prober-x1/);
    });

    it("fails with the control plane's own message when the pods do not come up", async () => {
      const { reachable } = await controlPlane({
        stdout: "",
        stderr: "failed (exit 1): waiting for the pods",
        code: 1,
      });
      deployed({}, reachable);
      const { status, stderr } = await switchTo("VXLAN", "--restart-pods");
      assert.equal(status, 1);
      assert.match(
        stderr,
        /^The study's pods were not restarted\. cp1 says:\nfailed \(exit 1\): waiting for the pods$/m,
      );
      assert.doesNotMatch(stderr, /\n {4}at /);
    });

    it("says that the login failed, and why", async () => {
      const { reachable } = await controlPlane({ stdout: "" });
      for (const server of servers.splice(0)) server.close();
      deployed({}, reachable);
      const { status, stderr } = await switchTo("VXLAN", "--restart-pods");
      assert.equal(status, 1);
      assert.match(stderr, /^The study's pods were not restarted: 127\.0\.0\.1 refuses port \d+/m);
    });

    it("says so when the state does not say how to log in to the control plane", async () => {
      deployed();
      const { status, stderr } = await switchTo("VXLAN", "--restart-pods");
      assert.equal(status, 1);
      assert.match(stderr, /^The state of the lab c does not say how to log in to cp1\.$/m);
    });
  });
});
