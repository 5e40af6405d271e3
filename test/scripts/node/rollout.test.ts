// rollout.sh and blocks.sh: when the newest calico-node counts as ready on every node.
import assert from "node:assert/strict";
import { Sandbox, source } from "../../support/node-sandbox";

/** `revision ready phase` of calico-node, by node. */
type Pods = Record<string, [revision: string, ready: string, phase: string]>;

describe("blocks.sh", () => {
  let sandbox: Sandbox;
  beforeEach(() => {
    sandbox = new Sandbox();
  });
  afterEach(() => sandbox.remove());

  interface Cluster {
    ready?: string[];
    generations?: string;
    pods?: Pods;
    blocks?: string[];
    /** Lines `node kind address`. */
    tunnels?: string[];
    /** Exit code of Felix' own readiness probe. */
    felix?: number;
  }

  const IN_FORCE: Pods = { cp1: ["new", "True", "Running"], w1: ["new", "True", "Running"] };

  /** Runs the step, without waiting, with a kubectl that answers as this cluster would. */
  function blocks(cluster: Cluster, values: Record<string, string> = {}) {
    const {
      ready = ["cp1", "w1"],
      generations = "2 2",
      pods = IN_FORCE,
      blocks: handedOut = ["172.16.0.0/26 cp1", "172.16.0.64/26 w1"],
      tunnels = ["cp1 VXLAN 172.16.0.0", "w1 VXLAN 172.16.0.64"],
      felix = 0,
    } = cluster;
    const lines = Object.entries(pods).map(([node, [revision, isReady, phase]]) =>
      [node, revision, isReady, `calico-node-${node}`, phase].join(" "),
    );
    const print = (all: readonly string[]) => `printf '%s\\n' ${all.map((line) => `'${line}'`).join(" ")}`;
    sandbox.write("tunnels", tunnels.map((line) => `${line}\n`).join(""));
    sandbox.command(
      "kubectl",
      `case "$*" in
         *"get nodes"*TunnelAddr*) cat ${sandbox.path("tunnels")} ;;
         *"sv restart"*)
           echo "$*" >>${sandbox.path("calls")}
           printf 'cp1 VXLAN 172.16.0.0\\nw1 VXLAN 172.16.0.65\\n' >${sandbox.path("tunnels")} ;;
         *"get nodes"*) ${print(ready)} ;;
         *"get daemonset"*) printf '${generations}' ;;
         *"get controllerrevisions"*) printf new ;;
         *"get pods"*) ${print(lines)} ;;
         *"get blockaffinities"*) ${handedOut.length > 0 ? print(handedOut) : "true"} ;;
         *exec*calico-node*-felix-ready*) exit ${felix} ;;
         *"get events"*) echo "BackOff calico-node" ;;
       esac`,
    );
    // Nothing changes in these tests, so there is nothing to wait for.
    const limit = values.LIMIT ?? "0";
    const patience = source("blocks").replace(">= 3", ">= 0");
    const body = `${source("rollout")}\n${patience.replaceAll(/wait_for \d+/g, `wait_for ${limit}`)}`;
    const TUNNELS = "cp1 VXLAN\nw1 VXLAN";
    return sandbox.run({ body }, { NODES: "cp1\nw1", MODE: "", TUNNELS, BGP_READY: "1", ...values });
  }

  it("prints the blocks when the newest calico-node is ready on every node", async () => {
    const ran = await blocks({});
    assert.deepEqual([ran.status, ran.stdout], [0, "172.16.0.0/26 cp1\n172.16.0.64/26 w1\n"], ran.stderr);
  });

  for (const [what, cluster, values, said] of [
    ["a node that is not ready", { ready: ["cp1"] }, {}, /not ready: w1/],
    [
      "a DaemonSet whose controller has not seen its change yet",
      { generations: "3 2" },
      {},
      /calico-node has changed, and its controller has not seen the change yet/,
    ],
    [
      "a pod of the previous revision, although its node is ready",
      { pods: { ...IN_FORCE, w1: ["old", "True", "Running"] } },
      {},
      /not ready on every node: w1: revision old, ready True, Running/,
    ],
    [
      "a pod that is not ready",
      { pods: { ...IN_FORCE, w1: ["new", "False", "Running"] } },
      {},
      /w1: revision new, ready False, Running/,
    ],
    ["a node without a pod", { pods: { cp1: ["new", "True", "Running"] } }, {}, /w1: no pod/],
    [
      "a node without a tunnel address",
      { tunnels: ["cp1 VXLAN 172.16.0.0"] },
      {},
      /no tunnel address yet: w1/,
    ],
    [
      "a node that has the address of its other tunnel only",
      { tunnels: ["cp1 VXLAN 172.16.0.0", "w1 IPIP 172.16.0.64"] },
      { TUNNELS: "cp1 VXLAN\nw1 IPIP\nw1 VXLAN" },
      /no tunnel address yet: w1$/m,
    ],
    [
      "a node that still has an address which no pool gives it any more",
      {},
      { TUNNELS: "cp1 VXLAN" },
      /a VXLAN address still, of a pool from before: w1$/m,
    ],
    [
      "a Felix that is not ready, with BGP blocked on purpose",
      { pods: { cp1: ["new", "False", "Running"], w1: ["new", "False", "Running"] }, felix: 1 },
      { BGP_READY: "0" },
      /not ready on every node/,
    ],
  ] as [string, Cluster, Record<string, string>, RegExp][]) {
    it(`waits for and then names ${what}`, async () => {
      const ran = await blocks(cluster, values);
      assert.equal(ran.status, 1);
      assert.match(ran.stderr, said);
    });
  }

  it("waits only for Felix when BGP is blocked on purpose", async () => {
    const ran = await blocks(
      { pods: { cp1: ["new", "False", "Running"], w1: ["new", "False", "Running"] } },
      { BGP_READY: "0" },
    );
    assert.equal(ran.status, 0, ran.stderr);
  });

  it("does not wait for the block of a node without pods when there is no tunnel", async () => {
    const ran = await blocks({ blocks: [] }, { TUNNELS: "" });
    assert.deepEqual([ran.status, ran.stdout.trim()], [0, ""], ran.stderr);
  });

  it("waits for the tunnel addresses of those nodes alone that get one", async () => {
    const ran = await blocks({ tunnels: ["w1 VXLAN 172.16.0.64"] }, { TUNNELS: "w1 VXLAN" });
    assert.equal(ran.status, 0, ran.stderr);
  });

  it("has calico-node look again for a tunnel address that it missed", async () => {
    const ran = await blocks({ tunnels: ["cp1 VXLAN 172.16.0.0"] }, { LIMIT: "10" });
    assert.deepEqual([ran.status, ran.stdout], [0, "172.16.0.0/26 cp1\n172.16.0.64/26 w1\n"], ran.stderr);
    const [call, ...more] = sandbox.calls();
    assert.match(
      call ?? "",
      /exec calico-node-w1 .*sv restart \/etc\/service\/enabled\/allocate-tunnel-addrs/,
    );
    assert.deepEqual(more, []);
  });
});
