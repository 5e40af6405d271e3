/** A stand-in of a cluster's API that answers questions about a few objects, and refuses or does not know the rest. */
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { stringify } from "yaml";

/** A node as the API returns it. */
export const apiNode = (name: string, address: string, recorded = `${address}/24`) => ({
  metadata: { name, annotations: { "projectcalico.org/IPv4Address": recorded } },
  spec: {},
  status: { addresses: [{ type: "InternalIP", address }] },
});

const resources = (groupVersion: string, kinds: Record<string, string>) => ({
  kind: "APIResourceList",
  groupVersion,
  resources: Object.entries(kinds).map(([name, kind]) => ({ name, kind, namespaced: kind === "ConfigMap" })),
});

/** Answers by path: two kinds of Kubernetes', two of Calico's, of which one may not be read. */
export const answersWith = (nodes: readonly object[], pool: object): Record<string, object> => ({
  "/api/v1": resources("v1", { nodes: "Node", configmaps: "ConfigMap" }),
  "/apis/crd.projectcalico.org/v1": resources("crd.projectcalico.org/v1", {
    ippools: "IPPool",
    bgppeers: "BGPPeer",
  }),
  "/api/v1/nodes": { kind: "NodeList", apiVersion: "v1", items: nodes },
  "/apis/crd.projectcalico.org/v1/ippools": {
    kind: "IPPoolList",
    apiVersion: "crd.projectcalico.org/v1",
    items: [{ metadata: { name: "p" }, spec: pool }],
  },
  "/api/v1/namespaces/kube-system/configmaps/kube-proxy": {
    kind: "ConfigMap",
    apiVersion: "v1",
    metadata: { name: "kube-proxy", namespace: "kube-system" },
    data: { "config.conf": "mode: nftables\n" },
  },
});

/** The stand-in. */
export class ObjectsApi {
  readonly asked: { method: string; path: string }[] = [];
  /** Answers everything with this status. */
  refuse: number | undefined;
  answers: Record<string, object> = {};

  private readonly server: Server = createServer(({ method = "", url = "" }, response) => {
    const path = url.replace(/\?.*/, "");
    this.asked.push({ method, path });
    const answer = this.answers[path];
    const status = this.refuse ?? (path.endsWith("/bgppeers") ? 403 : answer ? 200 : 404);
    response.writeHead(status, { "content-type": "application/json" });
    response.end(JSON.stringify(status === 200 ? answer : { kind: "Status", code: status, message: "no" }));
  });

  start = (): Promise<void> =>
    new Promise((resolve) => {
      this.server.listen(0, "127.0.0.1", resolve);
    });

  stop(): void {
    this.server.closeAllConnections();
    this.server.close();
  }

  get kubeconfig(): string {
    const { port } = this.server.address() as AddressInfo;
    return stringify({
      apiVersion: "v1",
      kind: "Config",
      "current-context": "c",
      clusters: [
        // The client speaks HTTP only if certificates are not looked at.
        { name: "c", cluster: { "insecure-skip-tls-verify": true, server: `http://127.0.0.1:${port}` } },
      ],
      users: [{ name: "u", user: { token: "t" } }],
      contexts: [{ name: "c", context: { cluster: "c", user: "u" } }],
    });
  }
}
