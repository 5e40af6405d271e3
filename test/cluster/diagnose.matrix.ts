/** `lab diagnose` on a real cluster: nothing where it is healthy, and the cause of faults that are set by hand under it. */
import assert from "node:assert/strict";
import { CliCheckout } from "../support/cli-checkout";
import { TOOLS_IMAGE } from "../support/cluster-build";
import { needsContainers, SPEC, W3 } from "../support/containers";
import { HostsLab } from "../support/hosts";
import type { RawConfig } from "../support/problems";

const NAMES = ["cp1", "w1", "w2", "w3"];

/** Drops VXLAN's packets where they come in, before Felix' own rules. @param how `-I` to insert the rule, `-D` to delete it. */
const vxlanDrop = (how: "-I" | "-D") => `iptables -t raw ${how} PREROUTING -p udp --dport 4789 -j DROP`;
const bgpDrop = (how: "-I" | "-D") => `iptables ${how} INPUT -p tcp -m multiport --ports 179 -j DROP`;

/** A fault as an administrator's mistake makes it, the way back, and the cause that must come first. */
const MISTAKES: readonly {
  config: RawConfig;
  mistake: string;
  nodes: readonly string[];
  set: string;
  unset: string;
  cause: RegExp;
}[] = [
  {
    config: { encapsulation: "VXLAN" },
    mistake: "UDP 4789 is closed on w2",
    nodes: ["w2"],
    set: vxlanDrop("-I"),
    unset: vxlanDrop("-D"),
    cause: /vxlan-blocked on w2/,
  },
  {
    config: { encapsulation: "VXLAN" },
    mistake: "UDP 4789 is closed everywhere",
    nodes: NAMES,
    set: vxlanDrop("-I"),
    unset: vxlanDrop("-D"),
    cause: /vxlan-blocked/,
  },
  {
    config: { encapsulation: "VXLANCrossSubnet" },
    mistake: "TCP 179 is closed",
    nodes: NAMES,
    // A session that is up ends only when its hold time is over, after four minutes: BIRD is started anew.
    set: `${bgpDrop("-I")}; pkill -x bird`,
    unset: bgpDrop("-D"),
    cause: /bgp-blocked/,
  },
  {
    config: { encapsulation: "VXLANCrossSubnet" },
    mistake: "w1 does not forward",
    nodes: ["w1"],
    set: "sysctl -qw net.ipv4.ip_forward=0",
    unset: "sysctl -qw net.ipv4.ip_forward=1",
    cause: /ip-forward-off on w1/,
  },
];

describe("lab diagnose on a real cluster", function () {
  this.timeout(900_000);
  let lab: HostsLab;
  let checkout: CliCheckout;
  let mode = "";

  before(async function () {
    needsContainers(this);
    this.timeout(3_600_000); // Kubernetes and Calico may have to be built
    lab = await HostsLab.create("diagnose", { nodes: [...SPEC.nodes, W3] });
    checkout = new CliCheckout().withStandIn();
  });
  after(() => {
    checkout?.remove();
    return lab?.end();
  });

  const up = async (config: RawConfig) => {
    if (mode === JSON.stringify(config)) return;
    lab.on(NAMES, config);
    await lab.upWithNodes();
    mode = JSON.stringify(config);
  };
  const diagnose = () =>
    checkout.launch("diagnose", "--kubeconfig", lab.kubeconfig, "--image", TOOLS_IMAGE, "--fabric", "plain");
  const study = () => lab.kubectl(["get", "namespace", "encaplab-study", "-o", "name", "--ignore-not-found"]);

  it("finds nothing in a healthy one, ends with 0, and leaves none of its pods", async () => {
    await up({ encapsulation: "VXLAN" });
    const { status, stdout, stderr } = await diagnose();
    assert.equal(status, 0, stdout + stderr);
    assert.match(stdout, /Nothing is wrong/);
    await lab.kubectl(["wait", "--for=delete", "--timeout=60s", "namespace/encaplab-study"]);
    assert.equal(await study(), "");
  });

  for (const { config, mistake, nodes, set, unset, cause } of MISTAKES)
    it(`finds the cause first, and ends with 1: ${config.encapsulation}, ${mistake}`, async () => {
      await up(config);
      for (const name of nodes) lab.machines.on(name, `${set}; conntrack -F 2>/dev/null || true`);
      try {
        const { status, stdout, stderr } = await diagnose();
        assert.equal(status, 1, stdout + stderr);
        assert.match(/^cause: .*$/m.exec(stdout)?.[0] ?? stdout, cause, stdout);
      } finally {
        for (const name of nodes) lab.machines.on(name, unset);
      }
    });
});
