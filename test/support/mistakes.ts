/** Faults as administrators make them by hand under a living cluster, the way back, and what `lab diagnose` must name. */
import type { RawConfig } from "./problems";

/** What a mistake is made with. */
export interface Cluster {
  /** Runs a command on a node. */
  on(node: string, command: string): void;
  kubectl(argv: string[]): Promise<unknown>;
  /** Runs a line of shell in the namespace of the fabric's ports. */
  inFabric(command: string): void;
  /** Waits until every calico-node is as its settings say. */
  settled(): Promise<void>;
}

/** A mistake. */
export interface Mistake {
  config: RawConfig;
  /** In one sentence without the full stop. */
  mistake: string;
  set(cluster: Cluster): Promise<void>;
  unset(cluster: Cluster): Promise<void>;
  /** What must come first. */
  cause: RegExp;
  /** Whether no probe fails by it: it must be named all the same. */
  unfelt?: true;
}

export const NODES = ["cp1", "w1", "w2", "w3"];

/** A mistake made by one command on some nodes, and taken back by another. */
const onNodes = (nodes: readonly string[], set: string, unset: string) => ({
  set: async (cluster: Cluster) => {
    for (const node of nodes) cluster.on(node, `${set}; conntrack -F 2>/dev/null || true`);
  },
  unset: async (cluster: Cluster) => {
    for (const node of nodes) cluster.on(node, unset);
  },
});

/** Drops packets where they come in, before Felix' own rules. */
const dropped = (nodes: readonly string[], match: string) =>
  onNodes(
    nodes,
    `iptables -t raw -I PREROUTING ${match} -j DROP`,
    `iptables -t raw -D PREROUTING ${match} -j DROP`,
  );

/** A chain of somebody's own firewall on some nodes. */
const firewall = (nodes: readonly string[], chain: string) =>
  onNodes(
    nodes,
    `nft add table ip byhand && nft 'add chain ip byhand own { ${chain} }'`,
    "nft delete table ip byhand",
  );

/** A mistake made with kubectl, after which calico-node runs with other settings. */
const kubectl = (set: string[], unset: string[]) => ({
  set: async (cluster: Cluster) => void (await cluster.kubectl(set)),
  unset: async (cluster: Cluster) => void (await cluster.kubectl(unset)),
});

/** What Calico has recorded as a node's address. */
const recorded = (node: string, wrong: string, right: string) => {
  const annotate = (address: string) => [
    ...["annotate", "node", node, "--overwrite"],
    `projectcalico.org/IPv4Address=${address}`,
  ];
  return kubectl(annotate(wrong), annotate(right));
};

/** The MTU of the pods in Calico's ConfigMap, which calico-node reads when it starts. */
const podMtu = (bytes: number) => async (cluster: Cluster) => {
  const patch = JSON.stringify({ data: { veth_mtu: `${bytes}` } });
  await cluster.kubectl(["-n", "kube-system", "patch", "configmap", "calico-config", "-p", patch]);
  await cluster.kubectl(["-n", "kube-system", "rollout", "restart", "daemonset/calico-node"]);
  await cluster.settled();
};

/** How many replicas CoreDNS has. */
const coreDns = (replicas: number) => async (cluster: Cluster) => {
  const coredns = ["-n", "kube-system", "deployment/coredns"];
  await cluster.kubectl(["scale", ...coredns, `--replicas=${replicas}`]);
  await cluster.kubectl(
    replicas > 0
      ? ["rollout", "status", ...coredns, "--timeout=120s"]
      : ["-n", "kube-system", "wait", "--for=delete", "pod", "-l", "k8s-app=kube-dns", "--timeout=120s"],
  );
};

const VXLAN = { encapsulation: "VXLAN" };
export const CROSS = { encapsulation: "VXLANCrossSubnet" };

/** On a network that drops nothing. */
export const ON_PLAIN: readonly Mistake[] = [
  {
    config: VXLAN,
    mistake: "UDP 4789 is closed on w2",
    ...dropped(["w2"], "-p udp --dport 4789"),
    cause: /vxlan-blocked on w2/,
  },
  {
    config: VXLAN,
    mistake: "UDP 4789 is closed everywhere",
    ...dropped(NODES, "-p udp --dport 4789"),
    cause: /vxlan-blocked/,
  },
  {
    config: VXLAN,
    mistake: "a firewall on w1 drops what is forwarded",
    ...firewall(["w1"], "type filter hook forward priority 0; policy drop;"),
    cause: /host-firewall-forward-drop on w1/,
  },
  {
    config: VXLAN,
    mistake: "the checksums in w2's tunnel are wrong",
    // Where the device computes them itself, it would correct them.
    ...onNodes(
      ["w2"],
      [
        "nft add table ip byhand",
        "nft 'add chain ip byhand own { type filter hook postrouting priority 400; }'",
        ...["tcp", "udp"].map(
          (one) =>
            `nft 'add rule ip byhand own oifname vxlan.calico ip protocol ${one} ${one} checksum set 0xbad'`,
        ),
        "ethtool -K vxlan.calico tx-checksum-ip-generic off",
      ].join(" && "),
      "nft delete table ip byhand; ethtool -K vxlan.calico tx-checksum-ip-generic on",
    ),
    cause: /vxlan-checksum on w2/,
  },
  {
    config: VXLAN,
    mistake: "the pods have the link's MTU",
    set: podMtu(1500),
    unset: podMtu(0),
    cause: /mtu-too-big/,
  },
  {
    config: VXLAN,
    mistake: "CoreDNS does not run",
    set: coreDns(0),
    unset: coreDns(2),
    cause: /dns-loop/,
  },
  {
    config: VXLAN,
    mistake: "Calico has the address of another interface of w2",
    ...recorded("w2", "10.99.0.2/24", "10.0.4.10/24"),
    cause: /node-ip-wrong-interface on w2/,
  },
  {
    config: { ...VXLAN, natOutgoing: false },
    mistake: "w1's reverse path filter is strict",
    ...onNodes(
      ["w1"],
      'for file in /proc/sys/net/ipv4/conf/*/rp_filter; do echo 1 > "$file"; done',
      'for file in /proc/sys/net/ipv4/conf/*/rp_filter; do echo 0 > "$file"; done',
    ),
    cause: /rp-filter-strict on w1/,
  },
  {
    config: CROSS,
    mistake: "TCP 179 is closed",
    // A session that is up ends only when its hold time is over, after four minutes: BIRD is started anew.
    ...onNodes(
      NODES,
      "iptables -I INPUT -p tcp -m multiport --ports 179 -j DROP; pkill -x bird",
      "iptables -D INPUT -p tcp -m multiport --ports 179 -j DROP",
    ),
    cause: /bgp-blocked/,
  },
  {
    config: CROSS,
    mistake: "w1 does not forward",
    ...onNodes(["w1"], "sysctl -qw net.ipv4.ip_forward=0", "sysctl -qw net.ipv4.ip_forward=1"),
    cause: /ip-forward-off on w1/,
  },
  {
    config: CROSS,
    mistake: "w1 is recorded as /32",
    ...recorded("w1", "10.0.3.11/32", "10.0.3.11/24"),
    cause: /node-as-32 on w1/,
    unfelt: true,
  },
];
