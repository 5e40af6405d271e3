/** What is read on the nodes of a cluster: routes, devices, BGP, the reasons of calico-node. */
import assert from "node:assert/strict";
import { withFaults } from "../../../components/plan";
import { decode, isReadyAsJudged, parseSessions, sessionsAmiss } from "../../../components/study/cluster/bgp";
import { filterOf } from "../../../components/study/cluster/captures";
import { checkNames, predictions } from "../../../components/study/cluster/dns";
import { Field } from "../../../components/study/cluster/field";
import { answersOf, askNodePorts, nodePortChecks } from "../../../components/study/cluster/nodeports";
import { blockLines, checkFacts, factsOf, routesAmiss } from "../../../components/study/cluster/nodes";
import { planOf } from "../../support/problems";

const ON_HOSTS = { cloud: "hosts", hosts: { machines: "containers" } };
const plan = planOf({ ...ON_HOSTS, encapsulation: "VXLANCrossSubnet" });
const affinity = (cidr: string, node: string, state = "confirmed") => ({
  metadata: { name: `${node}-${cidr}` },
  spec: { cidr, node, state },
});
const BLOCKS = blockLines([
  affinity("172.16.176.0/26", "cp1"),
  affinity("172.16.190.64/26", "w1"),
  affinity("172.16.80.192/26", "w2"),
  affinity("172.16.99.0/26", "w2", "pendingDeletion"),
]);
/** As a node of a real cluster printed them. */
const ROUTES = `default via 10.0.3.1 dev eth0
10.0.3.0/24 dev eth0 proto kernel scope link src 10.0.3.10
172.16.80.192/26 via 172.16.80.192 dev vxlan.calico onlink
blackhole 172.16.176.0/26 proto 80
172.16.176.4 dev cali8c1e30702fa scope link
172.16.190.64/26 via 10.0.3.11 dev eth0 proto 80 onlink`;
const LINKS = `1: lo: <LOOPBACK,UP,LOWER_UP> mtu 65536 qdisc noqueue state UNKNOWN mode DEFAULT\\    link/loopback
2: eth0@if5: <BROADCAST,MULTICAST,UP> mtu 1500 qdisc noqueue state UP mode DEFAULT\\    link/ether 02:00
4: vxlan.calico: <BROADCAST,MULTICAST,UP> mtu 1450 qdisc noqueue state UNKNOWN mode DEFAULT\\    link/ether 66:ca`;
const ADDRESSES = `1: lo    inet 127.0.0.1/8 scope host lo\\       valid_lft forever
2: eth0    inet 10.0.3.10/24 brd 10.0.3.255 scope global eth0\\       valid_lft forever
4: vxlan.calico    inet 172.16.176.0/32 scope global vxlan.calico\\       valid_lft forever`;
const printed = (...outputs: string[]) =>
  outputs.map((output) => ({ where: "cp1", command: "", exit: 0, output }));

describe("a node's routes", () => {
  it("are as planned: directly inside the subnet, by the tunnel to another", () => {
    assert.deepEqual(routesAmiss(plan, "cp1", BLOCKS, ROUTES), []);
  });

  it("are named where one is missing, or takes another device, or is another programmer's", () => {
    const amiss = (...changes: [string, string][]) =>
      routesAmiss(
        plan,
        "cp1",
        BLOCKS,
        changes.reduce((text, [a, b]) => text.replace(a, b), ROUTES),
      ).join();
    assert.match(
      amiss(["via 172.16.80.192 dev vxlan.calico", "via 10.0.3.1 dev eth0"]),
      /172\.16\.80\.192\/26 by vxlan\.calico \(Felix\), and has 172\.16\.80\.192\/26 via 10\.0\.3\.1/,
    );
    assert.match(
      amiss(["172.16.190.64/26 via 10.0.3.11 dev eth0 proto 80 onlink", ""]),
      /172\.16\.190\.64\/26 directly .* has no route$/,
    );
    assert.match(amiss(["eth0 proto 80", "eth0 proto bird"]), /172\.16\.190\.64\/26 directly/);
  });

  it("are not looked at without Calico", () => {
    const none = planOf({ ...ON_HOSTS, encapsulation: "None", calico: { install: "none" } });
    assert.deepEqual(routesAmiss(none, "cp1", BLOCKS, ""), []);
  });
});

describe("a node's facts", () => {
  const facts = factsOf(plan, "cp1", {
    ran: printed(ROUTES, LINKS, ADDRESSES),
    pod: printed("1450\n"),
    recordedAddress: "10.0.3.10/24",
  });

  it("are its NIC, its tunnel, its pods' MTU and the routes to pods", () => {
    const { routes, ...others } = facts;
    assert.deepEqual(others, {
      node: "cp1",
      recordedAddress: "10.0.3.10/24",
      nic: { device: "eth0", mtu: 1500 },
      tunnel: { device: "vxlan.calico", mtu: 1450, address: "172.16.176.0" },
      podMtu: 1450,
    });
    assert.equal(routes.length, 4);
    assert.ok(checkFacts(plan, facts).every(({ agrees }) => agrees));
    assert.equal(checkFacts(plan, facts).length, 4);
  });

  it("differ loudly where the link carries less than the plan believes, or the address is recorded as /32", () => {
    const wrong = checkFacts(plan, {
      ...facts,
      nic: { device: "eth0", mtu: 1442 },
      recordedAddress: "10.0.3.10/32",
    }).filter(({ agrees }) => !agrees);
    assert.deepEqual(
      wrong.map(({ name, predicted, observed }) => [name, predicted, observed]),
      [
        ["MTU of the link of cp1", "1500", "1442"],
        ["recorded address of cp1", "10.0.3.10/24", "10.0.3.10/32"],
      ],
    );
    assert.match(wrong[0]?.explanation ?? "", /encaplab:mtu: 1442/);
  });

  it("are unknown where nothing could be read, which is no difference", () => {
    const dead = factsOf(plan, "w1", { ran: [], pod: [] });
    assert.deepEqual([dead, checkFacts(plan, dead)], [{ node: "w1", routes: [] }, []]);
  });
});

describe("BGP sessions", () => {
  const PROTOCOLS = `BIRD v0.3.3+birdv1.6.8 ready.
name     proto    table    state  since       info
static1  Static   master   up     08:12:03
kernel1  Kernel   master   up     08:12:03
Mesh_10_0_3_11 BGP      master   up     08:12:20    Established
Mesh_10_0_4_10 BGP      ---      start  2026-11-25 08:12:04  Connect       Socket: Connection closed
Mesh_10_0_4_11 BGP      ---      start  08:12:04.125 Active`;

  it("are read from BIRD 1 and 2, by the peer's address", () => {
    assert.deepEqual(parseSessions(PROTOCOLS), {
      "10.0.3.11": "Established",
      "10.0.4.10": "Connect",
      "10.0.4.11": "Active",
    });
  });

  it("are waited for where the plan has them", () => {
    assert.deepEqual(sessionsAmiss(plan, { cp1: parseSessions(PROTOCOLS) }), [
      "cp1 has no BGP session with w2",
      "cp1 has no BGP session with w3",
    ]);
  });

  it("are waited for with a gateway that speaks BGP, too: the router's", () => {
    const learned = { ...plan, bgp: { ...plan.bgp, mesh: false, gatewayAsNumber: 64512 } };
    const missing = ["cp1 has no BGP session with the gateway 10.0.3.1"];
    assert.deepEqual(sessionsAmiss(learned, { cp1: { "10.0.3.1": "Active" } }), missing);
    assert.deepEqual(sessionsAmiss(learned, { cp1: { "10.0.3.1": "Established" } }), []);
  });

  const nameOf = (address: string) => (address === "10.0.3.11" ? "w1" : "w2");
  const causes: [string, string, Parameters<typeof decode>[2], RegExp][] = [
    [
      "a closed port",
      "calico/node is not ready: BIRD is not ready: BGP not established with 10.0.3.11,10.0.4.10",
      { "10.0.3.11": "no answer", "10.0.4.10": "refused" },
      /w1: TCP 179 is not answered.*; w2: TCP 179 is refused: BIRD does not run there/,
    ],
    [
      "a session that is starting",
      "BIRD is not ready: BGP not established with 10.0.3.11",
      { "10.0.3.11": "open" },
      /w1: TCP 179 is open/,
    ],
    [
      "no BIRD",
      "BIRD is not ready: Error querying BIRD: unable to connect to BIRDv4 socket: dial unix /var/run/calico/bird.ctl: connect: no such file or directory",
      {},
      /BIRD does not run/,
    ],
    [
      "a start that has not ended",
      "BIRD is not ready: Failed to stat() nodename file: stat /var/lib/calico/nodename: no such file or directory",
      {},
      /has not finished its start/,
    ],
    ["something unknown", "felix has gone fishing", {}, /^felix has gone fishing$/],
  ];
  for (const [name, message, ports, cause] of causes)
    it(`give a cause for a calico-node that is not ready: ${name}`, () => {
      assert.match(decode(message, nameOf, ports), cause);
    });
});

describe("calico-node's readiness", () => {
  const pod = (node: string, status: "True" | "False") => ({
    kind: "Pod",
    apiVersion: "v1",
    metadata: { name: `calico-${node}` },
    spec: { nodeName: node },
    status: { conditions: [{ type: "Ready", status }] },
  });
  const all = (status: "True" | "False") => ["cp1", "w1", "w2", "w3"].map((node) => pod(node, status));

  it("is waited for until it is what the verdict says, ready or not", () => {
    const plan = planOf({ cloud: "aws", encapsulation: "VXLAN" });
    assert.equal(isReadyAsJudged(plan, all("True")), true);
    assert.equal(isReadyAsJudged(plan, [...all("True").slice(1), pod("cp1", "False")]), false);
    assert.equal(isReadyAsJudged(plan, all("True").slice(1)), false, "there is no such pod");
    const blocked = planOf({ cloud: "aws", encapsulation: "VXLAN", faults: ["bgp-blocked"] });
    assert.equal(isReadyAsJudged(blocked, all("True")), false, "Kubernetes has not asked it yet");
    assert.equal(isReadyAsJudged(blocked, all("False")), true);
    const none = planOf({ cloud: "hosts", hosts: { machines: "containers" }, calico: { install: "none" } });
    assert.equal(isReadyAsJudged(none, []), true);
  });
});

describe("a capture's filter", () => {
  it("takes the packet on its own, in protocol 4, or in VXLAN, and to a port only where it is not behind a Service", () => {
    const match = { protocol: "tcp", destination: "172.16.1.2", source: "172.16.0.1" } as const;
    const filter = filterOf({ match, destination: "172.16.1.2", port: 8080 });
    assert.equal(
      filter,
      "(ip proto 6 and dst host 172.16.1.2 and src host 172.16.0.1 and dst port 8080)" +
        " or (ip proto 4 and ip[29:1] = 6 and ip[36:4] = 0xac100102 and ip[32:4] = 0xac100001)" +
        " or (udp dst port 4789 and udp[39:1] = 6 and udp[46:4] = 0xac100102 and udp[42:4] = 0xac100001)",
    );
    assert.doesNotMatch(filterOf({ match, destination: "10.96.0.11", port: 80 }), /dst port 8?0/);
  });
});

describe("a NodePort", () => {
  it("answers a pod on every node with Cluster, and with Local on the endpoint's node and the pod's own", () => {
    const answering = (encapsulation: string, policy: "Cluster" | "Local") => {
      const lab = planOf({ ...ON_HOSTS, encapsulation });
      const answers = answersOf(lab);
      const [from] = lab.nodes;
      assert.ok(from);
      return lab.nodes
        .filter((entry) => answers({ from, entry, service: "service-b", policy }))
        .map(({ name }) => name);
    };
    // The endpoint is on w3.
    assert.deepEqual(answering("VXLAN", "Cluster"), ["cp1", "w1", "w2", "w3"]);
    assert.deepEqual(answering("VXLAN", "Local"), ["cp1", "w3"]);
    assert.deepEqual(answering("None", "Cluster"), ["w2", "w3"]);
    assert.deepEqual(answering("None", "Local"), ["w3"]);
  });

  it("answers a pod by the way to its node, and by that from there to the endpoint, as a real Calico with several IPPools does", () => {
    // As observed: Calico 3.28.5, kube-proxy 1.34.4 in mode iptables.
    const lab = planOf({
      ...ON_HOSTS,
      podCidr: "172.16.0.0/15",
      ipPools: [
        {
          name: "near",
          cidr: "172.16.0.0/17",
          encapsulation: "None",
          natOutgoing: false,
          nodes: ["cp1", "w1"],
        },
        { name: "far", cidr: "172.16.128.0/17", encapsulation: "VXLANCrossSubnet", nodes: ["w2", "w3"] },
        { name: "tunnels", cidr: "172.17.0.0/20", encapsulation: "VXLAN", allowedUses: ["Tunnel"] },
      ],
    });
    const answers = answersOf(lab);
    const table = lab.nodes.flatMap((from) =>
      ["service-a", "service-b"].flatMap((service) =>
        (["Cluster", "Local"] as const).map((policy) => {
          const own = lab.nodes.filter((entry) => answers({ from, entry, service, policy }));
          return `${from.name} ${service} ${policy}: ${own.map(({ name }) => name).join(" ")}`;
        }),
      ),
    );
    assert.deepEqual(table, [
      "cp1 service-a Cluster: cp1 w1",
      "cp1 service-a Local: cp1 w1",
      "cp1 service-b Cluster: cp1 w1",
      "cp1 service-b Local: ",
      "w1 service-a Cluster: cp1 w1",
      "w1 service-a Local: cp1 w1",
      "w1 service-b Cluster: cp1 w1",
      "w1 service-b Local: ",
      "w2 service-a Cluster: cp1 w1",
      "w2 service-a Local: w1",
      "w2 service-b Cluster: cp1 w1 w2 w3",
      "w2 service-b Local: w2 w3",
      "w3 service-a Cluster: cp1 w1",
      "w3 service-a Local: w1",
      "w3 service-b Cluster: cp1 w1 w2 w3",
      "w3 service-b Local: w3",
    ]);
  });

  it("is asked with those that should not answer apart from the others, and makes one check with them", async () => {
    const lab = planOf({ ...ON_HOSTS, encapsulation: "VXLAN" });
    const names = lab.nodes.map(({ name }) => `${name}-1`);
    const place = (name: string) => ({ name, namespace: "n", pod: name, container: "c", address: "" });
    const field = new Field(
      {
        run: async (_place, [, , script = ""]) => {
          const count = script.match(/^p \d+ /gm)?.length ?? 0;
          const codes = Array.from({ length: count }, (_, i) => `@encaplab@${i} ${code}\n\n`);
          return { code: 0, output: codes.join("") };
        },
      },
      { ready: new Map(names.map((name) => [name, place(name)])), missing: new Map() },
    );
    let code = 1;
    const silent = await askNodePorts(field, { plan: lab, real: lab, isAnswered: false });
    code = 0;
    const answered = await askNodePorts(field, { plan: lab, real: lab, isAnswered: true });
    assert.ok(silent.length > 0 && silent.every(({ policy }) => policy === "Local"));
    const checks = nodePortChecks(lab, lab, [...silent, ...answered]);
    assert.equal(checks.length, lab.nodes.length * lab.services.length * 2);
    assert.ok(checks.every(({ agrees }) => agrees));
    const [first, ...others] = [...silent, ...answered];
    const without = nodePortChecks(lab, lab, [
      { ...first, exit: undefined } as typeof first & object,
      ...others,
    ]);
    assert.equal(without.length, checks.length - 1, "one that could not be asked leaves its check out");
  });

  it("is not predicted where a cloud's group may close it", () => {
    const onAws = planOf({ cloud: "aws" });
    const [from] = onAws.nodes;
    assert.ok(from);
    assert.equal(answersOf(onAws)({ from, entry: from, service: "service-a", policy: "Cluster" }), undefined);
  });
});

describe("DNS", () => {
  it("is predicted where all servers can be reached or none, and nowhere else", () => {
    const none = planOf({ ...ON_HOSTS, encapsulation: "None" });
    const from = (servers: string[]) => ["cp1", "w1", "w2"].map(predictions(none, servers));
    assert.deepEqual(from(["cp1"]), ["works", "works", "fails"]);
    assert.deepEqual(from(["w1", "w2"]), [undefined, undefined, undefined]);
  });

  it("is predicted to work where no server is ready, unless the plan knows that", () => {
    const healthy = planOf(ON_HOSTS);
    assert.equal(predictions(healthy, [])("w1"), "works");
    assert.equal(predictions(withFaults(healthy, ["dns-loop"]), [])("w1"), "fails");
  });

  it("that no ready server answers is a disagreement", async () => {
    const plan = planOf(ON_HOSTS);
    const field = {
      each: (nodes: typeof plan.nodes, ask: (node: (typeof plan.nodes)[0]) => unknown) =>
        Promise.all(nodes.map(ask)),
      missing: () => undefined,
      run: async () => [{ where: "", command: "", exit: 6, output: " 0.000000" }],
    } as unknown as Field;
    const checks = await checkNames({ api: { list: async () => [] }, field, plan });
    assert.equal(checks.length, plan.nodes.length);
    for (const { predicted, observed, agrees, explanation } of checks)
      assert.deepEqual(
        [predicted, observed, agrees, explanation],
        ["works", "fails", false, "no CoreDNS is ready (dns-loop)"],
      );
  });
});
