import assert from "node:assert/strict";
import { parseAllDocuments } from "yaml";
import { editManifest, NotCalico } from "../../components/calico/manifest";
import { ENCAPSULATIONS } from "../../components/config";
import { MANIFEST } from "../support/calico-manifest";
import { planOf, type RawConfig } from "../support/problems";

// biome-ignore lint/suspicious/noExplicitAny: objects of Kubernetes, read here and there
type Object = any;

const objects = (text: string): Object[] =>
  parseAllDocuments(text)
    .map((document) => document.toJS())
    .filter((object) => object !== null);

function edited(raw: RawConfig, mtuGiven = false) {
  const all = objects(editManifest(MANIFEST, planOf(raw), mtuGiven));
  const [config, , set] = all;
  const [node] = set.spec.template.spec.containers;
  const environment = Object.fromEntries(node.env.map(({ name, value }: Object) => [name, value]));
  return { all, config, set, node, environment };
}

describe("Calico's manifest", () => {
  for (const encapsulation of ENCAPSULATIONS) {
    it(`makes no pool of its own in ${encapsulation}, and finds each node's address by the lab's subnets`, () => {
      const { environment } = edited({ encapsulation });
      assert.equal(environment.NO_DEFAULT_POOLS, "true");
      assert.ok(!Object.keys(environment).some((name) => name.startsWith("CALICO_IPV4POOL")));
      assert.equal(environment.IP, "autodetect");
      assert.equal(environment.IP_AUTODETECTION_METHOD, "cidr=10.0.3.0/24,10.0.4.0/24");
      assert.equal(environment.DATASTORE_TYPE, "kubernetes");
    });
  }

  it("runs BIRD and asks for its health where BGP is enabled, and only there", () => {
    const on = edited({ encapsulation: "IPIP" });
    assert.equal(on.config.data.calico_backend, "bird");
    assert.equal(on.environment.CLUSTER_TYPE, "k8s,bgp");
    assert.deepEqual(on.node.readinessProbe.exec.command, [
      "/bin/calico-node",
      "-felix-ready",
      "-bird-ready",
    ]);
    const off = edited({ encapsulation: "VXLAN" });
    assert.equal(off.config.data.calico_backend, "vxlan");
    assert.equal(off.environment.CLUSTER_TYPE, "k8s");
    assert.deepEqual(off.node.readinessProbe.exec.command, ["/bin/calico-node", "-felix-ready"]);
    assert.deepEqual(off.node.livenessProbe.exec.command, ["/bin/calico-node", "-felix-live"]);
  });

  it("leaves the MTU to Felix unless the config or a fault says one", () => {
    const auto = edited({ encapsulation: "IPIP" });
    assert.equal(auto.config.data.veth_mtu, "0");
    assert.equal(auto.environment.FELIX_IPINIPMTU, "0");
    const given = edited({ encapsulation: "IPIP", mtu: 1450 }, true);
    assert.equal(given.config.data.veth_mtu, "1430");
    assert.equal(given.environment.FELIX_IPINIPMTU, "1430");
    const faulty = edited({ encapsulation: "VXLAN", faults: ["mtu-too-big"] });
    assert.equal(faulty.config.data.veth_mtu, "1500");
    assert.equal(faulty.environment.FELIX_VXLANMTU, "1450");
  });

  it("says that BIRD programs the routes where the version has the choice", () => {
    const routing = (calicoVersion: string, kubernetesVersion: string) =>
      edited({ calicoVersion, kubernetesVersion }).environment.FELIX_PROGRAMCLUSTERROUTES;
    assert.equal(routing("3.32", "1.35"), "Disabled");
    assert.equal(routing("3.31", "1.35"), undefined);
  });

  it("keeps what the Node object says for the fault node-as-32", () => {
    const { environment } = edited({ encapsulation: "IPIPCrossSubnet", faults: ["node-as-32"] });
    assert.ok(!("IP" in environment) && !("IP_AUTODETECTION_METHOD" in environment));
  });

  it("restarts calico-node when its ConfigMap changes, which by itself restarts nothing", () => {
    const note = (raw: RawConfig) => edited(raw).set.spec.template.metadata.annotations["encaplab/config"];
    assert.notEqual(note({ encapsulation: "IPIP" }), note({ encapsulation: "VXLAN" }));
    assert.equal(note({ encapsulation: "IPIP" }), note({ encapsulation: "None" }));
  });

  it("leaves every other object and every other field as it was", () => {
    const before = objects(MANIFEST);
    const { all, set, node } = edited({ encapsulation: "IPIP" });
    assert.equal(all.length, before.length);
    assert.deepEqual(all[1], before[1]);
    assert.deepEqual(all[3], before[3]);
    assert.deepEqual(set.spec.template.spec.initContainers, before[2].spec.template.spec.initContainers);
    assert.deepEqual(node.env[1], before[2].spec.template.spec.containers[0].env[1]);
  });

  it("is refused when it is something else", () => {
    const plan = planOf({});
    assert.throws(() => editManifest("kind: ConfigMap\n", plan, false), NotCalico);
    const headless = MANIFEST.replace(
      "- name: calico-node\n          image",
      "- name: felix\n          image",
    );
    assert.throws(() => editManifest(headless, plan, false), /no container calico-node/);
  });
});
