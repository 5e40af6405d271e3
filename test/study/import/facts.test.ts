/** What each kind of input says, and the config that is made of it. */
import assert from "node:assert/strict";
import { faultLabel } from "../../../components/config";
import {
  factsOf,
  imported,
  keysOf,
  NODES,
  nodesYaml,
  notExpressed,
  poolYaml,
  problemsIn,
} from "../../support/imports";

const nodes = nodesYaml(NODES);
const faultsOf = (...texts: Parameters<typeof imported>) => imported(...texts).plan.faults.map(faultLabel);
const subnetsOf = (...texts: Parameters<typeof imported>) =>
  imported(...texts).plan.subnets.map(({ name, cidr }) => `${name} ${cidr}`);

describe("an imported pool", () => {
  const spec = (text: string) =>
    keysOf(imported(nodes, poolYaml(text)), "encapsulation", "natOutgoing", "blockSize");

  it("has the encapsulation of its two modes, and the API's defaults for what is left out", () => {
    assert.deepEqual(spec("cidr: 10.1.0.0/16, ipipMode: Always, natOutgoing: true"), ["IPIP", true, 26]);
    assert.deepEqual(spec("cidr: 10.1.0.0/16, ipipMode: CrossSubnet"), ["IPIPCrossSubnet", false, 26]);
    assert.deepEqual(spec("cidr: 10.1.0.0/16, vxlanMode: Always, ipipMode: Never"), ["VXLAN", false, 26]);
    assert.deepEqual(spec("cidr: 10.1.0.0/16, vxlanMode: CrossSubnet"), ["VXLANCrossSubnet", false, 26]);
    assert.deepEqual(spec("cidr: 10.1.0.0/16, blockSize: 24, ipipMode: ''"), ["None", false, 24]);
  });

  it("has the mode of the one with the most blocks, if there are several, and each pool is one of the lab", () => {
    const pools = [
      poolYaml("cidr: 10.1.0.0/16, ipipMode: Always", "first"),
      poolYaml("cidr: 10.2.0.0/16, vxlanMode: Always, nodeSelector: zone == 'b'", "second"),
      poolYaml("cidr: 10.3.0.0/16, disabled: true", "third"),
      poolYaml("cidr: fd00::/48", "sixth"),
    ].join("---\n");
    const block =
      "apiVersion: crd.projectcalico.org/v1\nkind: BlockAffinity\nmetadata: {name: x}\nspec: {cidr: 10.2.0.64/26, node: w1}\n";
    assert.deepEqual(keysOf(imported(nodes, pools), "podCidr", "encapsulation"), ["10.1.0.0/16", "IPIP"]);
    const lab = imported(nodes, pools, block);
    assert.deepEqual(keysOf(lab, "podCidr", "encapsulation"), ["10.0.0.0/14", "VXLAN"]);
    assert.deepEqual(
      lab.plan.ipPools?.map(({ name, cidr, encapsulation, disabled }) => [
        name,
        cidr,
        encapsulation,
        disabled,
      ]),
      [
        ["first", "10.1.0.0/16", "IPIP", false],
        ["second", "10.2.0.0/16", "VXLAN", false],
        ["third", "10.3.0.0/16", "None", true],
      ],
    );
    assert.match(
      notExpressed(nodes, pools),
      /IPPool second .*: its node selector zone == 'b' selects none of the nodes/,
    );
    const left = notExpressed(nodes, pools, block);
    assert.match(left, /IPPool sixth: its range fd00::\/48 is IPv6/);
  });

  it("comes from an IPPool before the Installation, and before calico-node's environment", () => {
    const installation =
      "apiVersion: operator.tigera.io/v1\nkind: Installation\nmetadata: {name: default}\nspec: {calicoNetwork: {mtu: 1400, ipPools: [{cidr: 10.9.0.0/16, encapsulation: VXLAN}]}}\n";
    const daemonSet =
      "apiVersion: apps/v1\nkind: DaemonSet\nmetadata: {name: calico-node}\nspec: {template: {spec: {containers: [{name: calico-node, image: 'docker.io/calico/node:v3.26.1', env: [{name: CALICO_IPV4POOL_CIDR, value: 10.8.0.0/16}, {name: CALICO_IPV4POOL_IPIP, value: CrossSubnet}]}]}}}\n";
    assert.deepEqual(keysOf(imported(nodes, daemonSet), "podCidr", "encapsulation", "calicoVersion"), [
      "10.8.0.0/16",
      "IPIPCrossSubnet",
      "3.26.1",
    ]);
    assert.deepEqual(keysOf(imported(nodes, daemonSet, installation), "podCidr", "encapsulation"), [
      "10.9.0.0/16",
      "VXLAN",
    ]);
    assert.deepEqual(keysOf(imported(nodes, daemonSet, installation, poolYaml()), "podCidr"), [
      "172.16.0.0/16",
    ]);
  });

  it("is known by the routes, if there is no IPPool", () => {
    const routes = (lines: string) => ({
      file: "w1.txt",
      text: `10.20.1.0/24 dev eth0 proto kernel scope link src 10.20.1.11\n${lines}`,
    });
    const tunnel = "192.168.7.0/26 via 10.20.2.12 dev tunl0 proto bird onlink\n";
    const direct = "192.168.9.0/26 via 10.20.1.10 dev eth0 proto bird\n";
    const modeOf = (lines: string) =>
      keysOf(imported(nodes, routes(lines)), "encapsulation", "podCidr", "blockSize");
    assert.deepEqual(modeOf(tunnel), ["IPIP", "192.168.0.0/16", 26]);
    assert.deepEqual(modeOf(tunnel + direct), ["IPIPCrossSubnet", "192.168.0.0/16", 26]);
    assert.deepEqual(modeOf(direct), ["None", "192.168.0.0/16", 26]);
    assert.deepEqual(modeOf("10.233.64.0/24 via 10.233.64.0 dev vxlan.calico onlink\n"), [
      "VXLAN",
      "10.233.0.0/16",
      24,
    ]);
    assert.match(
      imported(nodes, routes(tunnel)).assumptions.join("\n"),
      /no IPPool was given: encapsulation IPIP .*w1\.txt:2/,
    );
  });

  it("that overlaps the nodes is moved, and the page says that the cluster must not be so", () => {
    const text = "cidr: 10.20.0.0/16, ipipMode: Always";
    assert.deepEqual(keysOf(imported(nodes, poolYaml(text)), "podCidr"), ["172.16.0.0/16"]);
    assert.match(
      notExpressed(nodes, poolYaml(text)),
      /10\.20\.0\.0\/16 overlaps 10\.20\.1\.0\/24, where nodes are.*Make the ranges distinct/,
    );
  });

  it("gets blocks that are small enough for all nodes, and large enough for the study's pods", () => {
    assert.deepEqual(
      keysOf(imported(nodes, poolYaml("cidr: 10.7.0.0/24, blockSize: 24")), "blockSize"),
      [26],
    );
    assert.deepEqual(
      keysOf(imported(nodes, poolYaml("cidr: 10.7.0.0/24, blockSize: 32")), "blockSize"),
      [30],
    );
    assert.deepEqual(
      keysOf(imported(nodes, poolYaml("cidr: 10.7.0.0/30, blockSize: 32")), "blockSize", "podCidr"),
      [26, "172.16.0.0/16"],
    );
  });
});

describe("imported nodes", () => {
  it("are in the subnets that Calico's prefix lengths say, else in assumed ones", () => {
    assert.deepEqual(subnetsOf(nodes, poolYaml()), ["a 10.20.1.0/24", "b 10.20.2.0/24"]);
    const bare = nodesYaml(NODES.map((node) => ({ ...node, recorded: "" })));
    const { assumptions } = imported(bare, poolYaml());
    assert.match(assumptions.join("\n"), /how large the subnet of cp1, w1 is: assumed 10\.20\.1\.0\/24/);
  });

  it("are in the subnet that the node's own route says, and of two that overlap in the larger one", () => {
    const route = {
      file: "w1.txt",
      text: "10.20.0.0/22 dev ens3 proto kernel scope link src 10.20.1.11 metric 100\n",
    };
    assert.deepEqual(subnetsOf(nodes, poolYaml(), route), ["a 10.20.0.0/22"]);
  });

  it("get names that a lab can have", () => {
    const named = (...names: string[]) =>
      imported(
        nodesYaml(names.map((name, i) => ({ name, ip: `10.20.1.${20 + i}` }))),
        poolYaml(),
      ).plan.nodes.map(({ name }) => name);
    assert.deepEqual(named("ip-10-0-0-1.eu-central-1.compute.internal", "Node_B"), ["ip-10-0-0-1", "node-b"]);
    // `node-1` is a pod of `node` in a lab, and `router` a part of the twin.
    assert.deepEqual(named("node", "node-1", "router"), ["node", "nodex1", "routerx1"]);
    assert.deepEqual(named("1st", "w1.a", "w1.b"), ["n-1st", "w1", "wx1"]);
    const long = named("a".repeat(60), "a".repeat(61));
    assert.ok(long.every((name) => name.length <= 30) && new Set(long).size === 2);
  });

  it("are those whose addresses stand in routes and sessions, if there is no Node", () => {
    const text = `root@k1:~# ip route
default via 10.20.1.1 dev eth0
10.20.1.0/24 dev eth0 proto kernel scope link src 10.20.1.10
192.168.7.0/26 via 10.20.2.12 dev tunl0 proto bird onlink
blackhole 192.168.8.0/26 proto bird
`;
    const { plan } = imported({ file: "issue.txt", text }, poolYaml());
    assert.deepEqual(
      plan.nodes.map(({ name, address, role }) => `${name} ${address} ${role}`),
      ["cp1 10.20.1.10 control-plane", "w1 10.20.2.12 worker"],
    );
  });

  it("have one control plane in the lab, whatever the cluster has", () => {
    const { plan, assumptions } = imported(
      nodesYaml(NODES.map((node) => ({ ...node, controlPlane: true }))),
      poolYaml(),
    );
    assert.deepEqual(
      plan.nodes.filter(({ role }) => role === "control-plane").map(({ name }) => name),
      ["cp1"],
    );
    assert.match(assumptions.join("\n"), /3 control planes: in the lab, cp1 is the only one/);
  });

  it("are addressed as Calico does, if Kubernetes has the same address for all of them", () => {
    const vagrant = nodesYaml(
      NODES.map((node, i) => ({ ...node, ip: "10.0.2.15", recorded: `192.168.56.1${i}/24` })),
    );
    assert.deepEqual(
      imported(vagrant, poolYaml()).plan.nodes.map(({ address }) => address),
      ["192.168.56.10", "192.168.56.11", "192.168.56.12"],
    );
    assert.deepEqual(faultsOf(vagrant, poolYaml()), []);
  });

  it("say in which cloud they are", () => {
    const at = (providerId: string) =>
      imported(nodesYaml([{ ...NODES[0], providerId } as (typeof NODES)[number]]), poolYaml()).plan.fabric;
    assert.deepEqual(
      ["aws:///x", "openstack:///x", "azure:///x", "gce://x", "hcloud://1", "ocid1.x", "kind://x"].map(at),
      ["aws", "openstack", "azure", "gcp", "hetzner", "oci", "plain"],
    );
  });

  it("may be at most as many as a lab has, which is one sentence", () => {
    const many = nodesYaml(
      Array.from({ length: 101 }, (_, i) => ({ name: `n${i}`, ip: `10.20.1.${i + 4}` })),
    );
    assert.throws(() => imported(many, poolYaml()), {
      name: "ImportError",
      message:
        /^No lab can have what was read:\n {2}- topology 101 nodes .*: must have at most 100 nodes with bgp: mesh/,
    });
  });
});

describe("faults that the facts show", () => {
  const status = (rows: string) => `Calico process is running.
IPv4 BGP status
+--------------+-------------------+-------+----------+-------------+
| PEER ADDRESS |     PEER TYPE     | STATE |  SINCE   |    INFO     |
+--------------+-------------------+-------+----------+-------------+
${rows}`;
  const row = (peer: string, info: string) =>
    `| ${peer} | node-to-node mesh | ${info === "Established" ? "up" : "start"} | 09:00:00 | ${info} |\n`;

  it("recorded as /32: on the nodes that are", () => {
    const some = nodesYaml(
      NODES.map((node) => (node.name === "w1" ? { ...node, recorded: "10.20.1.11/32" } : node)),
    );
    assert.deepEqual(faultsOf(some, poolYaml()), ["node-as-32 on w1"]);
  });

  it("recorded with docker0's address: on the nodes that are, and all if all are", () => {
    const wrong = (name: string) =>
      nodesYaml(
        NODES.map((node) =>
          name === "all" || node.name === name ? { ...node, recorded: "172.17.0.1/16" } : node,
        ),
      );
    assert.deepEqual(faultsOf(wrong("w2"), poolYaml()), ["node-ip-wrong-interface on w2"]);
    assert.deepEqual(faultsOf(wrong("all"), poolYaml()), ["node-ip-wrong-interface"]);
  });

  it("sessions: TCP 179 is closed at the end that waits for them", () => {
    const w1 = {
      file: "w1.txt",
      text: status(row("10.20.1.10", "Established") + row("10.20.2.12", "Connect")),
    };
    const w2 = {
      file: "w2.txt",
      text: status(row("10.20.1.10", "Passive") + row("10.20.1.11", "Active Socket")),
    };
    // 10.20.1.x is less than 10.20.2.12 as text, so w2 opens the sessions, and the others wait.
    assert.deepEqual(faultsOf(nodes, poolYaml(), w2), ["bgp-blocked"]);
    assert.deepEqual(faultsOf(nodes, poolYaml(), w1), ["bgp-blocked on w1"]);
    const fine = {
      file: "w2.txt",
      text: status(row("10.20.1.10", "Established") + row("10.20.1.11", "Established")),
    };
    assert.deepEqual(faultsOf(nodes, poolYaml(), fine), []);
  });

  it("pods with the MTU of the link: only with a tunnel", () => {
    const config = (mtu: string) =>
      `apiVersion: v1\nkind: ConfigMap\nmetadata: {name: calico-config, namespace: kube-system}\ndata: {calico_backend: bird, veth_mtu: "${mtu}"}\n`;
    assert.deepEqual(faultsOf(nodes, poolYaml(), config("1500")), ["mtu-too-big"]);
    assert.deepEqual(faultsOf(nodes, poolYaml(), config("1480")), []);
    assert.deepEqual(faultsOf(nodes, poolYaml(), config("0")), []);
    assert.deepEqual(faultsOf(nodes, poolYaml("cidr: 172.16.0.0/16"), config("1500")), []);
    const link = {
      file: "w1.txt",
      text: "2: eth0: <UP> mtu 1420 qdisc x\n    inet 10.20.1.11/24 scope global eth0\n",
    };
    assert.deepEqual(faultsOf(nodes, poolYaml(), config("1440"), link), ["mtu-too-big"]);
    assert.equal(imported(nodes, poolYaml(), link).plan.mtu.link, 1420);
  });

  it("what a node's own text shows: forwarding off, a strict filter, firewalls, a missing masquerade, a DNS loop", () => {
    const of = (text: string, file = "w2/out.txt") => faultsOf(nodes, poolYaml(), { file, text });
    assert.deepEqual(of("net.ipv4.ip_forward = 0\n"), ["ip-forward-off on w2"]);
    assert.deepEqual(of("net.ipv4.conf.all.rp_filter = 1\n", "all.txt"), ["rp-filter-strict"]);
    assert.deepEqual(
      of(
        "-A INPUT -j REJECT --reject-with icmp-host-prohibited\n-A FORWARD -j REJECT --reject-with icmp-host-prohibited\n",
      ),
      ["host-firewall-reject on w2", "host-firewall-forward-drop on w2"],
    );
    assert.deepEqual(of("*nat\n:cali-nat-outgoing - [0:0]\nCOMMIT\n"), ["nat-missing on w2"]);
    assert.deepEqual(
      of(
        "*nat\n:cali-nat-outgoing - [0:0]\n-A cali-nat-outgoing -j MASQUERADE\nCOMMIT\n10.0.0.0/24 dev eth0\n",
      ),
      [],
    );
    assert.deepEqual(of('[FATAL] plugin/loop: Loop (127.0.0.1:40 -> :53) detected for zone "."\n'), [
      "dns-loop",
    ]);
    const endpoints = (subsets: string) =>
      of(`apiVersion: v1\nkind: Endpoints\nmetadata: {name: kube-dns, namespace: kube-system}\n${subsets}`);
    assert.deepEqual(endpoints(""), ["dns-loop"]);
    assert.deepEqual(endpoints("subsets: [{notReadyAddresses: [{ip: 10.1.1.1}]}]"), ["dns-loop"]);
    assert.deepEqual(endpoints("subsets: [{addresses: [{ip: 10.1.1.1}]}]"), []);
  });
});

describe("what a cloud says", () => {
  const instances = (checks: readonly boolean[]) =>
    JSON.stringify({
      Reservations: NODES.map(({ ip }, i) => ({
        Instances: [
          {
            InstanceId: `i-${i}`,
            PrivateIpAddress: ip,
            SourceDestCheck: checks[i],
            SubnetId: "s",
            SecurityGroups: [{ GroupId: `sg-${i}` }],
          },
        ],
      })),
    });
  const groups = (rules: (group: number) => object[]) =>
    JSON.stringify({
      SecurityGroups: NODES.map((_, i) => ({ GroupId: `sg-${i}`, IpPermissions: rules(i) })),
    });
  const all = { IpProtocol: "-1", IpRanges: [{ CidrIp: "10.20.0.0/16" }] };
  const tcp = { IpProtocol: "tcp", FromPort: 0, ToPort: 65535, IpRanges: [{ CidrIp: "0.0.0.0/0" }] };
  const ipip = { IpProtocol: 4, UserIdGroupPairs: NODES.map((_, i) => ({ GroupId: `sg-${i}` })) };
  const json = (text: string, file = "aws.json") => ({ file, text });

  it("the check on at one node only is a fault of that node, and no fault where every packet is tunnelled", () => {
    const checked = json(instances([false, true, false]));
    const direct = poolYaml("cidr: 172.16.0.0/16");
    assert.deepEqual(faultsOf(nodes, direct, checked), ["source-dest-check on w1"]);
    assert.deepEqual(faultsOf(nodes, poolYaml(), checked), []);
  });

  it("a group without protocol 4 is a fault of the nodes that have it", () => {
    const told = (rules: (group: number) => object[]) =>
      faultsOf(nodes, poolYaml(), json(instances([false, false, false])), json(groups(rules), "sg.json"));
    assert.deepEqual(
      told(() => [all]),
      [],
    );
    assert.deepEqual(
      told(() => [tcp, ipip]),
      [],
    );
    assert.deepEqual(
      told((i) => (i === 2 ? [tcp] : [tcp, ipip])),
      ["ipip-blocked on w2"],
    );
    assert.deepEqual(
      told(() => [tcp]),
      ["ipip-blocked"],
    );
    assert.deepEqual(
      told(() => [ipip]),
      ["bgp-blocked"],
    );
  });

  it("a rule that names a group does not match pods, and a rule for the nodes' range does not either", () => {
    const direct = poolYaml("cidr: 172.16.0.0/16");
    const told = (...rules: object[]) =>
      faultsOf(
        nodes,
        direct,
        json(instances([false, false, false])),
        json(
          groups(() => rules),
          "sg.json",
        ),
      );
    assert.deepEqual(told(all), ["pod-cidr-blocked"]);
    assert.deepEqual(told(all, { IpProtocol: "-1", IpRanges: [{ CidrIp: "172.16.0.0/12" }] }), []);
  });

  it("a group whose rules were not given is assumed to be open, and the page says so", () => {
    const one = JSON.stringify({ SecurityGroups: [{ GroupId: "sg-0", IpPermissions: [] }] });
    const lab = imported(nodes, poolYaml(), json(instances([false, false, false])), json(one, "sg.json"));
    assert.deepEqual(lab.plan.faults, []);
    assert.match(lab.assumptions.join("\n"), /not all rules of the nodes' security groups were given/);
  });

  it("routes to every node's block are podRoutes; to some of them, they are listed", () => {
    const blocks = NODES.map(
      ({ name }, i) =>
        `apiVersion: crd.projectcalico.org/v1\nkind: BlockAffinity\nmetadata: {name: x}\nspec: {cidr: 172.16.${i}.0/26, node: ${name}}\n`,
    ).join("---\n");
    const table = (count: number) =>
      json(
        JSON.stringify({
          RouteTables: [
            {
              Routes: [
                { DestinationCidrBlock: "10.20.0.0/16", GatewayId: "local" },
                ...NODES.slice(0, count).map((_, i) => ({
                  DestinationCidrBlock: `172.16.${i}.0/26`,
                  InstanceId: "i",
                })),
              ],
            },
          ],
        }),
        "routes.json",
      );
    const direct = poolYaml("cidr: 172.16.0.0/16");
    assert.deepEqual(keysOf(imported(nodes, direct, blocks, table(3)), "podRoutes"), ["static"]);
    assert.deepEqual(keysOf(imported(nodes, direct, blocks, table(2)), "podRoutes"), [undefined]);
    assert.match(
      notExpressed(nodes, direct, blocks, table(2)),
      /the cloud has 2 routes to pods, and not one for every node's blocks/,
    );
  });

  it("OpenStack: pairs of the port's own answer count beside the list, disabled port security lets all through", () => {
    const listed = NODES.map(({ ip }, i) => ({
      ID: `p${i}`,
      Name: "",
      "Fixed IP Addresses": [{ ip_address: ip, subnet_id: "s" }],
      "Security Groups": ["g"],
      "Device Owner": "compute:nova",
    }));
    const show = (i: number, more: object) =>
      json(
        JSON.stringify({ id: `p${i}`, fixed_ips: [{ ip_address: NODES[i]?.ip, subnet_id: "s" }], ...more }),
        `p${i}.json`,
      );
    const direct = poolYaml("cidr: 172.16.0.0/16");
    const pairs = { allowed_address_pairs: [{ ip_address: "172.16.0.0/16" }], port_security_enabled: true };
    const list = json(JSON.stringify(listed), "ports.json");
    assert.deepEqual(
      faultsOf(
        nodes,
        direct,
        list,
        show(0, pairs),
        show(1, { allowed_address_pairs: [], port_security_enabled: true }),
        show(2, { port_security_enabled: false, allowed_address_pairs: [] }),
      ),
      ["port-security on w1"],
    );
    assert.match(
      imported(nodes, direct, list).assumptions.join("\n"),
      /not for all nodes it is told what port security does/,
    );
    // As older clients print the same column.
    const old = json(
      JSON.stringify([
        { ID: "p", "Fixed IP Addresses": "ip_address='10.20.1.10', subnet_id='s'", Status: "ACTIVE" },
      ]),
      "old.json",
    );
    assert.equal(imported(nodes, direct, old).plan.fabric, "openstack");
  });

  it("the MTU of OpenStack's network is the link's", () => {
    const network = json(JSON.stringify({ id: "n", mtu: 1442, subnets: ["s"] }), "network.json");
    assert.equal(imported(nodes, poolYaml(), network).plan.mtu.link, 1442);
  });
});

describe("what the model cannot express", () => {
  const felix = (spec: string) =>
    `apiVersion: crd.projectcalico.org/v1\nkind: FelixConfiguration\nmetadata: {name: default}\nspec: {${spec}}\n`;

  it("is listed with its place: eBPF, WireGuard, policies, other ports, kinds that are not read", () => {
    const texts = [
      felix("bpfEnabled: true, wireguardEnabled: true, vxlanPort: 8472, vxlanVNI: 1"),
      "apiVersion: crd.projectcalico.org/v1\nkind: BGPConfiguration\nmetadata: {name: default}\nspec: {asNumber: 63400, serviceClusterIPs: [{cidr: 10.0.0.0/8}]}\n",
      "apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: {name: deny, namespace: shop}\n",
      "apiVersion: crd.projectcalico.org/v1\nkind: HostEndpoint\nmetadata: {name: eth0}\n",
      "apiVersion: example.org/v1\nkind: Mesh\nmetadata: {name: m}\n",
    ];
    const left = notExpressed(nodes, poolYaml(), ...texts);
    for (const what of [
      /Felix uses eBPF.*3\.yaml:4/,
      /WireGuard encrypts/,
      /UDP 8472/,
      /VNI 1/,
      /serviceClusterIPs/,
      /NetworkPolicy shop\/deny/,
      /HostEndpoint eth0/,
      /Mesh: the import does not read this kind/,
    ])
      assert.match(left, what);
  });

  it("a route that the pool's encapsulation does not have is listed", () => {
    const route = { file: "w1.txt", text: "172.16.5.0/26 via 10.20.1.10 dev eth0 proto bird\n" };
    assert.match(
      notExpressed(nodes, poolYaml(), route),
      /the route to 172\.16\.5\.0\/26 is by eth0, which IPIP has not.*w1\.txt:1/,
    );
  });

  it("BIRD off with IPIP closes TCP 179, which has the same effect", () => {
    const config =
      "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: calico-config}\ndata: {calico_backend: vxlan}\n";
    assert.deepEqual(faultsOf(nodes, poolYaml(), config), ["bgp-blocked"]);
    assert.deepEqual(
      keysOf(imported(nodes, poolYaml("cidr: 172.16.0.0/16, vxlanMode: Always"), config), "bgp"),
      ["Disabled"],
    );
  });
});

describe("the cluster's settings", () => {
  it("are read from kubeadm's, kube-proxy's and Calico's own objects", () => {
    const kubeadm =
      "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: kubeadm-config, namespace: kube-system}\ndata:\n  ClusterConfiguration: |\n    kubernetesVersion: v1.34.2\n    networking:\n      serviceSubnet: 10.97.0.0/16,fd00::/112\n";
    const proxy =
      "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: kube-proxy, namespace: kube-system}\ndata:\n  config.conf: |\n    mode: ipvs\n";
    const information =
      "apiVersion: crd.projectcalico.org/v1\nkind: ClusterInformation\nmetadata: {name: default}\nspec: {calicoVersion: v3.31.2}\n";
    const lab = imported(nodes, poolYaml(), kubeadm, proxy, information);
    assert.deepEqual(
      keysOf(lab, "serviceCidr", "proxyMode", "kubernetesVersion", "calicoVersion", "allowUnsupported"),
      ["10.97.0.0/16", "ipvs", "1.34.2", "3.31.2", undefined],
    );
    assert.equal(
      imported(nodes, poolYaml(), information.replace("3.31.2", "3.20.0")).config.allowUnsupported,
      true,
    );
  });

  it("a version that nothing says is the newest that was tested with the other one", () => {
    const node = (version: string) =>
      `apiVersion: v1\nkind: Node\nmetadata: {name: n1}\nstatus: {nodeInfo: {kubeletVersion: ${version}}, addresses: [{type: InternalIP, address: 10.20.1.5}]}\n`;
    const information =
      "apiVersion: crd.projectcalico.org/v1\nkind: ClusterInformation\nmetadata: {name: default}\nspec: {calicoVersion: v3.30.1}\n";
    const versionsOf = (...texts: string[]) => {
      const lab = imported(...texts);
      return [
        ...keysOf(lab, "kubernetesVersion", "calicoVersion", "allowUnsupported"),
        lab.assumptions.filter((one) => one.includes("version of")),
      ];
    };
    assert.deepEqual(versionsOf(node("v1.33.5")), [
      "1.33.5",
      "3.31",
      undefined,
      ["nothing says the version of Calico: assumed 3.31, the newest that was tested with Kubernetes 1.33.5"],
    ]);
    assert.deepEqual(versionsOf(poolYaml(), information), [
      "1.35",
      "3.30.1",
      undefined,
      ["nothing says the version of Kubernetes: assumed 1.35, the newest that was tested with Calico 3.30.1"],
    ]);
    assert.deepEqual(versionsOf(node("v1.19.1-eks-12")), ["1.19.1", undefined, true, []]);
    assert.deepEqual(versionsOf(poolYaml()), [undefined, undefined, undefined, []]);
  });

  it("a range of Services that overlaps the nodes is replaced and listed", () => {
    const kubeadm =
      "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: kubeadm-config}\ndata:\n  ClusterConfiguration: |\n    networking: {serviceSubnet: 10.20.0.0/16}\n";
    assert.match(
      notExpressed(nodes, poolYaml(), kubeadm),
      /Services' range 10\.20\.0\.0\/16 overlaps nodes or pods: the lab has 10\.96\.0\.0\/12/,
    );
  });
});

describe("input that cannot be used", () => {
  it("is named with file and line, what is there and what must be", () => {
    assert.deepEqual(problemsIn(nodes, poolYaml("cidr: 300.0.0.0/16")), [
      '2.yaml:4: IPPool, spec.cidr is "300.0.0.0/16": must be a CIDR such as 10.0.3.0/24',
    ]);
    assert.match(
      problemsIn("apiVersion: v1\nkind: Node\nspec: {}\n")[0] ?? "",
      /^1\.yaml:\d: Node, metadata is missing: must be a section/,
    );
    assert.match(
      problemsIn(poolYaml("cidr: 10.0.0.0/16, ipipMode: Sometimes"))[0] ?? "",
      /spec\.ipipMode is "Sometimes": must be one of Always, CrossSubnet, Never$/,
    );
    assert.match(
      problemsIn(poolYaml("cidr: 10.0.0.0/16, ipipMode: Always, vxlanMode: Always"))[0] ?? "",
      /one of them must be Never$/,
    );
    assert.match(
      problemsIn("kind: Node\nmetadata:\n  name: [x\n")[0] ?? "",
      /^1\.yaml:\d: expected YAML, but here the parser says: /,
    );
    assert.match(problemsIn('{"kind": "Node",')[0] ?? "", /^1\.yaml:1: expected JSON/);
    assert.match(problemsIn("")[0] ?? "", /^1\.yaml:1: expected objects of kubectl .*; the file is empty$/);
    assert.match(problemsIn("hello\n")[0] ?? "", /; there is nothing like that: hello$/);
  });

  it("does not keep the rest from being read", () => {
    const facts = factsOf(nodes, `${poolYaml("cidr: x")}---\n${poolYaml()}`);
    assert.equal(facts.problems.length, 1);
    assert.equal(facts.pools.length, 1);
  });

  it("is refused as a whole if it says nothing of nodes and pools", () => {
    const proxy =
      "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: kube-proxy}\ndata: {config.conf: 'mode: ipvs'}\n";
    assert.throws(() => imported(proxy), {
      name: "ImportError",
      message: /Give at least the nodes .* and the IPPools/,
    });
  });

  it("one of many files may be of no use", () => {
    assert.deepEqual(problemsIn({ file: "a/log.txt", text: "nothing", isOneOfMany: true } as never), []);
  });
});
