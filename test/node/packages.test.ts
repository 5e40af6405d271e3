// packages.sh with a machine's package manager as a stand-in: what is asked of it, and what is remembered of it.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import * as fs from "node:fs";
import { Sandbox, source, type Values } from "./sandbox";

/** What the scripts call besides; the machine's own apt-get, dpkg or kubectl must not be found. */
const COREUTILS =
  "bash cat cksum cmp comm cp cut dirname env flock grep head install ip mkdir mktemp mv rm sed seq sleep sort tail touch tr";

describe("the node scripts' packages", () => {
  let sandbox: Sandbox;
  const values: Values = { NODE_NAME: "w1", KUBERNETES_VERSION: "1.35.7", PROXY_MODE: "iptables" };

  beforeEach(() => {
    sandbox = new Sandbox();
    for (const name of COREUTILS.split(" ")) {
      const found = execFileSync("bash", ["-c", `PATH=$PATH:/usr/sbin:/sbin; type -P ${name}`], {
        encoding: "utf8",
      });
      fs.symlinkSync(found.trim(), sandbox.path(`bin/${name}`));
    }
    sandbox.write("etc/os-release", "ID=debian\nVERSION_CODENAME=bookworm\n");
    sandbox.write("etc/ssl/certs/ca-certificates.crt", "");
    sandbox.write("installed", "bash\n");
    for (const tool of ["iptables", "nft", "conntrack"]) sandbox.command(tool, "");
  });
  afterEach(() => sandbox.remove());

  const install = (more: Values = {}) =>
    sandbox.run(
      { body: `${source("packages")}\ncreate() { install_packages; }` },
      { ...values, PATH: sandbox.path("bin"), ...more },
    );
  /** A command of the machine, as one that its packages bring. */
  const kubernetes = (version: string, containerd: string) => {
    sandbox.command("kubeadm", `echo v${version}`);
    for (const name of ["kubelet", "kubectl", "openssl"]) sandbox.command(name, "");
    sandbox.command("containerd", `echo "containerd github.com/containerd/containerd ${containerd} abc"`);
  };
  const rhel = () => {
    // What the stand-in brings is kept aside until it is asked for.
    kubernetes("1.35.7", "2.1.4");
    const commands = ["kubeadm", "kubelet", "kubectl", "openssl", "containerd"];
    fs.mkdirSync(sandbox.path("aside"));
    for (const name of commands) fs.renameSync(sandbox.path(`bin/${name}`), sandbox.path(`aside/${name}`));
    const log = `echo "dnf $*" >>${sandbox.path("calls")}`;
    const packages = `printf 'containerd.io\\nkubelet\\nsocat\\n' >>${sandbox.path("installed")}`;
    sandbox.command("dnf", `${log}; ${packages}; mv ${sandbox.path("aside")}/* ${sandbox.path("bin")}`);
    sandbox.command("rpm", `case $1 in --eval) echo 9 ;; *) cat ${sandbox.path("installed")} ;; esac`);
  };

  it("are left alone when the minor is there, of whatever patch: no package manager is even looked for", async () => {
    kubernetes("1.35.2", "1.7.24");
    const ran = await install();
    assert.deepEqual([ran.status, ran.stderr], [0, "using the installed Kubernetes 1.35.2, not 1.35.7\n"]);
  });

  it("are not of another minor, and the way out is said", async () => {
    kubernetes("1.34.4", "1.7.24");
    const ran = await install();
    assert.equal(ran.status, 1);
    assert.match(
      ran.stderr,
      /w1 has Kubernetes 1\.34\.4, the lab wants 1\.35\.7.*or set kubernetesVersion: 1\.34\.4/,
    );
  });

  it("need containerd 2 from Kubernetes 1.36 on", async () => {
    kubernetes("1.36.3", "1.6.20~ds1");
    const ran = await install({ KUBERNETES_VERSION: "1.36.3" });
    assert.equal(ran.status, 1);
    assert.match(ran.stderr, /w1 has containerd 1\.6\.20, Kubernetes from 1\.36 on needs 2\.0/);
    kubernetes("1.36.3", "v2.1.4");
    assert.equal((await install({ KUBERNETES_VERSION: "1.36.3" })).status, 0);
  });

  it("are named when there is no package manager to get them with", async () => {
    const ran = await install();
    assert.equal(ran.status, 1);
    assert.match(ran.stderr, /w1 lacks kubelet-1\.35\.7 .*containerd\.io.*, and has neither apt-get nor dnf/);
  });

  it("come from two repositories on the RHEL family, pinned to the patch, and what came is remembered", async () => {
    rhel();
    const ran = await install();
    assert.equal(ran.status, 0, ran.stderr);
    assert.deepEqual(sandbox.calls(), [
      "dnf --quiet --assumeyes --disableexcludes=encaplab-kubernetes --setopt=install_weak_deps=False install " +
        "kubelet-1.35.7 kubeadm-1.35.7 kubectl-1.35.7 containerd.io openssl",
    ]);
    const repository = sandbox.read("etc/yum.repos.d/encaplab.repo");
    assert.match(repository, /^baseurl=https:\/\/pkgs\.k8s\.io\/core:\/stable:\/v1\.35\/rpm\/$/m);
    assert.match(repository, /^exclude=kubelet kubeadm kubectl cri-tools kubernetes-cni$/m);
    assert.match(
      repository,
      /^baseurl=https:\/\/download\.docker\.com\/linux\/centos\/9\/\$basearch\/stable$/m,
    );
    assert.equal(sandbox.read("var/lib/encaplab/packages"), "containerd.io\nkubelet\nsocat\n");
    assert.equal((await install()).status, 0);
    assert.equal(sandbox.calls().length, 1, "the second time there is nothing to install");
  });

  it("are remembered also when the run that installed them was killed right behind it", async () => {
    rhel();
    sandbox.write("var/lib/encaplab/packages.before", "bash\n");
    kubernetes("1.35.7", "2.1.4");
    sandbox.write("installed", "bash\nkubelet\n");
    assert.equal((await install()).status, 0);
    assert.equal(sandbox.read("var/lib/encaplab/packages"), "kubelet\n");
    assert.equal(sandbox.read("var/lib/encaplab/packages.before"), "");
  });
});
