/** Node to pod, Services and NodePorts: what Kubernetes, kOps and the clouds document, as literal tables. */
import assert from "node:assert/strict";
import * as fc from "fast-check";
import { ENCAPSULATIONS, FABRICS, type Fault, faultOf, type LabConfig } from "../../components/config";
import {
  contains,
  judge,
  type LabPlan,
  type Pair,
  type ProbeName,
  pairsOf,
  parseCidr,
  planLab,
  probesOf,
  type RuleName,
  rowKey,
  toNumber,
} from "../../components/plan";
import { predict } from "../../components/plan/trace";
import { labConfigs } from "../support/arbitraries";
import { planOf, type RawConfig } from "../support/problems";
import { runs } from "../support/runs";
import { carriersOf, failuresOf, outcomesOf, SERVICE_ROWS } from "../support/verdicts";

/** The faults that break datagrams to a Service, but no ping; tests of their own hold them (placed-fault.test.ts). */
const UDP_ONLY: readonly Fault[] = ["vxlan-checksum", "dns-loop"];

/** The outcomes of {@link SERVICE_ROWS} in their order, one letter each: works, fails, partly. */
const lettersOf = (plan: LabPlan): string => {
  const outcomes = outcomesOf(judge(plan));
  return SERVICE_ROWS.map((row) => {
    const outcome = outcomes[row] ?? "?";
    return outcome.includes("/") ? "p" : (outcome[0] as string);
  }).join("");
};

describe("the study's Services", () => {
  it("have addresses in the Service range, NodePorts in Kubernetes' range, and an endpoint in each of the first subnets", () => {
    fc.assert(
      fc.property(labConfigs, (config) => {
        const { services, subnets, nodes, serviceCidr } = planLab(config);
        assert.deepEqual(
          services.map(({ node }) => nodes.find(({ name }) => name === node)?.subnet),
          subnets.slice(0, 4).map(({ name }) => name),
        );
        for (const { address, nodePorts } of services) {
          assert.ok(contains(parseCidr(serviceCidr), toNumber(address)));
          for (const port of Object.values(nodePorts)) assert.ok(port >= 30_000 && port <= 32_767);
        }
        const used = services.flatMap(({ address, nodePorts }) => [address, ...Object.values(nodePorts)]);
        assert.equal(new Set(used).size, used.length);
      }),
    );
  });

  it("fit into the smallest range that the API server accepts", () => {
    const topology = [1, 2, 3, 4, 5].map((i) => ({
      name: `s${i}`,
      cidr: `10.0.${i}.0/24`,
      nodes: [`n${i}`],
    }));
    const { services } = planOf({ topology, serviceCidr: "10.96.0.0/28" });
    assert.deepEqual(
      services.map(({ address }) => address),
      ["10.96.0.11", "10.96.0.12", "10.96.0.13", "10.96.0.14"],
    );
  });
});

describe("the verdict on node to pod, Services and NodePorts", () => {
  /**
   * Without a fault only the router can be in the way, which knows no pods. Kubernetes, "Using Source IP": a pod's packet to
   * a ClusterIP keeps its source; one to a NodePort gets the node's (`Cluster`), or goes to a pod of that node (`Local`).
   * kOps: nodes reach nodes, and the pods on them.
   */
  type Table = Record<LabConfig["encapsulation"], string>;
  //                 node-to-pod, pod-to-service, client-to-nodeport: same-subnet and cross-subnet each, then Local
  const HEALTHY: Table = {
    IPIP: "wwwwwww",
    IPIPCrossSubnet: "wwwwwww",
    VXLAN: "wwwwwww",
    VXLANCrossSubnet: "wwwwwww",
    None: "wfwfwfw",
  };
  /** Without a layer 2 the router is between all nodes. */
  const ROUTED: Table = {
    ...HEALTHY,
    IPIPCrossSubnet: "fwfwfww",
    VXLANCrossSubnet: "fwfwfww",
    None: "ffffffw",
  };
  /** Nodes with /32: CrossSubnet tunnels everything. */
  const HOST_PREFIX: Table = { ...HEALTHY, None: "ffffffw" };
  const TABLES: Record<(typeof FABRICS)[number], Table> = {
    aws: HEALTHY,
    openstack: HEALTHY,
    plain: HEALTHY,
    l3: ROUTED,
    oci: ROUTED,
    azure: { ...ROUTED, IPIP: "ffffffw", IPIPCrossSubnet: "ffffffw" },
    gcp: HOST_PREFIX,
    hetzner: HOST_PREFIX,
    tailscale: { ...HOST_PREFIX, IPIP: "ffffffw", IPIPCrossSubnet: "ffffffw" },
  };
  /** What routes in the router do not help: protocol 4 is dropped. */
  const DESPITE_ROUTES: Partial<Record<(typeof FABRICS)[number], Partial<Table>>> = {
    azure: { IPIP: "ffffffw", IPIPCrossSubnet: "wfwfwfw" },
    tailscale: { IPIP: "ffffffw", IPIPCrossSubnet: "ffffffw" },
  };
  for (const fabric of FABRICS) {
    for (const encapsulation of ENCAPSULATIONS) {
      for (const natOutgoing of [true, false]) {
        it(`is the documented one: ${encapsulation} on ${fabric}, natOutgoing ${natOutgoing}`, () => {
          const raw = { fabric, encapsulation, natOutgoing };
          assert.equal(lettersOf(planOf(raw)), TABLES[fabric][encapsulation]);
          const routed = DESPITE_ROUTES[fabric]?.[encapsulation] ?? "wwwwwww";
          assert.equal(lettersOf(planOf({ ...raw, podRoutes: true })), routed);
        });
      }
    }
  }

  const FAULTY: [title: string, raw: RawConfig, letters: string][] = [
    ["no rule for protocol 4", { fabric: "aws", encapsulation: "IPIP", faults: ["ipip-blocked"] }, "ffffffw"],
    [
      "no rule for protocol 4, which only the other subnet needs",
      { fabric: "aws", encapsulation: "IPIPCrossSubnet", faults: ["ipip-blocked"] },
      "wfwfwfw",
    ],
    [
      "no rule for UDP 4789",
      { fabric: "openstack", encapsulation: "VXLAN", faults: ["vxlan-blocked"] },
      "ffffffw",
    ],
    ["no BGP", { fabric: "aws", encapsulation: "IPIP", faults: ["bgp-blocked"] }, "ffffffw"],
    [
      "no BGP, which VXLAN does not need",
      { fabric: "aws", encapsulation: "VXLAN", faults: ["bgp-blocked"] },
      "wwwwwww",
    ],
    [
      "the source/dest check, which drops by destination too",
      { fabric: "aws", encapsulation: "None", podRoutes: true, faults: ["source-dest-check"] },
      "ffffffw",
    ],
    [
      "port security",
      { fabric: "openstack", encapsulation: "VXLANCrossSubnet", faults: ["port-security"] },
      "fwfwfww",
    ],
    // A node's packet matches the rule that names the group, and the pod's answer matches the state.
    [
      "no rule for the pod CIDR, which only pods need",
      { fabric: "aws", encapsulation: "None", podRoutes: true, faults: ["pod-cidr-blocked"] },
      "wwffwww",
    ],
    // The node knows its tunnel's MTU, and TCP its own segment size: only a pod's large datagrams are lost.
    ["pods' MTU too large", { encapsulation: "VXLAN", faults: ["mtu-too-big"] }, "wwppwww"],
    [
      "nodes as /32, so that all goes through the tunnel",
      { fabric: "aws", encapsulation: "IPIPCrossSubnet", faults: ["node-as-32", "ipip-blocked"] },
      "ffffffw",
    ],
  ];
  for (const [title, raw, letters] of FAULTY) {
    it(`is the documented one with a fault: ${title}`, () => assert.equal(lettersOf(planOf(raw)), letters));
  }

  it("is for a Service the one for the pod behind it, whatever its port, in any lab", () => {
    fc.assert(
      fc.property(labConfigs, (config) => {
        // On all nodes: the one that is asked for a NodePort forwards, and its own packets it does not. Two faults break datagrams
        // and leave ICMP alone.
        const faults = config.faults.map(faultOf).filter((one) => !UDP_ONLY.includes(one));
        const plan = planLab({ ...config, faults });
        const pairs = pairsOf(plan);
        const nodes = new Set(plan.nodes.map(({ name }) => name));
        const works = (pair: Pair, probe: ProbeName) => predict(plan, pair, probe) === undefined;
        for (const pair of pairs) {
          const { from, to } = pair;
          const asked = to.kind === "nodeport" ? to.entry.name : from.name;
          if ((to.kind !== "service" && to.kind !== "nodeport") || asked === to.node.name) continue;
          const behind = pairs.find(
            (one) => one.from.name === asked && one.to.kind === "pod" && one.to.pod.name === to.pod.name,
          );
          // The pod may be on the node of the pod or node that asks, and Local never sends on.
          if (!behind || (to.kind === "nodeport" && to.policy === "Local")) continue;
          const title = `${rowKey(pair)} ${from.name} > ${to.pod.name}`;
          assert.equal(works(pair, "TCP"), works(behind, "TCP"), title);
          // kube-proxy gives a NodePort's packet the node's address, so it fares as the node's own.
          if (nodes.has(asked)) continue;
          assert.equal(works(pair, "UDP"), works(behind, "ICMP"), title);
          assert.equal(works(pair, "full-MTU"), works(behind, "full-MTU"), title);
        }
      }),
      { numRuns: runs(60) },
    );
  });

  it("has one TCP probe for a NodePort, and a datagram in place of the ping for a Service", () => {
    assert.deepEqual(probesOf({ path: "client-to-nodeport" }), ["TCP"]);
    assert.deepEqual(probesOf({ path: "pod-to-service" }), ["UDP", "TCP", "full-MTU"]);
  });

  it("says that a NodePort of the policy Local is answered by the node's own pod, and else how the node sends on", () => {
    const carriers = carriersOf(judge(planOf({ encapsulation: "VXLANCrossSubnet" })));
    assert.equal(carriers["client-to-nodeport (Local)"], "to the node's own pod");
    assert.equal(carriers["client-to-nodeport (same-subnet)"], "direct");
    assert.equal(carriers["client-to-nodeport (cross-subnet)"], "vxlan.calico, UDP 4789");
    assert.equal(carriers["node-to-pod (cross-subnet)"], "vxlan.calico, UDP 4789");
  });
});

describe("a group without the nodes' rules", () => {
  const without = (plan: LabPlan, names: readonly RuleName[]): LabPlan => ({
    ...plan,
    firewall: plan.firewall.map((rule) => (names.includes(rule.name) ? { ...rule, open: false } : rule)),
  });

  it("drops what a node sends to a pod without a tunnel, at the pod's node", () => {
    for (const fabric of ["aws", "openstack"]) {
      for (const encapsulation of ["None", "IPIPCrossSubnet", "VXLANCrossSubnet"]) {
        const plan = without(planOf({ fabric, encapsulation }), ["nodes-tcp-2381"]);
        const failure = failuresOf(judge(plan)).find(({ row }) => row === "node-to-pod (same-subnet)");
        assert.equal(failure?.hop, "w1's security group");
        assert.match(
          failure?.cause ?? "",
          /no rule for the packet 10\.0\.3\.10 > 172\.16\.0\.65 \(TCP 8080\)/,
        );
        assert.match(failure?.fix ?? "", /^allow TCP 2381-65535 from the group$/);
      }
    }
  });

  it("lets a node's packet pass inside a tunnel, but not a client to a NodePort", () => {
    const plan = without(planOf({ fabric: "aws", encapsulation: "IPIP" }), ["nodes-tcp-2381"]);
    const outcomes = outcomesOf(judge(plan));
    assert.equal(outcomes["node-to-pod (same-subnet)"], "works");
    assert.equal(outcomes["client-to-nodeport (same-subnet)"], "fails");
    assert.equal(outcomes["client-to-nodeport (Local)"], "fails");
  });
});
