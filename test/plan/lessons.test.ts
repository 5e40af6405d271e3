/** The lessons, from their stack files: the verdict says what was observed in the original labs. */
import assert from "node:assert/strict";
import type { Fault } from "../../components/config";
import { asSource, isWarning, judge, planLab, routeTo, trace } from "../../components/plan";
import { changed } from "../support/problems";
import { stackConfig } from "../support/stacks";
import { carriersOf, failuresOf, outcomesOf } from "../support/verdicts";

interface Lesson {
  /** The path that fails, if one does, and with it those on which a node or kube-proxy sends to the same pods. */
  fails?: string;
  /** Whether the nodes do not reach each other either. */
  nodes?: true;
  hop?: string;
  cause?: RegExp;
  fix?: RegExp;
  fault?: Fault;
  /** How packets between nodes of one subnet travel, and between subnets where there are two. */
  carriers: [sameSubnet: string, crossSubnet?: string];
}

const TUNNEL = "tunl0, IP protocol 4";

const EXPECTED: Record<string, Lesson> = {
  L1: {
    fails: "same-subnet",
    hop: "cp1's port",
    cause: /^port security drops the packet 172\.16\.0\.1 > 172\.16\.0\.65/,
    fix: /^take port-security out of faults: put the pod CIDR into the port's allowed address pairs/,
    fault: "port-security",
    carriers: ["direct"],
  },
  L2: {
    fails: "same-subnet",
    hop: "w1's security group",
    cause: /no rule for the packet 10\.100\.200\.4 > 10\.100\.200\.21 \(IP protocol 4\)/,
    fix: /^take ipip-blocked out of faults: allow IP protocol 4 \(not 94\) from the group/,
    fault: "ipip-blocked",
    carriers: [TUNNEL],
  },
  L3: { carriers: [TUNNEL] },
  L4: { carriers: [TUNNEL, TUNNEL] },
  L5: {
    fails: "pod-to-internet",
    hop: "the internet",
    cause: /^the packet 172\.16\.0\.1 > 203\.0\.113\.10 .*leaves with the pod's address/,
    fix: /^set natOutgoing: true$/,
    carriers: [TUNNEL, TUNNEL],
  },
  L6: {
    fails: "same-subnet",
    hop: "cp1's port",
    cause: /^BGP is not established, so no node has a route/,
    fix: /^take bgp-blocked out of faults: allow TCP 179 from the group/,
    fault: "bgp-blocked",
    carriers: ["no BGP route: the default route"],
  },
  L7: {
    fails: "same-subnet",
    hop: "w1's security group",
    cause: /no rule for the packet 10\.0\.3\.10 > 10\.0\.3\.142 \(IP protocol 4\)/,
    fix: /allow IP protocol 4 \(not 94\) from the group/,
    fault: "ipip-blocked",
    carriers: [TUNNEL],
  },
  L8: { carriers: [TUNNEL] },
  L9: {
    fails: "same-subnet",
    hop: "cp1's port",
    cause: /^the source\/dest check drops the packet 172\.16\.0\.1 > 172\.16\.0\.65/,
    fix: /^take source-dest-check out of faults: turn the instance's source\/dest check off/,
    fault: "source-dest-check",
    carriers: ["direct"],
  },
  L10: { carriers: ["direct"] },
  L11: {
    fails: "cross-subnet",
    hop: "VPC router",
    cause: /^the VPC router knows the nodes' subnets but not pod addresses, and drops the packet/,
    fix: /CrossSubnet encapsulation, or set podRoutes: static/,
    carriers: ["direct", "direct"],
  },
  L12: { carriers: ["direct", TUNNEL] },
  L13: {
    fails: "same-subnet",
    hop: "w1's security group",
    cause: /no rule for the packet 10\.100\.200\.10 > 10\.100\.200\.11 \(IP protocol 4\)/,
    fix: /allow IP protocol 4 \(not 94\) from the group/,
    fault: "ipip-blocked",
    carriers: [TUNNEL],
  },
  L14: { carriers: ["direct", "vxlan.calico, UDP 4789"] },
  L15: {
    fails: "cross-site",
    nodes: true,
    hop: "ipsec0 of router-a",
    cause: /^the packet 192\.168\.1\.10 > 172\.31\.0\.10 \(UDP 4789\) is lost: both ends only answer/,
    fix: /^take ipsec-nobody-initiates out of faults: let one side start the tunnel/,
    fault: "ipsec-nobody-initiates",
    carriers: ["direct"],
  },
};

/** The paths that share the fate of a path between pods, because their packets reach the pod in the same way. */
const LIKE = ["node-to-pod", "pod-to-service", "client-to-nodeport"];

const failingWith = (path: string | undefined, nodes = false): string[] =>
  path === undefined
    ? []
    : [
        path,
        ...(nodes ? [`pod-to-node (${path})`] : []),
        ...(path === "pod-to-internet" ? [] : LIKE.map((name) => `${name} (${path})`)),
      ];

const judgeStack = (stack: string) => judge(planLab(stackConfig(stack)));

describe("the verdict on a lesson", () => {
  // L16 has paths of its own, see tenant.test.ts.
  for (const lesson of Object.keys(EXPECTED)) {
    const { fails, nodes, carriers, ...failure } = EXPECTED[lesson] as Lesson;
    it(`says that ${fails ? `${fails} fails, and what reaches pods in the same way, and everything else works` : "everything works"}: ${lesson}`, () => {
      const verdict = judgeStack(lesson);
      const outcomes = outcomesOf(verdict);
      for (const [row, outcome] of Object.entries(outcomes)) {
        assert.equal(outcome, failingWith(fails, nodes).includes(row) ? "fails" : "works", row);
      }
      assert.equal(
        carriers.length === 2,
        "cross-subnet" in outcomes,
        "it has a cross-subnet path only with two subnets",
      );
      assert.deepEqual(
        [carriersOf(verdict)["same-subnet"], carriersOf(verdict)["cross-subnet"]],
        [...carriers, undefined].slice(0, 2),
      );
      const all = failuresOf(verdict);
      assert.deepEqual([...new Set(all.map(({ row }) => row))].sort(), failingWith(fails, nodes).sort());
      for (const { fault } of all) assert.equal(fault, failure.fault);
      const found = all.filter(({ row }) => row === fails);
      assert.equal(found.length, fails ? 3 : 0);
      for (const { hop, cause, fix, reference } of found) {
        assert.equal(hop, failure.hop);
        assert.match(cause, failure.cause as RegExp);
        assert.match(fix, failure.fix as RegExp);
        assert.match(reference, /^https:\/\//);
      }
    });

    it(`names nodes that are not ready only where BGP is blocked: ${lesson}`, () => {
      const { notReady } = judgeStack(lesson);
      assert.equal(notReady.length, lesson === "L6" ? 3 : 0);
    });

    it(`warns of a failure only when no fault causes it: ${lesson}`, () => {
      const warnings = judgeStack(lesson).paths.filter(isWarning);
      assert.equal(warnings.length > 0, ["L5", "L11"].includes(lesson));
    });
  }

  it("quotes the message of calico-node in L6", () => {
    const [first] = judgeStack("L6").notReady;
    assert.match(
      first?.message ?? "",
      /BIRD is not ready: BGP not established with 10\.0\.3\.142,10\.0\.3\.78$/,
    );
  });

  it("says for L2 and L7 that a stateful group can make a broken lab look alive", () => {
    for (const lesson of ["L2", "L7"]) {
      assert.ok(
        judgeStack(lesson).remarks.some((remark) => /stateful.*600 s.*for the first packet/.test(remark)),
      );
    }
  });
});

describe("a lesson with changed values", () => {
  const outcomesAfter = (lesson: string, values: Parameters<typeof changed>[1]) =>
    outcomesOf(judge(planLab(changed(stackConfig(lesson), values))));

  it("L1 works only when both of its faults are removed", () => {
    const half = judge(planLab(changed(stackConfig("L1"), { faults: ["pod-cidr-blocked"] })));
    assert.match(failuresOf(half)[0]?.cause ?? "", /^the security group has no rule/);
    assert.equal(outcomesAfter("L1", { faults: ["port-security"] })["same-subnet"], "fails");
    assert.equal(outcomesAfter("L1", { faults: [] })["same-subnet"], "works");
  });

  it("L1 with IPIP does not depend on anything that its faults break", () => {
    const { remarks } = judge(planLab(changed(stackConfig("L1"), { encapsulation: "IPIP" })));
    assert.deepEqual(
      remarks.flatMap((remark) => /^fault (\S+) changes nothing here/.exec(remark)?.[1] ?? []),
      ["port-security", "pod-cidr-blocked"],
    );
  });

  it("L5 works with natOutgoing", () => {
    assert.equal(outcomesAfter("L5", { natOutgoing: true })["pod-to-internet"], "works");
  });

  it("L6 without its first fault is L7, and without its second L8", () => {
    assert.deepEqual(
      planLab(changed(stackConfig("L6"), { faults: ["ipip-blocked"] })),
      planLab(stackConfig("L7")),
    );
    assert.deepEqual(planLab(changed(stackConfig("L7"), { faults: [] })), planLab(stackConfig("L8")));
  });

  it("L6 with VXLAN has no path that needs BGP, but calico-node is not ready", () => {
    const verdict = judge(planLab(changed(stackConfig("L6"), { encapsulation: "VXLAN" })));
    assert.deepEqual([...new Set(Object.values(outcomesOf(verdict)))], ["works"]);
    assert.equal(verdict.notReady.length, 3);
  });

  it("L9 without its fault is L10", () => {
    assert.deepEqual(planLab(changed(stackConfig("L9"), { faults: [] })), planLab(stackConfig("L10")));
  });

  it("L11 works with a route per node block, or as L12 with CrossSubnet", () => {
    assert.equal(outcomesAfter("L11", { podRoutes: "static" })["cross-subnet"], "works");
    assert.deepEqual(
      planLab(changed(stackConfig("L11"), { encapsulation: "IPIPCrossSubnet" })),
      planLab(stackConfig("L12")),
    );
  });

  it("L15 joins its sites once a side starts the tunnel: hosts reach each other with ttl 62", () => {
    assert.deepEqual([...new Set(Object.values(outcomesAfter("L15", { faults: [] })))], ["works"]);
    const plan = planLab(changed(stackConfig("L15"), { faults: [] }));
    assert.deepEqual(
      plan.subnets.map(({ cidr }) => cidr),
      ["192.168.1.0/24", "172.31.0.0/16"],
    );
    const [host, other] = ["cp1", "w2"].map((name) => plan.nodes.find((node) => node.name === name));
    assert.ok(host && other);
    const probe = { protocol: "icmp", size: 84 } as const;
    const { outcome, hops } = trace(plan, asSource(host), { kind: "node", node: other }, probe);
    const [header] = hops.filter(({ direction }) => direction === "back").at(-1)?.in?.headers ?? [];
    assert.deepEqual([outcome, header?.kind === "ipv4" && header.ttl], ["works", 62]);
  });

  it("L4, L9 and L11 have the routes that `ip route` showed in the original labs", () => {
    const route = (lesson: string, peer: string) => {
      const plan = planLab(stackConfig(lesson));
      const [cp1, other] = ["cp1", peer].map((name) => plan.nodes.find((node) => node.name === name));
      assert.ok(cp1 && other);
      return routeTo(plan, cp1, other);
    };
    assert.deepEqual(route("L4", "w3"), {
      block: "172.16.0.192/26",
      via: "192.168.20.100",
      device: "tunl0",
      onlink: true,
    });
    assert.deepEqual(route("L9", "w1"), {
      block: "172.16.0.64/26",
      via: "10.0.3.142",
      device: "ens5",
      onlink: false,
    });
    assert.deepEqual(route("L11", "w3"), {
      block: "172.16.0.192/26",
      via: "10.0.3.1",
      device: "ens5",
      onlink: false,
    });
  });
});
