import assert from "node:assert/strict";
import * as fc from "fast-check";
import {
  addressOf,
  countPairs,
  examplesOf,
  expectations,
  listenerOf,
  nameOf,
  PODS_PER_NODE,
  type ProbeName,
  pairsOf,
  planLab,
  predict,
  probeOf,
  probesOf,
  rowKey,
  rowsOf,
} from "../../components/plan";
import { labConfigs } from "../support/arbitraries";
import { planOf, type RawConfig } from "../support/problems";

describe("the pairs of a lab", () => {
  it("are every ordered pair of pods; of a node's pods and another node, both ways; of a pod and the internet; and a few for each Service", () => {
    fc.assert(
      fc.property(labConfigs, (config) => {
        const plan = planLab(config);
        const nodes = plan.nodes.length;
        const pods = nodes * PODS_PER_NODE;
        const pairs = pairsOf(plan);
        const perService = 2 * (nodes - 1) + Math.min(1, nodes - 1);
        const services = plan.services.length * perService;
        assert.equal(pairs.length, pods * (pods - 1) + 3 * nodes * (nodes - 1) + nodes + services);
        assert.equal(countPairs(plan), pairs.length);
        const names = pairs.map((pair) => `${pair.from.name} > ${nameOf(pair.to)}`);
        assert.equal(new Set(names).size, names.length);
        assert.ok(pairs.every(({ from, to }) => from.address !== addressOf(to)));
      }),
    );
  });

  it("take a path that depends on the subnets of their nodes", () => {
    const row = (from: string, to: string) =>
      pairsOf(planOf({})).flatMap((pair) =>
        pair.from.name === from && nameOf(pair.to) === to ? [rowKey(pair)] : [],
      );
    assert.deepEqual(row("cp1-1", "cp1-2"), ["same-node"]);
    assert.deepEqual(row("cp1-1", "w1-2"), ["same-subnet"]);
    assert.deepEqual(row("cp1-1", "w3-1"), ["cross-subnet"]);
    assert.deepEqual(row("cp1-1", "w1"), ["pod-to-node (same-subnet)"]);
    assert.deepEqual(row("cp1-1", "w2"), ["pod-to-node (cross-subnet)"]);
    assert.deepEqual(row("cp1-1", "internet"), ["pod-to-internet"]);
    assert.deepEqual(row("cp1", "w1-1"), ["node-to-pod (same-subnet)"]);
    assert.deepEqual(row("cp1", "w2-1"), ["node-to-pod (cross-subnet)"]);
    // The endpoint of service-b is on w3.
    assert.deepEqual(row("w2-1", "service-b"), ["pod-to-service (same-subnet)"]);
    assert.deepEqual(row("cp1-1", "service-b"), ["pod-to-service (cross-subnet)"]);
    assert.deepEqual(row("cp1", "w2:30001"), ["client-to-nodeport (same-subnet)"]);
    assert.deepEqual(row("w1", "cp1:30001"), ["client-to-nodeport (cross-subnet)"]);
    assert.deepEqual(row("cp1", "w3:31001"), ["client-to-nodeport (Local)"]);
  });

  it("have one example for each row, and every example is one of the pairs", () => {
    fc.assert(
      fc.property(labConfigs, (config) => {
        const plan = planLab(config);
        const pairs = pairsOf(plan).map((pair) => JSON.stringify(pair));
        const examples = examplesOf(plan);
        assert.equal(new Set(examples.map(rowKey)).size, examples.length);
        for (const example of examples) assert.ok(pairs.includes(JSON.stringify(example)), rowKey(example));
      }),
    );
  });
});

describe("a probe", () => {
  it("of the full MTU has the size of the pod's MTU, but never more than the internet or a node's own tunnel carries", () => {
    const sizes = (raw: RawConfig) => {
      const plan = planOf(raw);
      const full = examplesOf(plan).filter((pair) => probesOf(pair).includes("full-MTU"));
      return Object.fromEntries(full.map((pair) => [rowKey(pair), probeOf(plan, pair, "full-MTU").size]));
    };
    const healthy = {
      "same-node": 8951,
      "same-subnet": 8951,
      "cross-subnet": 8951,
      "pod-to-node (same-subnet)": 8951,
      "pod-to-node (cross-subnet)": 8951,
      "node-to-pod (same-subnet)": 8951,
      "node-to-pod (cross-subnet)": 8951,
      "pod-to-service (same-subnet)": 8951,
      "pod-to-service (cross-subnet)": 8951,
      "pod-to-internet": 1500,
    };
    assert.deepEqual(sizes({ cloud: "aws" }), healthy);
    assert.equal(sizes({ cloud: "aws", faults: ["mtu-too-big"] })["pod-to-service (same-subnet)"], 9001);
    assert.equal(sizes({ cloud: "aws", faults: ["mtu-too-big"] })["node-to-pod (same-subnet)"], 8951);
  });

  it("is a ping of 84 bytes, or to a Service a datagram, and with TCP goes to an open port", () => {
    const plan = planOf({});
    const small = examplesOf(plan).map((pair) => {
      const [first = "ICMP"] = probesOf(pair);
      const { protocol, port, size } = probeOf(plan, pair, first);
      return [rowKey(pair), `${protocol} ${port ?? ""} ${size}`];
    });
    assert.deepEqual(Object.fromEntries(small), {
      "same-node": "icmp  84",
      "same-subnet": "icmp  84",
      "cross-subnet": "icmp  84",
      "pod-to-node (same-subnet)": "icmp  84",
      "pod-to-node (cross-subnet)": "icmp  84",
      "node-to-pod (same-subnet)": "icmp  84",
      "node-to-pod (cross-subnet)": "icmp  84",
      "pod-to-service (same-subnet)": "udp 53 84",
      "pod-to-service (cross-subnet)": "udp 53 84",
      "client-to-nodeport (same-subnet)": "tcp 30000 60",
      "client-to-nodeport (cross-subnet)": "tcp 30000 60",
      "client-to-nodeport (Local)": "tcp 31000 60",
      "pod-to-internet": "icmp  84",
    });
    const ports = examplesOf(plan).map((pair) => [pair.to.kind, probeOf(plan, pair, "TCP").port]);
    assert.deepEqual(Object.fromEntries(ports), {
      pod: 8080,
      node: 10250,
      service: 80,
      nodeport: 31000,
      internet: 443,
    });
  });

  it("goes to another port of a node than the kubelet's as well, from a pod of every node to every other node", () => {
    const plan = planOf({});
    const pairs = pairsOf(plan).filter(({ path }) => path === "pod-to-node");
    const ports = pairs.map(
      (pair) => `${pair.from.node} > ${nameOf(pair.to)}: ${probeOf(plan, pair, "TCP").port}`,
    );
    assert.equal(new Set(ports).size, 2 * 4 * 3);
    const other = pairs.filter(({ port }) => port !== undefined);
    assert.deepEqual([...new Set(other.flatMap(probesOf))], ["TCP"], "a single probe");
  });

  it("is heard by the pod behind a Service, and else by the one that it is sent to", () => {
    const plan = planOf({});
    const listener = (row: string, probe: ProbeName) => {
      const pair = examplesOf(plan).find((one) => rowKey(one) === row);
      assert.ok(pair);
      const heard = listenerOf(pair, probeOf(plan, pair, probe));
      return heard && `${heard.namespace} ${heard.protocol} ${heard.port}`;
    };
    assert.equal(listener("pod-to-service (same-subnet)", "UDP"), "w1-1 udp 53");
    assert.equal(listener("pod-to-service (same-subnet)", "TCP"), "w1-1 tcp 8080");
    assert.equal(listener("client-to-nodeport (cross-subnet)", "TCP"), "w1-1 tcp 8080");
    assert.equal(listener("node-to-pod (same-subnet)", "TCP"), "w1-1 tcp 8080");
    assert.equal(listener("pod-to-node (same-subnet)", "TCP"), "w1 tcp 10250");
    assert.equal(listener("same-subnet", "ICMP"), undefined);
  });
});

describe("what is expected of a pair", () => {
  it("is what the verdict says of its row, for every pair and probe, also where nodes differ", () => {
    for (const raw of [
      { encapsulation: "IPIP", faults: [{ fault: "ipip-blocked", nodes: ["w2"] }] },
      { encapsulation: "None" },
    ]) {
      const plan = planOf(raw);
      const expected = expectations(plan);
      const seen = new Set<boolean>();
      for (const round of [1, 2])
        for (const pair of pairsOf(plan))
          for (const probe of probesOf(pair)) {
            const works = expected(pair, probe);
            assert.equal(works, predict(plan, pair, probe) === undefined, `${round} ${pair.path} ${probe}`);
            seen.add(works);
          }
      assert.deepEqual([...seen].sort(), [false, true]);
    }
  });

  it("can be asked only of the plan's own pairs", () => {
    const [plan, other] = [
      planOf({}),
      planOf({ topology: [{ name: "z", cidr: "10.9.0.0/24", nodes: ["x1", "x2"] }] }),
    ];
    const [pair] = pairsOf(other).filter(({ path }) => path === "same-subnet");
    assert.ok(pair);
    assert.throws(() => predict(plan, pair, "TCP"), /x1-1 is on node x1, which the plan does not have/);
    const [alone] = pairsOf(planOf({ topology: [{ name: "z", cidr: "10.9.0.0/24", nodes: ["x1"] }] }));
    const onOne = planOf({ encapsulation: "IPIP", faults: [{ fault: "ipip-blocked", nodes: ["w2"] }] });
    assert.ok(alone);
    assert.throws(() => rowsOf(onOne).rowOf(alone), /the plan has no pair x1 > x1 on the path same-node/);
  });

  it("needs a listener for TCP and datagrams, and none for a ping", () => {
    const plan = planOf({});
    const listener = (path: string, probe: "ICMP" | "TCP" | "UDP") => {
      const pair = pairsOf(plan).find((one) => one.path === path && one.port === undefined);
      assert.ok(pair);
      return listenerOf(pair, probeOf(plan, pair, probe));
    };
    assert.equal(listener("same-subnet", "ICMP"), undefined);
    assert.deepEqual(listener("same-subnet", "TCP"), { namespace: "w1-1", protocol: "tcp", port: 8080 });
    assert.deepEqual(listener("pod-to-node", "TCP"), { namespace: "w1", protocol: "tcp", port: 10250 });
    assert.deepEqual(listener("pod-to-internet", "TCP"), {
      namespace: "internet",
      protocol: "tcp",
      port: 443,
    });
    // Behind a Service: its pod, on the port that kube-proxy rewrites to.
    assert.deepEqual(listener("pod-to-service", "TCP"), { namespace: "w1-1", protocol: "tcp", port: 8080 });
    assert.deepEqual(listener("pod-to-service", "UDP"), { namespace: "w1-1", protocol: "udp", port: 53 });
  });
});

describe("the address of an endpoint", () => {
  it("is what a probe is sent to: a NodePort's is that of the node that the client asks", () => {
    const plan = planOf({});
    const addresses = (path: string) => [
      ...new Set(pairsOf(plan).flatMap((pair) => (pair.path === path ? [addressOf(pair.to)] : []))),
    ];
    assert.deepEqual(addresses("pod-to-internet"), ["203.0.113.10"]);
    assert.deepEqual(addresses("pod-to-node").sort(), ["10.0.3.10", "10.0.3.11", "10.0.4.10", "10.0.4.11"]);
    // Service addresses begin after the tenth, which kubeadm gives to DNS.
    assert.deepEqual(addresses("pod-to-service"), ["10.96.0.11", "10.96.0.12"]);
    assert.deepEqual(addresses("same-node").slice(0, 2), ["172.16.0.2", "172.16.0.1"]);
    const ports = pairsOf(plan).filter(({ path }) => path === "client-to-nodeport");
    for (const { to } of ports) assert.equal(addressOf(to), to.kind === "nodeport" && to.entry.address);
    assert.deepEqual([...new Set(ports.map(({ to }) => nameOf(to)))].slice(0, 3), [
      "cp1:30000",
      "w2:30000",
      "w3:30000",
    ]);
  });
});
