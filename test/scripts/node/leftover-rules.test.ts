// network-leftovers.sh: which rules of iptables it removes, on a dump as iptables-save writes it.
import assert from "node:assert/strict";
import { Sandbox, source } from "../../support/node-sandbox";

/** Each line that belongs to the lab begins with a hash here. */
const DUMP = `*nat
:PREROUTING ACCEPT [3:180]
:DOCKER - [0:0]
#:KUBE-SERVICES - [0:0]
#:cali-PREROUTING - [0:0]
#:CNI-HOSTPORT-DNAT - [0:0]
#:CNI-DN-0123456789abcdef01234 - [0:0]
#[5:300] -A PREROUTING -m comment --comment "cali:6gwbT8clXdHdC1b1" -j cali-PREROUTING
#[5:300] -A PREROUTING -m comment --comment "kubernetes service portals" -j KUBE-SERVICES
[5:300] -A PREROUTING -m addrtype --dst-type LOCAL -j DOCKER
#[2:120] -A PREROUTING -m addrtype --dst-type LOCAL -j CNI-HOSTPORT-DNAT
#[1:60] -A CNI-HOSTPORT-DNAT -p tcp -m comment --comment "dnat name: \\"k8s-pod-network\\" id: \\"5e\\"" -m multiport --dports 80 -j CNI-DN-0123456789abcdef01234
#[1:60] -A CNI-DN-0123456789abcdef01234 -p tcp -j DNAT --to-destination 172.16.0.7:80
[1:60] -A DOCKER -d 192.0.2.7/32 -p tcp -j DNAT --to-destination 172.17.0.2:80
COMMIT
*filter
:FORWARD ACCEPT [9:540]
#:KUBE-FORWARD - [0:0]
#:cali-FORWARD - [0:0]
#[9:540] -A FORWARD -g KUBE-FORWARD
#[9:540] -A FORWARD -m comment --comment "cali:wUHhoiAYhphO9Mso" -m mark --mark 0x10000/0x10000 -j ACCEPT
#[0:0] -A FORWARD -m comment --comment cali:mp77cMpurHhyjLrM -j MARK --set-xmark 0x10000/0x10000
#[0:0] -A KUBE-FORWARD -m conntrack --ctstate INVALID -j DROP
#[0:0] -A cali-FORWARD -i cali+ -j ACCEPT
[7:420] -A FORWARD -s 192.0.2.0/24 -m comment --comment "for KUBE-FORWARD and cali-FORWARD" -j DROP
COMMIT`;

describe("network-leftovers.sh and iptables", () => {
  let sandbox: Sandbox;
  beforeEach(() => {
    sandbox = new Sandbox();
    sandbox.command("stand-in-save", "cat /run/rules");
    sandbox.command("stand-in-restore", `echo "$*" >/run/options; cat >/run/restored`);
  });
  afterEach(() => sandbox.remove());

  const restored = async (rules: string): Promise<string> => {
    sandbox.write("run/rules", `${rules}\n`);
    const body = `${source("network-leftovers")}\ncreate() { without_kubernetes stand-in; }`;
    const ran = await sandbox.run({ body }, { POD_CIDR: "172.16.0.0/16" });
    assert.equal(ran.status, 0, ran.stderr);
    return sandbox.read("run/restored").trim();
  };
  const [whole, foreign] = [DUMP.replace(/^#/gm, ""), DUMP.replace(/^#.*\n/gm, "")];

  it("removes the chains and rules of Kubernetes, Calico and the host ports, and keeps the others with their counters", async () => {
    assert.equal(await restored(whole), foreign);
    assert.equal(sandbox.read("run/options"), "--counters\n");
  });

  it("restores nothing where nothing is the lab's", async () => {
    assert.equal(await restored(foreign.replace(/"for KUBE.*"/, "mine")), "");
  });
});
