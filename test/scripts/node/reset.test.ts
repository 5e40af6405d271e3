// reset.sh: what it removes from a machine, with real mounts.
import assert from "node:assert/strict";
import { Sandbox, source } from "../../support/node-sandbox";

describe("reset.sh", () => {
  let sandbox: Sandbox;
  beforeEach(() => {
    sandbox = new Sandbox();
    // Stand-ins: the sandbox does not hide the folders that these commands use on this machine.
    for (const command of ["modprobe", "ctr", "nft", "ipset", "ipvsadm"]) sandbox.command(command, "");
  });
  afterEach(() => sandbox.remove());

  const run = async (step: string, body: string, before = "", after = "") => {
    const files = ["packages", "kubeadm", "before", "network-leftovers", step].map(source).join("\n");
    const ran = await sandbox.run(
      { body: `${files}\n${body}` },
      { POD_CIDR: "172.16.0.0/16" },
      { before, after },
    );
    assert.equal(ran.status, 0, ran.stderr);
    return ran;
  };
  const prepare = (part: string) => run("prepare", `create() { ${part}; }`);
  const reset = (part: string, before = "", after = "") =>
    run("reset", `create() { ${part}; }`, before, after);

  it("unmounts the machine's control groups from /run/calico before it removes that folder", async () => {
    await prepare("remember");
    // Stands for the machine's control groups, which are also mounted elsewhere and must stay.
    sandbox.write("cgroup/cgroup.procs", "1\n");
    const ran = await reset(
      "end_pods; new_in_folders",
      `mkdir -p /run/calico/cgroup /run/calico/bird
       mount --bind ${sandbox.path("cgroup")} /run/calico/cgroup`,
      "ls /run; grep -c ' /run/calico' /proc/mounts || true",
    );
    assert.equal(sandbox.read("cgroup/cgroup.procs"), "1\n");
    assert.doesNotMatch(ran.stdout, /calico/);
    assert.match(ran.stdout, /^0$/m);
  });

  // A join that waits for an API server that is gone would otherwise hold up a destroy for five minutes.
  it("ends a killed run that still waits for something, and lets its package manager finish", async () => {
    const works = ["kubeadm", "apt-get"];
    for (const name of works)
      sandbox.command(
        name,
        `printf ${name} >/proc/$$/comm; : >/run/${name}
         until [ -e /run/gate ]; do sleep 0.05; done; echo "${name} ended" >>/run/order`,
      );
    const begin = works.map(
      (name) => `setsid ${name} >/dev/null 2>&1 & until [ -e /run/${name} ]; do sleep 0.05; done`,
    );
    const files = ["packages", "kubeadm", "before", "network-leftovers", "reset"].map(source).join("\n");
    const ran = await sandbox.run(
      { body: files },
      { POD_CIDR: "172.16.0.0/16" },
      {
        action: "delete",
        before: `mkdir -p /run/lock; exec 9>>/run/lock/encaplab.lock; flock 9; ${begin.join("; ")}; exec 9>&-`,
        listen: (said) => {
          if (/waiting for it to end/.test(said)) sandbox.write("run/gate", "");
        },
      },
    );
    assert.equal(ran.status, 0, ran.stderr);
    assert.equal(sandbox.read("run/order"), "apt-get ended\n");
  });

  describe("/sys/fs/bpf", () => {
    // A stand-in for the list of mounts, because this machine has its own mount there.
    const mounts = (text: string) => `mounts() { echo '${text}'; }`;
    const [WITHOUT, WITH] = [mounts("/dev/sda1 / ext4 rw 0 0"), mounts("bpf /sys/fs/bpf bpf rw 0 0")];
    beforeEach(() => sandbox.command("umount", `echo "umount $*" >>${sandbox.path("calls")}`));

    const unmounted = () => sandbox.calls().filter((call) => call.startsWith("umount"));

    it("is unmounted if calico-node had to mount it", async () => {
      await prepare(`${WITHOUT}; remember`);
      await reset(`${WITH}; end_pods`);
      assert.deepEqual(unmounted(), ["umount --lazy /sys/fs/bpf"]);
    });

    it("stays mounted if it was mounted before the lab", async () => {
      await prepare(`${WITH}; remember`);
      await reset(`${WITH}; end_pods`);
      assert.deepEqual(unmounted(), []);
    });

    it("is not unmounted if calico-node could not mount it", async () => {
      await prepare(`${WITHOUT}; remember`);
      await reset(`${WITHOUT}; end_pods`);
      assert.deepEqual(unmounted(), []);
    });
  });

  it("deletes the network namespaces of the lab's pods, and none of another container runtime", async () => {
    await sandbox.run(
      { body: `${["kubeadm", "before", "prepare"].map(source).join("\n")}\ncreate() { remember; }` },
      {},
      { before: "mkdir -p /run/netns; ip netns add cni-0before; ip netns add other" },
    );
    sandbox.command("systemctl", "true");
    sandbox.command(
      "ctr",
      `case "$*" in
         *'containers list'*) echo c1; echo c2 ;;
         *'info c1'*) echo '{"path": "/var/run/netns/cni-1abc"}' ;;
       esac`,
    );
    const ran = await reset(
      "end_pods",
      `rm -f /run/netns/*; for name in cni-0before cni-1abc cni-2pod cni-3foreign other; do ip netns add $name; done
       for name in cni-0before cni-2pod; do ip -n $name link add eth0 type bridge; ip -n $name address add 172.16.0.7/32 dev eth0; done
       ip -n cni-3foreign link add eth0 type bridge; ip -n cni-3foreign address add 10.88.0.7/16 dev eth0`,
      "ip netns list | cut -d ' ' -f 1 | sort",
    );
    assert.equal(ran.stdout, "cni-0before\ncni-3foreign\nother\n");
  });

  it("removes the folders that Calico's manifest creates on the host", async () => {
    sandbox.write("var/log/calico/mine.log", "");
    await prepare("remember");
    for (const file of ["run/nodeagent/socket", "run/xtables.lock", "var/log/calico/cni/cni.log"])
      sandbox.write(file, "");
    await reset("new_in_folders");
    for (const file of ["run/nodeagent", "run/xtables.lock", "var/log/calico/cni"])
      assert.equal(sandbox.exists(file), false, file);
    assert.equal(sandbox.exists("var/log/calico/mine.log"), true);
  });

  it("turns nm-cloud-setup on again, removes networkd's file, and restores cloud-init's template", async () => {
    const template = "## template:jinja\n127.0.1.1 {{fqdn}} {{hostname}}\n";
    sandbox.write("etc/systemd/system.conf", "");
    for (const family of ["debian", "redhat"])
      sandbox.write(`etc/cloud/templates/hosts.${family}.tmpl`, template);
    await prepare(
      "NODE_NAME=w1 HOSTS='10.0.3.11 w1'; remember; name_hosts; keep_foreign_routes; no_nm_cloud_setup",
    );
    assert.equal(sandbox.exists("etc/systemd/networkd.conf.d/encaplab.conf"), true);
    await reset("services_packages_files");
    assert.deepEqual(
      sandbox.calls().filter((call) => /enable --quiet --now/.test(call)),
      ["service", "timer"].map((type) => `systemctl enable --quiet --now nm-cloud-setup.${type}`),
    );
    assert.equal(sandbox.exists("etc/systemd/networkd.conf.d"), false);
    assert.equal(sandbox.read("etc/hosts"), "127.0.0.1 localhost\n");
    for (const family of ["debian", "redhat"])
      assert.equal(sandbox.read(`etc/cloud/templates/hosts.${family}.tmpl`), template);
  });
});
