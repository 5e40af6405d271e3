/** What is read of a cluster, against a stand-in of its API: all kinds that there are, and what the user may not read is told. */
import assert from "node:assert/strict";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { stringify } from "yaml";
import { readObjects, rightsNeeded } from "../../../components/study/cluster";
import { labOf, readFacts } from "../../../components/study/import";

const node = (name: string, address: string) => ({
  metadata: { name, annotations: { "projectcalico.org/IPv4Address": `${address}/24` } },
  spec: {},
  status: { addresses: [{ type: "InternalIP", address }] },
});

/** Lists and objects by path. The rest is not found, or forbidden. */
const ANSWERS: Record<string, object> = {
  "/api/v1": {
    kind: "APIResourceList",
    groupVersion: "v1",
    resources: [
      { name: "nodes", kind: "Node", namespaced: false },
      { name: "configmaps", kind: "ConfigMap", namespaced: true },
    ],
  },
  "/apis/crd.projectcalico.org/v1": {
    kind: "APIResourceList",
    groupVersion: "crd.projectcalico.org/v1",
    resources: [
      { name: "ippools", kind: "IPPool", namespaced: false },
      { name: "bgppeers", kind: "BGPPeer", namespaced: false },
    ],
  },
  "/api/v1/nodes": {
    kind: "NodeList",
    apiVersion: "v1",
    items: [node("a", "10.9.0.4"), node("b", "10.9.0.5")],
  },
  "/apis/crd.projectcalico.org/v1/ippools": {
    kind: "IPPoolList",
    apiVersion: "crd.projectcalico.org/v1",
    items: [
      { metadata: { name: "p" }, spec: { cidr: "10.50.0.0/16", vxlanMode: "Always", natOutgoing: true } },
    ],
  },
  "/api/v1/namespaces/kube-system/configmaps/kube-proxy": {
    kind: "ConfigMap",
    apiVersion: "v1",
    metadata: { name: "kube-proxy", namespace: "kube-system" },
    data: { "config.conf": "mode: nftables\n" },
  },
};

describe("the objects of a cluster", () => {
  const asked: { method?: string; path: string }[] = [];
  let server: Server;
  let refuse: number | undefined;
  let kubeconfig = "";

  before(async () => {
    server = createServer(({ method, url = "" }, response) => {
      const path = url.replace(/\?.*/, "");
      asked.push({ ...(method && { method }), path });
      const answer = ANSWERS[path];
      const status = refuse ?? (path.endsWith("/bgppeers") ? 403 : answer ? 200 : 404);
      response.writeHead(status, { "content-type": "application/json" });
      response.end(JSON.stringify(status === 200 ? answer : { kind: "Status", code: status, message: "no" }));
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    kubeconfig = stringify({
      apiVersion: "v1",
      kind: "Config",
      "current-context": "c",
      clusters: [
        {
          name: "c",
          cluster: {
            "insecure-skip-tls-verify": true,
            server: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
          },
        },
      ],
      users: [{ name: "u", user: { token: "t" } }],
      contexts: [{ name: "c", context: { cluster: "c", user: "u" } }],
    });
  });
  after(() => server.close());

  it("become a lab, kinds that the cluster does not know are no trouble, and forbidden ones are told", async () => {
    refuse = undefined;
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
    assert.ok(asked.length > 5);
    assert.deepEqual([...new Set(asked.map(({ method }) => method))], ["GET"]);
  });

  it("of a cluster that does not know the user are refused in one sentence", async () => {
    refuse = 401;
    await assert.rejects(readObjects(kubeconfig), {
      name: "ClusterError",
      message: /does not know the user of the kubeconfig/,
    });
  });

  it("that does not answer at all are one sentence, and not one for each kind", async () => {
    refuse = 500;
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
