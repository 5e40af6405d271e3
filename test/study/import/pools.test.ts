/** Several IPPools of a cluster as the key `ipPools`, and Calico's selectors. */
import assert from "node:assert/strict";
import * as fc from "fast-check";
import { judge } from "../../../components/plan";
import { selectorIn } from "../../../components/study/import/selector";
import { imported, keysOf, notExpressed, poolYaml } from "../../support/imports";

const nodeYaml = (name: string, ip: string, labels: string) =>
  `apiVersion: v1\nkind: Node\nmetadata:\n  name: ${name}\n  labels: {${labels}}\n  annotations: {projectcalico.org/IPv4Address: ${ip}/24}\nstatus: {addresses: [{type: InternalIP, address: ${ip}}]}\n---\n`;

const nodes =
  nodeYaml("cp1", "10.20.1.10", 'zone: a, node-role.kubernetes.io/control-plane: ""') +
  nodeYaml("w1", "10.20.1.11", "zone: a") +
  nodeYaml("w2", "10.20.2.12", "zone: b");

const pools = (...texts: string[]) => texts.join("---\n");
const poolsOf = (...texts: string[]) => keysOf(imported(nodes, pools(...texts)), "podCidr", "ipPools");

describe("an import of several IPPools", () => {
  const a = poolYaml(
    "cidr: 10.244.0.0/18, ipipMode: Always, natOutgoing: true, nodeSelector: zone == 'a'",
    "zone-a",
  );
  const b = poolYaml(
    "cidr: 10.244.64.0/18, blockSize: 28, vxlanMode: CrossSubnet, nodeSelector: \"zone == 'b'\"",
    "zone-b",
  );

  it("has each with its mode, its block size, its NAT, and the nodes that its selector selects by their labels", () => {
    assert.deepEqual(poolsOf(a, b), [
      "10.244.0.0/17",
      [
        { name: "zone-a", cidr: "10.244.0.0/18", blockSize: 26, natOutgoing: true, nodes: ["cp1", "w1"] },
        {
          name: "zone-b",
          cidr: "10.244.64.0/18",
          encapsulation: "VXLANCrossSubnet",
          blockSize: 28,
          natOutgoing: false,
          nodes: ["w2"],
        },
      ],
    ]);
    assert.deepEqual(
      imported(nodes, pools(a, b)).plan.nodes.map(({ name, pool }) => [name, pool]),
      [
        ["cp1", "zone-a"],
        ["w1", "zone-a"],
        ["w2", "zone-b"],
      ],
    );
    assert.equal(notExpressed(nodes, pools(a, b)), "");
  });

  it("has a selector of host names, a disabled pool, and one for tunnels alone", () => {
    const host = poolYaml("cidr: 10.244.64.0/18, nodeSelector: kubernetes.io/hostname == 'w2'", "host");
    const rest = poolYaml("cidr: 10.244.0.0/18, ipipMode: Always", "rest");
    const old = poolYaml("cidr: 10.250.0.0/16, disabled: true", "old");
    const tunnels = poolYaml("cidr: 10.244.128.0/24, vxlanMode: Always, allowedUses: [Tunnel]", "tunnels");
    const [, ipPools] = poolsOf(host, rest, old, tunnels) as [string, { name: string }[]];
    const named = (wanted: string) => ipPools.find(({ name }) => name === wanted);
    assert.deepEqual((named("host") as { nodes?: string[] }).nodes, ["w2"]);
    assert.equal((named("old") as { disabled?: boolean }).disabled, true);
    assert.deepEqual((named("tunnels") as { allowedUses?: string[] }).allowedUses, ["Tunnel"]);
  });

  it("moves pools without a range in common that is free of nodes, and says so", () => {
    const far = poolYaml("cidr: 192.168.0.0/16, nodeSelector: zone == 'b'", "far");
    const lab = imported(nodes, pools(a, far));
    assert.deepEqual(keysOf(lab, "podCidr"), ["172.16.0.0/16"]);
    assert.deepEqual(
      lab.plan.ipPools?.map(({ name, cidr }) => `${name} ${cidr}`),
      ["far 172.16.0.0/17", "zone-a 172.16.128.0/17"],
    );
    assert.match(lab.assumptions.join(), /no range has all IPPools in it .*far is 172\.16\.0\.0\/17/);
  });

  it("gives pools other names in the same order, where the lab cannot have theirs", () => {
    const named = (name: string, cidr: string) => poolYaml(`cidr: ${cidr}`, name);
    const lab = imported(nodes, pools(named("B.pool", "10.244.64.0/18"), named("A.pool", "10.244.0.0/18")));
    assert.deepEqual(
      lab.plan.ipPools?.map(({ name, cidr }) => `${name} ${cidr}`),
      ["pool-01 10.244.0.0/18", "pool-02 10.244.64.0/18"],
    );
    assert.match(lab.assumptions.join(), /pool-01 is A\.pool, pool-02 is B\.pool/);
  });

  it("lists what it cannot express: other uses, selectors of no node, nodes of no pool, and blocks of another pool", () => {
    const balancer = poolYaml("cidr: 10.251.0.0/24, allowedUses: [LoadBalancer]", "balancer");
    const nowhere = poolYaml("cidr: 10.245.0.0/24, nodeSelector: zone == 'z'", "nowhere");
    const broken = poolYaml("cidr: 10.246.0.0/24, nodeSelector: zone is b", "broken");
    const block =
      "apiVersion: crd.projectcalico.org/v1\nkind: BlockAffinity\nmetadata: {name: x}\nspec: {cidr: 10.244.64.0/28, node: w1}\n";
    const left = notExpressed(nodes, pools(a, b, balancer, nowhere, broken), block);
    assert.match(left, /IPPool balancer .*: it is only for LoadBalancer, which the lab has not/);
    assert.match(left, /IPPool nowhere .*selects none of the nodes/);
    assert.match(left, /IPPool broken .*its node selector zone is b cannot be read/);
    assert.match(left, /w1 has blocks of zone-b: .*in the lab its pods are in zone-a/);
    assert.match(
      notExpressed(nodes, pools(a)),
      /no enabled IPPool selects the node w2, .*in the lab its pods are in zone-a/,
    );
  });

  it("names the pool that a node lacks, where pods reach nodes of another pool only in one direction", () => {
    const none = poolYaml("cidr: 10.244.0.0/18, nodeSelector: zone == 'a'", "zone-a");
    const causes = judge(imported(nodes, pools(none, b)).plan).paths.flatMap(
      ({ failure }) => failure?.cause ?? [],
    );
    assert.ok(
      causes.some((cause) => /no enabled IPPool with VXLAN selects cp1/.test(cause)),
      causes.join("\n"),
    );
  });
});

describe("a selector of Calico's", () => {
  const labels = { zone: "a", "kubernetes.io/hostname": "w1", gpu: "" };
  const CASES: [text: string, selects: boolean | undefined][] = [
    ["all()", true],
    ["!all()", false],
    ["", true],
    ["zone == 'a'", true],
    ['zone == "b"', false],
    ["zone != 'b'", true],
    ["rack != '1'", true],
    ["has(gpu) && !has(rack)", true],
    ["zone in { 'b', 'a' }", true],
    ["zone not in {'a'}", false],
    ["rack in {'1'} || (zone == 'a' && kubernetes.io/hostname == 'w1')", true],
    ["zone == 'b' && zone == 'a' || has(zone)", true],
    ["kubernetes.io/hostname starts with 'w'", true],
    ["kubernetes.io/hostname ends with '2'", false],
    ["kubernetes.io/hostname contains 'w'", true],
    ["zone ==", undefined],
    ["zone == a", undefined],
    ["(zone == 'a'", undefined],
    ["zone == 'a' zone", undefined],
    ["zone in {'a'", undefined],
    [`${"!(".repeat(60)}all()${")".repeat(60)}`, undefined],
  ];
  for (const [text, selects] of CASES)
    it(`${selects === undefined ? "is not read" : selects ? "selects" : "does not select"}: ${text.slice(0, 70) || "(empty)"}`, () => {
      assert.equal(selectorIn(text)?.(labels), selects);
    });

  it("is never an error, whatever the text", () => {
    const parts = fc.constantFrom(
      "all()",
      "has(a)",
      "!",
      "(",
      ")",
      "&&",
      "||",
      "a",
      "==",
      "'x'",
      "in",
      "{",
      "}",
      ",",
      " ",
    );
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string(),
          fc.array(parts).map((words) => words.join(" ")),
        ),
        (text) => {
          const selector = selectorIn(text);
          assert.ok(selector === undefined || typeof selector({}) === "boolean");
        },
      ),
    );
  });
});
