/** Faults that only some nodes have, in the verdict: which rows a path is divided into, and what each says. */
import assert from "node:assert/strict";
import { bgpEstablished, judge, rowsOf, withFirewall } from "../../components/plan";
import { formatVerdict } from "../../components/study";
import { planOf, type RawConfig } from "../support/problems";
import { failingRows, failuresOf, outcomesOf } from "../support/verdicts";

const on = (fault: string, nodes: string[], direction?: string) => ({
  faults: [{ fault, nodes, ...(direction && { direction }) }],
});

/** The rows of the paths between pods that fail. */
const failing = (raw: RawConfig): string[] =>
  Object.entries(outcomesOf(judge(planOf(raw)))).flatMap(([row, outcome]) =>
    outcome === "works" || !/^(same|cross)-/.test(row)
      ? []
      : [outcome === "fails" ? row : `${row}: ${outcome}`],
  );

const podRows = (failures: readonly { row: string }[]): string[] => [
  ...new Set(failures.map(({ row }) => row).filter((row) => /^(same|cross)-/.test(row))),
];

describe("a fault on one node", () => {
  it("divides a path into rows only where its nodes differ", () => {
    const plan = planOf({ encapsulation: "IPIP", ...on("ipip-blocked", ["w2"]) });
    assert.deepEqual(Object.keys(outcomesOf(judge(plan))), [
      "same-node",
      "same-subnet, others",
      "same-subnet to w2",
      "cross-subnet, others",
      "cross-subnet to w2",
      "pod-to-node (same-subnet)",
      "pod-to-node (cross-subnet)",
      "node-to-pod (same-subnet), others",
      "node-to-pod (same-subnet) to w2",
      "node-to-pod (cross-subnet), others",
      "node-to-pod (cross-subnet) to w2",
      "pod-to-service (same-subnet)",
      "pod-to-service (cross-subnet)",
      "client-to-nodeport (same-subnet)",
      "client-to-nodeport (cross-subnet)",
      "client-to-nodeport (Local)",
      "pod-to-internet",
    ]);
    assert.deepEqual(failing({ encapsulation: "IPIP", ...on("ipip-blocked", ["w2"]) }), [
      "same-subnet to w2",
      "cross-subnet to w2",
    ]);
  });

  it("closes a rule in one direction, so that what the node itself sends is answered (calico#1996)", () => {
    const lab = { encapsulation: "IPIP" };
    const inward = failuresOf(judge(planOf({ ...lab, ...on("ipip-blocked", ["w2"], "in") })));
    const outward = failuresOf(judge(planOf({ ...lab, ...on("ipip-blocked", ["w2"], "out") })));
    assert.deepEqual(podRows(inward), ["same-subnet to w2", "cross-subnet to w2"]);
    assert.deepEqual(podRows(outward), ["same-subnet from w2", "cross-subnet from w2"]);
    for (const { hop, cause, fix } of [...inward, ...outward]) {
      assert.equal(hop, "w2's firewall");
      assert.match(cause, /^the node's own firewall drops the packet 10\.0\..* \(IP protocol 4\)$/);
      assert.match(
        fix,
        /^take ipip-blocked out of faults: allow IP protocol 4 \(not 94\) from the other nodes in it/,
      );
    }
  });

  it("is in the node's own security group where there is one", () => {
    const lab = { fabric: "aws", encapsulation: "VXLAN", ...on("vxlan-blocked", ["w2"]) };
    const [failure] = failuresOf(judge(planOf(lab)));
    assert.equal(failure?.hop, "w2's security group");
    // UDP has no state that an answer could match: each end of the tunnel has its own source port.
    assert.deepEqual(failing(lab).sort(), [
      "cross-subnet from w2",
      "cross-subnet to w2",
      "same-subnet from w2",
      "same-subnet to w2",
    ]);
    assert.deepEqual(withFirewall(planOf(lab)), [], "the nodes have no firewall of their own");
  });

  it("keeps only those BGP sessions down that its peers open: they open theirs to nodes with a lesser address", () => {
    const plan = planOf({ encapsulation: "None", podRoutes: false, ...on("bgp-blocked", ["w2"]) });
    assert.equal(bgpEstablished(plan), false);
    // w3 (10.0.4.11) opens the session to w2 (10.0.4.10), and w2 those to cp1 and w1.
    assert.deepEqual(failing({ encapsulation: "IPIP", ...on("bgp-blocked", ["w2"]) }), [
      "same-subnet from/to w2",
    ]);
    const out = { encapsulation: "IPIP", ...on("bgp-blocked", ["w2"], "out") };
    assert.deepEqual(failing(out), ["cross-subnet from/to w2"]);
    assert.deepEqual(judge(planOf(out)).notReady, [], "each node has a session that is up");
  });

  it("leaves a node without any session not ready, with the peers that it waits for", () => {
    const two = [{ name: "a", cidr: "10.0.3.0/24", nodes: ["cp1", "w1", "w2"] }];
    const lab = { encapsulation: "VXLAN", topology: two, faults: [{ fault: "bgp-blocked", nodes: ["cp1"] }] };
    assert.deepEqual(judge(planOf(lab)).notReady, [
      {
        node: "cp1",
        message: "calico/node is not ready: BIRD is not ready: BGP not established with 10.0.3.11,10.0.3.12",
      },
    ]);
  });

  it("makes only the node itself use the tunnel inside its subnet, if it is recorded as /32 (calico#4254)", () => {
    const plan = planOf({ encapsulation: "VXLANCrossSubnet", ...on("node-as-32", ["w2"]) });
    const carriers = Object.fromEntries(
      judge(plan).paths.map(({ path, part, carrier }) => [`${path} ${part ?? ""}`.trim(), carrier]),
    );
    assert.equal(carriers["same-subnet from w2"], "vxlan.calico, UDP 4789");
    assert.equal(carriers["same-subnet others"], "direct");
  });

  it("is one row and one setting if it names every node, as without names", () => {
    const nodes = ["cp1", "w1", "w2", "w3"];
    const keys = (raw: RawConfig) =>
      rowsOf(planOf({ encapsulation: "IPIP", ...raw })).rows.map(({ key }) => key);
    assert.deepEqual(keys(on("ipip-blocked", nodes)), keys({ faults: ["ipip-blocked"] }));
  });

  it("fits the verdict's table into 80 columns, with at most three names for a part", () => {
    const topology = [
      {
        name: "a",
        cidr: "10.0.3.0/24",
        nodes: ["cp1", ...Array.from({ length: 12 }, (_, i) => `worker-${i}`)],
      },
    ];
    const many = Array.from({ length: 5 }, (_, i) => `worker-${i}`);
    const raw = { encapsulation: "IPIP", topology, ...on("ipip-blocked", many) };
    const text = formatVerdict(judge(planOf(raw)));
    assert.match(text, /to worker-0,\s+worker-1 and 3 more/);
    for (const line of text.split("\n")) assert.ok(line.length <= 80 || /https:/.test(line), line);
  });

  it("is told by the parts of the paths that fail, each part once", () => {
    const faults = [{ fault: "node-ip-wrong-interface", nodes: ["w2"] }, "dns-loop"];
    const text = formatVerdict(judge(planOf({ encapsulation: "VXLAN", faults }))).replace(/\s+/g, " ");
    assert.match(text, /node-to-pod \(same-subnet to w2, same-subnet from w2, cross-subnet to w2, cross/);
    assert.match(text, /pod-to-service \(same-subnet others, same-subnet from cp1, cross-subnet others/);
  });

  it("is named in the remark with its nodes and its direction", () => {
    const [remark] = judge(planOf({ encapsulation: "IPIP", ...on("ipip-blocked", ["w2"], "out") })).remarks;
    assert.equal(
      remark,
      "fault ipip-blocked on w2 (out) is set on purpose: the nodes' own firewall drops IP protocol 4",
    );
  });
});

describe("a node whose VPN address Calico has recorded", () => {
  const lab = { fabric: "plain", ...on("node-ip-wrong-interface", ["w2"]) };

  it("has no BGP session, and its peers say with which address", () => {
    const { notReady } = judge(planOf({ encapsulation: "None", ...lab }));
    assert.deepEqual(
      notReady.map(({ node }) => node),
      ["w2"],
    );
    const all = judge(planOf({ encapsulation: "None", faults: ["node-ip-wrong-interface"] }));
    assert.match(all.notReady[0]?.message ?? "", /BGP not established with 10\.8\.0\.2,10\.8\.0\.3/);
  });

  it("loses what comes through its tunnel, asked or as an answer, and nothing else", () => {
    const verdict = judge(planOf({ encapsulation: "VXLAN", ...lab }));
    const failures = failuresOf(verdict).filter(({ row }) => /^(same|cross)-/.test(row));
    assert.deepEqual(
      [...new Set(failures.map(({ row }) => row))],
      ["same-subnet to w2", "same-subnet from w2", "cross-subnet to w2", "cross-subnet from w2"],
    );
    for (const { cause, fix } of failures) {
      assert.match(cause, /> 10\.8\.0\.3 \(UDP 4789\).*another interface/);
      assert.match(fix, /IP_AUTODETECTION_METHOD/);
    }
  });

  it("answers a pod without natOutgoing through its tunnel, which leaves by the NIC, unless a port checks addresses", () => {
    const failing = (fabric: string) => {
      const verdict = judge(planOf({ encapsulation: "VXLAN", natOutgoing: false, ...lab, fabric }));
      return failuresOf(verdict).filter(({ row }) => row.startsWith("pod-to-node"));
    };
    const parts = (fabric: string) =>
      new Set(failing(fabric).map(({ row }) => row.replace(/^pod-to-node \(.*?\) /, "")));
    // Its own pods ask directly, and what is answered comes through the tunnel.
    for (const fabric of ["plain", "l3", "hetzner"]) assert.deepEqual(parts(fabric), new Set(["from w2"]));
    for (const fabric of ["aws", "openstack", "azure", "oci"])
      assert.deepEqual(parts(fabric), new Set(["from/to w2"]), fabric);
    for (const { cause, fix } of failing("aws")) {
      assert.match(cause, /10\.8\.0\.3.*UDP 4789.*another interface/);
      assert.match(fix, /IP_AUTODETECTION_METHOD/);
    }
  });

  it("has a range that is nothing else in the lab", () => {
    const { nodes } = planOf({
      faults: ["node-ip-wrong-interface"],
      podCidr: "10.8.0.0/16",
      serviceCidr: "10.9.0.0/16",
      topology: [{ name: "a", cidr: "10.10.0.0/24", nodes: ["cp1", "w1"] }],
    });
    assert.deepEqual(
      nodes.map(({ recordedAddress }) => recordedAddress),
      ["10.11.0.1/32", "10.11.0.2/32"],
    );
  });
});

describe("a wrong checksum in VXLAN", () => {
  it("loses TCP and datagrams in the tunnel and no ping, however large", () => {
    const verdict = judge(planOf({ encapsulation: "VXLANCrossSubnet", faults: ["vxlan-checksum"] }));
    assert.deepEqual(failingRows(verdict), {
      "cross-subnet": "works/fails/works",
      "node-to-pod (cross-subnet)": "works/fails/works",
      "pod-to-service (cross-subnet)": "fails",
      "client-to-nodeport (cross-subnet)": "fails",
    });
  });
});

describe("a CoreDNS that asks itself", () => {
  it("takes the datagrams to the Service, and nothing else", () => {
    const verdict = judge(planOf({ encapsulation: "VXLAN", faults: ["dns-loop"] }));
    assert.deepEqual(failingRows(verdict), {
      "pod-to-service (same-subnet)": "fails/works/fails",
      "pod-to-service (cross-subnet)": "fails/works/fails",
    });
  });
});

describe("the name of a row", () => {
  /** Rows of a path, with a mark where it fails. */
  const rows = (path: string, faults: unknown[], raw: RawConfig = {}) =>
    rowsOf(planOf({ encapsulation: "IPIP", ...raw, faults })).rows.flatMap(({ key, pair }) =>
      pair.path === path
        ? [`${key}${failingRows(judge(planOf({ encapsulation: "IPIP", ...raw, faults })))[key] ? " !" : ""}`]
        : [],
    );
  const SIX = {
    topology: [{ name: "a", cidr: "10.0.3.0/24", nodes: ["cp1", "w1", "w2", "w3", "w4", "w5"] }],
  };
  const blocked = (nodes: string[], direction?: string) => ({ fault: "ipip-blocked", nodes, direction });

  it("is the faulty node's, as the end at which packets are lost", () => {
    const stuck = [{ fault: "ip-forward-off", nodes: ["w1"] }];
    assert.deepEqual(rows("same-node", stuck), ["same-node, others", "same-node on w1 !"]);
    assert.deepEqual(rows("same-subnet", stuck), ["same-subnet, others", "same-subnet from/to w1 !"]);
    // A packet to a node itself is not forwarded, one to a pod on it is.
    assert.deepEqual(rows("pod-to-node", stuck), [
      "pod-to-node (same-subnet), others",
      "pod-to-node (same-subnet) from w1 !",
      "pod-to-node (cross-subnet), others",
      "pod-to-node (cross-subnet) from w1 !",
    ]);
    assert.deepEqual(
      rows("node-to-pod", stuck).filter((row) => row.endsWith("!")),
      ["node-to-pod (same-subnet) to w1 !", "node-to-pod (cross-subnet) to w1 !"],
    );
    assert.deepEqual(rows("pod-to-internet", stuck), [
      "pod-to-internet, others",
      "pod-to-internet from w1 !",
    ]);
    assert.deepEqual(rows("client-to-nodeport", stuck).at(-1), "client-to-nodeport (Local) to w1 !");
  });

  it("lists up to three nodes, and beyond that the first two and how many more", () => {
    assert.deepEqual(rows("same-subnet", [blocked(["w1", "w2", "w3"])], SIX), [
      "same-subnet, others",
      "same-subnet to w1, w2, w3 !",
    ]);
    const bgp = [{ fault: "bgp-blocked", nodes: ["w2"] }];
    // w3, w4 and w5 have greater addresses, so they open the sessions that w2 refuses.
    assert.deepEqual(rows("same-subnet", bgp, SIX), [
      "same-subnet, others",
      "same-subnet w2 > w3, w2 > w4 and 4 more !",
    ]);
  });

  it("is of the smaller part, also where that is what works", () => {
    assert.deepEqual(rows("same-subnet", [blocked(["w1", "w2", "w3", "w4"])], SIX), [
      "same-subnet, others !",
      "same-subnet to w5, cp1",
    ]);
  });

  it("is a list of pairs, or both ends, where no node alone describes the part", () => {
    assert.deepEqual(rows("same-subnet", [blocked(["w1"]), blocked(["w2"], "out")], SIX), [
      "same-subnet, others",
      "same-subnet cp1 > w1, w2 > cp1 and 7 more !",
    ]);
    const reject = [{ fault: "host-firewall-reject", nodes: ["w2"] }];
    assert.deepEqual(rows("same-subnet", reject, SIX), [
      "same-subnet, others",
      "same-subnet w2 > w3, w2 > w4 and 4 more !",
      "same-subnet from cp1, w1 to w2 !",
    ]);
  });

  it("is by the node that a NodePort's client asks, and that sends on to the pod", () => {
    assert.deepEqual(rows("client-to-nodeport", [blocked(["w1"])]), [
      "client-to-nodeport (same-subnet), others",
      "client-to-nodeport (same-subnet) to w1 !",
      "client-to-nodeport (cross-subnet), others",
      "client-to-nodeport (cross-subnet) to w1 !",
      "client-to-nodeport (Local)",
    ]);
  });
});
