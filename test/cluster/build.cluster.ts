/** The real node layer: what the build makes, and a machine that the stack's own provider makes from it. */
import assert from "node:assert/strict";
import { execFileSync, spawnSync } from "node:child_process";
import * as fs from "node:fs";
import * as path from "node:path";
import { containersFolder, nodeContainers } from "../../components/infrastructure/hosts/containers/providers";
import { build, buildAgain, TOOLS_IMAGE } from "../support/cluster-build";
import { Containers, needsContainers, RUN, SPEC, specOf } from "../support/containers";

const BUILD = path.resolve(__dirname, "build/run");

describe("the build of a real Kubernetes", function () {
  this.timeout(3_600_000);
  let layer: string;
  const made: Containers[] = [];
  const one = (values: object) => {
    const lab = new Containers();
    made.push(lab);
    lab.write({ nodes: SPEC.nodes.slice(0, 1), ...values });
    return lab;
  };
  const images = (lab: Containers) =>
    lab
      .on("cp1", "ctr -n k8s.io images ls -q")
      .split("\n")
      .filter((name) => !name.startsWith("sha256:"));

  before(function () {
    needsContainers(this);
    layer = build("layer");
  });
  after(() => {
    for (const lab of made) lab.remove();
  });

  it("builds only once, and then reuses the result", async () => {
    const before = fs.statSync(layer).ino;
    assert.equal(buildAgain("layer"), layer);
    assert.equal(fs.statSync(layer).ino, before);
    assert.ok(fs.existsSync(path.join(build("binaries"), "kube-apiserver")));
  });

  it("makes nodes with kubeadm, kubelet, the CNI plugins, and every image that kubeadm asks for", async () => {
    const store = path.join(layer, "var/lib/containerd/io.containerd.metadata.v1.bolt/meta.db");
    const database = fs.readFileSync(store);
    const lab = one({ layer });
    lab.up();
    await lab.ready("cp1", "systemctl is-active containerd");
    const version = lab.on("cp1", "kubeadm version -o short");
    assert.equal(lab.on("cp1", "kubelet --version"), `Kubernetes ${version}`);
    const wanted = lab.on("cp1", `kubeadm config images list --kubernetes-version ${version}`).split("\n");
    assert.deepEqual(images(lab).sort(), [...wanted, TOOLS_IMAGE].sort());
    assert.match(lab.on("cp1", "systemctl cat kubelet"), /10-kubeadm.conf/);
    assert.equal(lab.on("cp1", "systemctl is-enabled kubelet"), "enabled");
    assert.match(lab.on("cp1", "ls /opt/cni/bin"), /bridge[\s\S]*host-local[\s\S]*portmap/);
    for (const command of ["ping -V", "iptables --version", "nft --version", "curl --version"])
      lab.on("cp1", `ctr -n k8s.io run --rm ${TOOLS_IMAGE} test ${command}`);
    lab.on("cp1", `ctr -n k8s.io images rm ${TOOLS_IMAGE}`);
    assert.ok(database.equals(fs.readFileSync(store)), "a node's containerd has its own database");
  });

  it("makes every image that Calico's manifest names, once", () => {
    const folder = build("calico");
    assert.equal(buildAgain("calico"), folder);
    const manifest = fs.readFileSync(path.join(folder, "calico.yaml"), "utf8");
    const wanted = [...manifest.matchAll(/^ +image: (\S+)$/gm)].map(([, name]) => name as string);
    const archive = path.join(folder, "images.tar");
    const listed = execFileSync("tar", ["-xOf", archive, "./manifest.json"], { encoding: "utf8" });
    const tags = (JSON.parse(listed) as { RepoTags: string[] }[]).flatMap(({ RepoTags }) => RepoTags);
    assert.ok(wanted.length > 0);
    assert.deepEqual(tags.sort(), [...new Set(wanted)].sort());
  });

  it("prints its usage after a wrong argument", () => {
    const { status, stderr } = spawnSync("bash", [BUILD, "--images"], { encoding: "utf8" });
    assert.notEqual(status, 0);
    assert.match(stderr, /usage: run \| run binaries \| run calico; but was given: --images/);
  });

  it("makes a layer for the stack's provider, which builds a machine, notices that it is off, repairs it and removes it", async () => {
    const { folder } = await containersFolder.create({ stack: "provider" });
    try {
      const wanted = { ...SPEC, nodes: SPEC.nodes.slice(0, 1), layer };
      const key = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA provider";
      const spec = specOf(wanted, key);
      const inputs = { folder, spec };
      const outputs = await nodeContainers.create(inputs);
      const recorded = { ...inputs, ...outputs };
      assert.deepEqual(Object.keys(outputs.ports), ["cp1"]);
      assert.match(outputs.hostKeys.cp1 ?? "", /^ssh-ed25519 \S+$/);
      assert.equal(await nodeContainers.changed(inputs, recorded), false);
      assert.equal(
        await nodeContainers.changed({ folder, spec: specOf({ ...wanted, mtu: 1400 }, key) }, recorded),
        true,
      );
      execFileSync("bash", [RUN, folder, "kill", "cp1"]);
      assert.equal(await nodeContainers.changed(inputs, recorded), true);
      assert.deepEqual(await nodeContainers.update(inputs, recorded), outputs);
      assert.equal(await nodeContainers.changed(inputs, recorded), false);
    } finally {
      await containersFolder.remove({ stack: "provider", folder });
    }
    assert.equal(fs.existsSync(folder), false);
    await containersFolder.remove({ stack: "provider", folder });
  });
});
