/** The twin's Services: which source address the pod behind one sees, and which nodes answer on a NodePort. */
import assert from "node:assert/strict";
import { planOf } from "../../support/problems";
import { TwinUnderTest } from "../../support/twin";

/** Answers every connection with the address from which it came. */
const SERVER = `import socketserver
class Handler(socketserver.BaseRequestHandler):
  def handle(self):
    self.request.sendall(self.client_address[0].encode())
class Server(socketserver.ThreadingTCPServer):
  allow_reuse_address = True
Server(("", 8080), Handler).serve_forever()`;

describe("a Service of the twin", function () {
  this.timeout(60_000);
  const twin = new TwinUnderTest("namespaces");
  after(() => twin.stop());

  // The endpoint is w1-1. Between the subnets packets take the tunnel, where a node has its tunnel device's address.
  const plan = planOf({
    fabric: "aws",
    encapsulation: "VXLANCrossSubnet",
    topology: [
      { name: "a", cidr: "10.0.3.0/24", nodes: ["cp1", "w1"] },
      { name: "b", cidr: "10.0.4.0/24", nodes: ["w2"] },
    ],
  });

  /** Kubernetes documentation, "Using Source IP", and "Service", on the external and internal traffic policy. */
  const EXPECTED: [from: string, address: string, port: number, seen: string, why: string][] = [
    ["cp1-1", "10.96.0.11", 80, "172.16.0.1", "a pod's source stays for a ClusterIP"],
    ["w2-1", "10.96.0.11", 80, "172.16.0.129", "also through the tunnel"],
    ["cp1", "10.96.0.11", 80, "10.0.3.10", "a node reaches a ClusterIP with its own address"],
    ["w2", "10.96.0.11", 80, "172.16.0.128", "or with its tunnel device's"],
    ["w2", "10.0.3.10", 30000, "10.0.3.10", "Cluster: the pod sees the node that was asked"],
    ["cp1", "10.0.4.10", 30000, "172.16.0.128", "through the tunnel its tunnel device's"],
    ["w2", "10.0.3.11", 31000, "10.0.4.10", "Local: the pod sees the client"],
    ["w2", "10.0.3.10", 31000, "none", "Local: a node without an endpoint does not answer"],
    ["cp1-1", "10.0.3.10", 31000, "172.16.0.1", "the policy is for traffic from outside the node only"],
  ];

  it("shows its pod the source address that Kubernetes documents, and answers on the nodes that it documents", async () => {
    await twin.bring(plan);
    const asks = EXPECTED.map(
      ([from, address, port]) =>
        `ip netns exec ${from} timeout 3 bash -c 'cat < /dev/tcp/${address}/${port}' 2> /dev/null || echo -n none; echo`,
    );
    const said = await twin.run(
      [
        `cat > /run/server.py <<'PYTHON'\n${SERVER}\nPYTHON`,
        "ip netns exec w1-1 python3 /run/server.py & server=$!",
        "for i in {1..100}; do [[ ! $(ip netns exec w1-1 ss -Hltn 'sport = 8080') ]] || break; sleep 0.1; done",
        ...asks,
        "kill $server",
      ].join("\n"),
    );
    const seen = said.trim().split("\n");
    assert.deepEqual(
      EXPECTED.map(([from, address, port, , why], i) => `${from} > ${address}:${port}: ${seen[i]} (${why})`),
      EXPECTED.map(([from, address, port, want, why]) => `${from} > ${address}:${port}: ${want} (${why})`),
    );
  });
});
