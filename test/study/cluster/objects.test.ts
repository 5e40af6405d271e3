/** What is read of a cluster, against a stand-in of its API: all kinds that there are, and what the user may not read is told. */
import assert from "node:assert/strict";
import { readObjects, rightsNeeded } from "../../../components/study/cluster";
import { labOf, readFacts } from "../../../components/study/import";
import { answersWith, apiNode, ObjectsApi } from "../../support/objects-api";

describe("the objects of a cluster", () => {
  const api = new ObjectsApi();
  let kubeconfig = "";

  before(async () => {
    await api.start();
    kubeconfig = api.kubeconfig;
    api.answers = answersWith([apiNode("a", "10.9.0.4"), apiNode("b", "10.9.0.5")], {
      cidr: "10.50.0.0/16",
      vxlanMode: "Always",
      natOutgoing: true,
    });
  });
  after(() => api.stop());

  it("become a lab, kinds that the cluster does not know are no trouble, and forbidden ones are told", async () => {
    api.refuse = undefined;
    const { objects, refused } = await readObjects(kubeconfig);
    assert.deepEqual(refused, ["BGPPeer (crd.projectcalico.org/v1): the user has no right to read it"]);
    const facts = readFacts([
      { file: "the cluster", text: JSON.stringify({ kind: "List", items: objects }) },
    ]);
    assert.deepEqual(facts.problems, []);
    const { plan } = labOf(facts);
    assert.deepEqual(
      [plan.encapsulation, plan.ipPool.cidr, plan.proxyMode, ...plan.nodes.map(({ address }) => address)],
      ["VXLAN", "10.50.0.0/16", "nftables", "10.9.0.4", "10.9.0.5"],
    );
  });

  it("are only read", () => {
    assert.ok(api.asked.length > 5);
    assert.deepEqual([...new Set(api.asked.map(({ method }) => method))], ["GET"]);
  });

  it("of a cluster that does not know the user are refused in one sentence", async () => {
    api.refuse = 401;
    await assert.rejects(readObjects(kubeconfig), {
      name: "ClusterError",
      message: /does not know the user of the kubeconfig/,
    });
  });

  it("that does not answer at all are one sentence, and not one for each kind", async () => {
    api.refuse = 500;
    await assert.rejects(readObjects(kubeconfig), {
      name: "ClusterError",
      message: /^Nothing of the cluster can be read: /,
    });
  });

  it("need rights that name every kind, and no other verb than get and list", () => {
    const role = rightsNeeded();
    for (const resource of [
      "nodes",
      "ippools",
      "blockaffinities",
      "installations",
      "configmaps",
      "daemonsets",
    ])
      assert.match(role, new RegExp(`resources: \\[.*\\b${resource}\\b`));
    assert.doesNotMatch(role, /create|update|patch|delete|watch|\*/);
  });
});
