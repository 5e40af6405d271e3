// `lab diagnose` without pods, against a stand-in of a cluster's API: what it says, and its three exit codes.
import assert from "node:assert/strict";
import * as fs from "node:fs";
import * as path from "node:path";
import { CliCheckout } from "../../support/cli-checkout";
import { answersWith, apiNode, ObjectsApi } from "../../support/objects-api";

describe("lab diagnose", function () {
  this.timeout(60_000);
  const api = new ObjectsApi();
  let checkout: CliCheckout;
  let file = "";
  before(async () => {
    await api.start();
    checkout = new CliCheckout().withStandIn();
    file = path.join(checkout.root, "kubeconfig");
    fs.writeFileSync(file, api.kubeconfig);
  });
  after(() => {
    api.stop();
    checkout.remove();
  });

  const VXLAN = { cidr: "10.50.0.0/16", vxlanMode: "Always", natOutgoing: true };
  const look = (...argv: string[]) => checkout.launch("diagnose", "--kubeconfig", file, "--no-pods", ...argv);

  it("ends with 0 where nothing is wrong, and only reads", async () => {
    api.answers = answersWith([apiNode("a.example", "10.9.0.4"), apiNode("b.example", "10.9.0.5")], VXLAN);
    const { status, stdout, stderr } = await look();
    assert.equal(status, 0, stderr);
    assert.match(stdout, /Nothing is wrong: no fault was found\.\n$/);
    assert.match(stderr, /Not read: BGPPeer .*: the user has no right to read it/);
    assert.deepEqual([...new Set(api.asked.map(({ method }) => method))], ["GET"]);
  });

  it("ends with 1 where something is: the cause, its evidence, the fix and the reference, by the node's own name", async () => {
    api.answers = answersWith(
      [
        apiNode("a.example", "10.9.0.4"),
        apiNode("b.example", "10.9.0.5", "172.17.0.1/16"),
        apiNode("c.example", "10.9.0.6"),
      ],
      { cidr: "10.50.0.0/16", ipipMode: "Always", natOutgoing: true },
    );
    const { status, stdout } = await look();
    assert.equal(status, 1);
    assert.match(
      stdout,
      /^cause: node-ip-wrong-interface on b\.example \(by what was read; nothing was measured\)$/m,
    );
    assert.match(stdout, /evidence: Calico has recorded 172\.17\.0\.1\/16 for b,/);
    assert.match(stdout, /fix: let Calico choose by IP_AUTODETECTION_METHOD/);
    assert.match(stdout, /see: https:\/\//);
  });

  it("ends with 1 where the encapsulation does not fit the network", async () => {
    api.answers = answersWith([apiNode("a", "10.9.0.4"), apiNode("b", "10.9.0.5")], {
      cidr: "10.50.0.0/16",
      vxlanMode: "CrossSubnet",
    });
    const { status, stdout } = await look("--fabric", "azure");
    assert.equal(status, 1);
    assert.match(stdout, /fails without any fault: the encapsulation does not fit this network/);
  });

  it("ends with 2 where it could not look", async () => {
    for (const argv of [[], ["--kubeconfig", "/nonexistent"]]) {
      api.refuse = 500;
      const { status, stderr } = await look(...argv);
      assert.equal(status, 2);
      assert.match(stderr, /Nothing of the cluster can be read|\/nonexistent cannot be read/);
    }
    assert.equal((await checkout.launch("diagnose")).status, 2);
  });
});
