/**
 * Editing Calico's manifest. The manifests here imitate the published ones (test/support/calico-manifest.ts). To run
 * the same tests on published files, name a folder with them:
 *   ENCAPLAB_CALICO_MANIFESTS  a folder of YAML files, each calico.yaml or calico-typha.yaml of some release
 */
import assert from "node:assert/strict";
import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { parseDocument } from "yaml";
import { planCalico } from "../../components/calico";
import { editManifest, NotCalico } from "../../components/calico/manifest";
import { ENCAPSULATIONS, parseConfig } from "../../components/config";
import { planLab } from "../../components/plan";
import { calicoManifest, MANIFEST } from "../support/calico-manifest";
import { planOf, problemsOf, type RawConfig } from "../support/problems";

// biome-ignore lint/suspicious/noExplicitAny: objects of Kubernetes, read here and there
type Object = any;

const split = (text: string): string[] => text.split(/^---\s*$/m);
const isEdited = (document: string): boolean =>
  /^kind: (ConfigMap|DaemonSet)\s*$/m.test(document) && /^ {2}name: calico-(config|node)\s*$/m.test(document);

/** The two objects that are edited. */
function read(text: string) {
  const objects: Object[] = split(text)
    .filter(isEdited)
    .map((document) => parseDocument(document).toJS());
  const config = objects.find(({ kind }) => kind === "ConfigMap");
  const set = objects.find(({ kind }) => kind === "DaemonSet");
  const node = set.spec.template.spec.containers.find(({ name }: Object) => name === "calico-node");
  const environment = Object.fromEntries(node.env.map(({ name, value }: Object) => [name, value]));
  return { config, set, node, environment };
}

const PROBES = ["livenessProbe", "readinessProbe"];
const OURS =
  /^(NO_DEFAULT_POOLS|CALICO_IPV[46]POOL_(CIDR|IPIP|VXLAN)|CLUSTER_TYPE|IP|IP_AUTODETECTION_METHOD|FELIX_(IPINIPMTU|VXLANMTU|PROGRAMCLUSTERROUTES|NFTABLESMODE))$/;

/** The two objects without the fields that the lab sets. */
function remainder(text: string): Object[] {
  const { config, set, node } = read(text);
  delete config.data.calico_backend;
  delete config.data.veth_mtu;
  delete set.spec.updateStrategy.rollingUpdate.maxUnavailable;
  delete set.spec.template.metadata.annotations;
  for (const probe of PROBES) delete node[probe].exec.command;
  node.env = node.env.filter(({ name }: Object) => !OURS.test(name));
  return [config, set];
}

const edit = (raw: RawConfig, mtuGiven = false, text = MANIFEST): string =>
  editManifest(text, planOf(raw), mtuGiven);

/** What must hold for the manifest of any release. */
function testEditing(minor: string, text: string): void {
  const raw = (more: RawConfig = {}): RawConfig => ({
    calicoVersion: minor,
    kubernetesVersion: "1.35",
    allowUnsupported: true,
    ...more,
  });
  const edited = (more: RawConfig = {}, mtuGiven = false) => read(edit(raw(more), mtuGiven, text));
  const original = read(text);

  it("creates no pool of Calico's own, and takes each node's address from its Node object", () => {
    const { environment } = edited();
    assert.equal(environment.NO_DEFAULT_POOLS, "true");
    assert.ok(!Object.keys(environment).some((name) => /^CALICO_IPV[46]POOL/.test(name)));
    assert.equal(environment.IP, "autodetect");
    assert.equal(environment.IP_AUTODETECTION_METHOD, "kubernetes-internal-ip");
  });

  it("keeps BIRD and the probes of its health by default", () => {
    const { config, environment, node } = edited();
    assert.equal(config.data.calico_backend, "bird");
    assert.equal(environment.CLUSTER_TYPE, "k8s,bgp");
    for (const probe of PROBES) assert.deepEqual(node[probe], original.node[probe]);
  });

  it("does not run BIRD with bgp: Disabled, and probes only Felix", () => {
    const { config, environment, node } = edited({ encapsulation: "VXLAN", bgp: "Disabled" });
    assert.equal(config.data.calico_backend, "vxlan");
    assert.equal(environment.CLUSTER_TYPE, "k8s");
    for (const probe of PROBES) {
      const { command } = node[probe].exec;
      const before: string[] = original.node[probe].exec.command;
      assert.deepEqual(
        command,
        before.filter((argument) => !argument.includes("bird")),
      );
      assert.match(command.join(" "), /-felix-(live|ready)$/);
      assert.ok(before.some((argument) => argument.includes("bird")));
    }
  });

  it("replaces all calico-node pods at once, so that no pod waits for BGP with one that does not run BIRD", () => {
    assert.equal(edited().set.spec.updateStrategy.rollingUpdate.maxUnavailable, "100%");
  });

  it("leaves the MTU to Felix unless the config sets mtu, and then sets it everywhere", () => {
    const auto = edited();
    assert.equal(auto.config.data.veth_mtu, "0");
    assert.deepEqual([auto.environment.FELIX_IPINIPMTU, auto.environment.FELIX_VXLANMTU], ["0", "0"]);
    const given = edited({ encapsulation: "IPIP", mtu: 1450 }, true);
    assert.equal(given.config.data.veth_mtu, "1430");
    assert.deepEqual([given.environment.FELIX_IPINIPMTU, given.environment.FELIX_VXLANMTU], ["1430", "1430"]);
  });

  it("is byte for byte the same in every encapsulation, so that a switch changes only the IPPool", () => {
    const texts = ENCAPSULATIONS.map((encapsulation) => edit(raw({ encapsulation }), false, text));
    assert.equal(new Set(texts).size, 1);
  });

  it("has FELIX_NFTABLESMODE only under kube-proxy in nftables mode, and only where the version needs it", () => {
    const needed = ["3.29", "3.30", "3.31"].includes(minor);
    assert.equal(
      edited({ proxyMode: "nftables" }).environment.FELIX_NFTABLESMODE,
      needed ? "Enabled" : undefined,
    );
    assert.equal(edited({ proxyMode: "iptables" }).environment.FELIX_NFTABLESMODE, undefined);
  });

  it("keeps every other object byte for byte", () => {
    assert.deepEqual(
      split(edit(raw(), false, text)).filter((document) => !isEdited(document)),
      split(text).filter((document) => !isEdited(document)),
    );
  });

  it("keeps every other field of the ConfigMap and the DaemonSet", () => {
    for (const more of [{}, { encapsulation: "VXLAN", bgp: "Disabled", proxyMode: "nftables" }]) {
      assert.deepEqual(remainder(edit(raw(more), false, text)), remainder(text));
    }
  });

  it("does not change when it is edited a second time", () => {
    for (const more of [{}, { encapsulation: "VXLAN", bgp: "Disabled", proxyMode: "nftables" }]) {
      const once = edit(raw(more), false, text);
      assert.equal(edit(raw(more), false, once), once);
    }
  });
}

for (const minor of ["3.28", "3.29", "3.30", "3.31", "3.32", "3.33"]) {
  describe(`the edited manifest of Calico ${minor}`, () => testEditing(minor, calicoManifest({ minor })));
}

describe("the edited manifest of Calico 3.32 with Typha", () => {
  testEditing("3.32", calicoManifest({ minor: "3.32", typha: true }));
});

const { ENCAPLAB_CALICO_MANIFESTS: folder } = process.env;
for (const file of folder ? fs.readdirSync(folder) : []) {
  describe(`the edited published manifest ${file}`, () => {
    const text = fs.readFileSync(path.join(folder as string, file), "utf8");
    // On a release branch, images have the branch's name: release-v3.33.
    const minor = /\/node:(?:release-)?v(\d+\.\d+)/.exec(text)?.[1];
    assert.ok(minor, `${file} names no image calico/node`);
    testEditing(minor, text);
  });
}

describe("Calico's manifest", () => {
  it("gets the MTU that the fault mtu-too-big asks for, without mtu in the config", () => {
    const { config, environment } = read(edit({ encapsulation: "VXLAN", faults: ["mtu-too-big"] }));
    assert.equal(config.data.veth_mtu, "1500");
    assert.equal(environment.FELIX_VXLANMTU, "1450");
  });

  it("chooses BIRD to program the routes where the version has the choice", () => {
    const routing = (calicoVersion: string, kubernetesVersion: string) =>
      read(edit({ calicoVersion, kubernetesVersion })).environment.FELIX_PROGRAMCLUSTERROUTES;
    assert.equal(routing("3.32", "1.35"), "Disabled");
    assert.equal(routing("3.31", "1.35"), undefined);
  });

  it("keeps the address that the Node object already has for the fault node-as-32", () => {
    const { environment } = read(edit({ encapsulation: "IPIPCrossSubnet", faults: ["node-as-32"] }));
    assert.ok(!("IP" in environment) && !("IP_AUTODETECTION_METHOD" in environment));
  });

  it("restarts calico-node when its ConfigMap changes, by changing the pods' template", () => {
    const note = (raw: RawConfig, mtuGiven = false) =>
      read(edit(raw, mtuGiven)).set.spec.template.metadata.annotations["encaplab/config"];
    const before = note({ encapsulation: "VXLAN" });
    assert.notEqual(note({ encapsulation: "VXLAN", bgp: "Disabled" }), before);
    assert.notEqual(note({ encapsulation: "VXLAN", mtu: 1400 }, true), before);
  });

  it("is refused without its ConfigMap, its DaemonSet or the container calico-node", () => {
    const plan = planOf({});
    assert.throws(
      () => editManifest("kind: ConfigMap\n", plan, false),
      (error) =>
        error instanceof NotCalico && /no ConfigMap calico-config and no DaemonSet/.test(error.message),
    );
    const headless = MANIFEST.replace("- name: calico-node\n", "- name: felix\n");
    assert.throws(() => editManifest(headless, plan, false), /no container calico-node/);
  });

  it("is refused with IPPools of the API group projectcalico.org, as calico-v3-crds.yaml has them", () => {
    const text = calicoManifest({ minor: "3.32", poolGroup: "projectcalico.org" });
    assert.throws(
      () => edit({}, false, text),
      (error) =>
        error instanceof NotCalico &&
        /its IPPools belong to the API group projectcalico\.org, .* needs those of crd\.projectcalico\.org$/.test(
          error.message,
        ),
    );
  });

  it("is refused when it defines no IPPools, like calico-etcd.yaml", () => {
    const text = calicoManifest({ minor: "3.32", poolGroup: undefined });
    assert.throws(() => edit({}, false, text), /does not define the IPPools of the API group crd\.project/);
  });

  it("is refused at preview, with the release whose calico.yaml to use", async () => {
    const folder = fs.mkdtempSync(path.join(os.tmpdir(), "encaplab-manifest-"));
    const manifest = path.join(folder, "calico-v3-crds.yaml");
    fs.writeFileSync(manifest, calicoManifest({ minor: "3.32", poolGroup: "projectcalico.org" }));
    const config = parseConfig({ calico: { manifest }, calicoVersion: "3.32.1" });
    const [problem, ...more] = await problemsOf(() => planCalico(config, planLab(config)));
    fs.rmSync(folder, { recursive: true });
    assert.deepEqual(more, []);
    assert.deepEqual([problem?.key, problem?.value], ["calico.manifest", manifest]);
    assert.match(problem?.message ?? "", /group projectcalico\.org.*; use calico\.yaml of Calico 3\.32\.1$/);
  });
});
