/** Real node containers: the machines, the network between them, and what they leave behind. */
import assert from "node:assert/strict";
import { execFileSync, spawnSync } from "node:child_process";
import * as fs from "node:fs";
import { Containers, needsContainers, RUN, SPEC, W3 } from "../support/containers";
import { hostChanges, hostState } from "../support/host-state";
import { REPOSITORY } from "../support/repository";
import { until } from "../support/sandbox";

/** When a node's systemd was started, in ticks since this machine's boot. Changes at each boot of the node. */
const STARTED = "cut -d ' ' -f 22 /proc/1/stat";

const NAMES = SPEC.nodes.map(({ name }) => name);

describe("node containers", function () {
  this.timeout(600_000);
  const made: Containers[] = [];
  let host: string[];
  let lab: Containers;

  const make = () => {
    const containers = new Containers();
    made.push(containers);
    return containers;
  };

  before(async function () {
    needsContainers(this);
    host = hostState();
    lab = make();
    lab.up();
    for (const name of NAMES) await lab.ready(name);
  });
  after(() => {
    for (const containers of made) containers.remove();
  });

  it("accept login with the host key in the status, and run systemd and containerd", async () => {
    for (const name of NAMES) {
      await lab.ready(name, "systemctl is-system-running");
      assert.equal(lab.on(name, "hostname; id -un; systemctl is-active containerd"), `${name}\nroot\nactive`);
      assert.equal(lab.on(name, "cat /sys/class/net/eth0/mtu"), "1450");
    }
    assert.equal(new Set(NAMES.map((name) => lab.on(name, "cat /etc/machine-id"))).size, NAMES.length);
  });

  it("reach each other over a router, and pods only where the router has a route", () => {
    assert.match(lab.on("cp1", "ping -c 1 -W 2 10.0.3.11"), /ttl=64/);
    assert.match(lab.on("cp1", "ping -c 1 -W 2 10.0.4.10"), /ttl=63/);
    lab.on("cp1", "ip addr add 172.16.0.1/32 dev lo");
    lab.on("w1", "ip addr add 172.16.0.65/32 dev lo");
    assert.match(lab.on("w2", "ping -c 1 -W 2 172.16.0.1"), /ttl=63/);
    assert.throws(() => lab.on("w2", "ping -c 1 -W 2 172.16.0.65"));
    assert.match(lab.on("cp1", "ping -c 1 -W 2 172.16.0.65 2>&1 || true"), /0 received/);
  });

  it("cannot change the machine's kernel settings, but have their own network settings", () => {
    assert.throws(() => lab.on("w1", "sysctl -w vm.swappiness=1"), /denied|Read-only/);
    assert.equal(lab.on("w1", "sysctl -w vm.overcommit_memory=1"), "vm.overcommit_memory = 1");
    assert.equal(lab.on("w1", "sysctl -w net.ipv4.ip_forward=1"), "net.ipv4.ip_forward = 1");
    assert.equal(lab.on("w2", "sysctl -n net.ipv4.ip_forward"), "0");
  });

  it("have no capability, device or view of the machine that kubeadm does not need", () => {
    const bounding = BigInt(`0x${lab.on("w1", "awk '/^CapBnd/ { print $2 }' /proc/self/status")}`);
    const has = (capability: number) => ((bounding >> BigInt(capability)) & 1n) === 1n;
    // include/uapi/linux/capability.h
    const gone = {
      dac_read_search: 2,
      sys_module: 16,
      sys_rawio: 17,
      sys_time: 25,
      mac_admin: 33,
      syslog: 34,
    };
    assert.deepEqual(
      Object.keys(gone).filter((name) => has(gone[name as keyof typeof gone])),
      [],
    );
    assert.equal(has(21), true, "CAP_SYS_ADMIN, without which a node cannot mount anything");
    // What the machine has, by a mount that only CAP_SYS_ADMIN needs: nothing of it can be opened but what is harmless.
    const opened = lab.on(
      "w1",
      `mkdir -p /tmp/all; mount -t devtmpfs none /tmp/all; cd /tmp/all
       for file in $(find . -type b; find . -maxdepth 1 -type c ! -name 'tty[0-9S]*'; find . -path ./net/tun -prune -o -path ./pts -prune -o -mindepth 2 -type c -print); do
         (exec 3<$file) 2>/dev/null && echo \${file#./}
       done; cd /; umount /tmp/all; true`,
    );
    const harmless = ["null", "zero", "full", "random", "urandom", "ptmx", "tty", "console"];
    assert.deepEqual(
      opened.split("\n").filter((name) => !harmless.includes(name)),
      [],
    );
    assert.match(opened, /^null$/m);
    assert.equal(
      lab.on(
        "w1",
        "ls /sys/firmware /proc/acpi 2>/dev/null | grep -v : | wc -w; cat /proc/kcore /proc/timer_list 2>/dev/null | wc -c",
      ),
      "0\n0",
    );
    assert.equal(lab.on("w1", "cat /dev/kmsg | wc -c"), "0");
    assert.throws(() => lab.on("w1", "mknod /root/disk b 254 0; exec 3</root/disk"), /not permitted/);
    lab.on("w1", "rm /root/disk");
  });

  it("do not reach this machine by its own addresses, nor link-local ones", () => {
    const own = execFileSync("ip", ["-4", "-o", "address", "show", "scope", "global"], { encoding: "utf8" });
    const [address] = /\d+\.\d+\.\d+\.\d+/.exec(own) ?? [];
    const refused = (to: string, port: number) =>
      lab.on("w1", `timeout 5 bash -c 'exec 3<>/dev/tcp/${to}/${port}' 2>&1 || true`);
    // The one that a node's SSH port is forwarded from listens on loopback only, so any answer comes from a rule.
    for (const to of ["169.254.169.254", ...(address ? [address] : [])])
      assert.match(refused(to, 80), /No route to host|Network is unreachable/, to);
    const pid = execFileSync("ip", ["route", "show", "default"], { encoding: "utf8" });
    if (pid !== "") assert.equal(refused("192.0.2.3", 80), "", "dropped: neither refused nor connected");
  });

  it("cannot make their next boot write to this machine by a link on their disk", async () => {
    const target = fs.mkdtempSync("/tmp/encaplab-target-");
    try {
      lab.on(
        "w2",
        `mv /etc/ssh /etc/ssh.real; ln -s ${target} /etc/ssh; ln -sf ${target}/name /etc/hostname; sync`,
      );
      lab.run("kill", "w2");
      assert.throws(() => lab.run("start", "w2"), /\/etc\/ssh of the node w2 is a link/);
      assert.deepEqual(fs.readdirSync(target), []);
      const upper = `${lab.folder}/nodes/w2/upper/etc`;
      fs.rmSync(`${upper}/ssh`);
      fs.renameSync(`${upper}/ssh.real`, `${upper}/ssh`);
      lab.run("start", "w2");
      assert.deepEqual(fs.readdirSync(target), []);
      await lab.ready("w2");
      assert.equal(lab.on("w2", "cat /etc/hostname"), "w2");
    } finally {
      fs.rmSync(target, { recursive: true });
    }
  });

  it("are not changed by a second up", () => {
    const status = lab.status();
    const started = NAMES.map((name) => lab.on(name, STARTED));
    assert.deepEqual(lab.up(), status);
    assert.deepEqual(
      NAMES.map((name) => lab.on(name, STARTED)),
      started,
    );
  });

  it("are added and removed one by one", async () => {
    const { ports, started } = { ports: lab.status(), started: lab.on("cp1", STARTED) };
    lab.write({ nodes: [...SPEC.nodes.filter(({ name }) => name !== "w1"), W3], routes: [] });
    const now = lab.up();
    assert.deepEqual(Object.keys(now.nodes).sort(), ["cp1", "w2", "w3"]);
    assert.deepEqual([now.nodes.cp1, now.nodes.w2, now.api], [ports.nodes.cp1, ports.nodes.w2, ports.api]);
    await lab.ready("w3");
    assert.equal(lab.on("cp1", STARTED), started, "the others keep running");
    assert.match(lab.on("w3", "ping -c 1 -W 2 10.0.3.10"), /ttl=63/);
    assert.throws(() => lab.on("cp1", "ping -c 1 -W 1 10.0.3.11"), "w1 is gone");
    assert.throws(() => lab.on("w3", "ping -c 1 -W 1 172.16.0.1"), "the router's route is gone");

    lab.write({});
    const back = lab.up();
    await lab.ready("w1");
    assert.deepEqual(Object.keys(back.nodes).sort(), NAMES);
    assert.notEqual(back.nodes.w1?.hostKey, ports.nodes.w1?.hostKey, "a new disk has a new host key");
  });

  it("keep their disk when they move to another subnet", async () => {
    lab.on("w1", "echo kept > /root/file && sync");
    const nodes = SPEC.nodes.map((node) => (node.name === "w1" ? { ...W3, name: "w1" } : node));
    lab.write({ nodes });
    lab.up();
    await lab.ready("w1");
    assert.equal(lab.on("w1", "cat /root/file; hostname -I").trim(), "kept\n10.0.4.11");
    lab.write({});
    lab.up();
    await lab.ready("w1");
  });

  it("keep their disk, key and port when the power fails", async () => {
    lab.on("w1", "echo kept > /root/file; touch /run/lost; sync; ip link add lost type veth");
    const { nodes } = lab.status();
    lab.run("kill", "w1");
    assert.equal(lab.status().nodes.w1?.running, false);
    assert.throws(() => lab.on("cp1", "ping -c 1 -W 1 10.0.3.11"));
    lab.run("start", "w1");
    await lab.ready("w1");
    assert.deepEqual(lab.status().nodes, nodes);
    assert.equal(lab.on("w1", "cat /root/file"), "kept");
    assert.throws(() => lab.on("w1", "test -e /run/lost || ip link show lost"));
  });

  it("boot again after a reboot, and by the next up after they were switched off", async () => {
    const started = lab.on("w1", STARTED);
    spawnSync("ssh", lab.sshArgv("w1", "reboot"));
    await lab.ready("w1", `test "$(${STARTED})" != ${started}`);
    spawnSync("ssh", lab.sshArgv("w1", "poweroff"));
    await until(() => lab.status().nodes.w1?.running === false, 60_000);
    lab.up();
    await lab.ready("w1");
    assert.ok(lab.status().nodes.w1?.running);
  });

  it("get a listener back in the next up after it died", async () => {
    const { port } = lab.status().api;
    const [line] = execFileSync("ss", ["-Htlnp", `sport = :${port}`], { encoding: "utf8" }).split("\n");
    process.kill(Number(/pid=(\d+)/.exec(line ?? "")?.[1]), "SIGKILL");
    assert.equal(lab.status().api.running, false);
    assert.deepEqual(lab.up().api, { port, running: true });
  });

  it("keep the port of a listener that is slow to start", () => {
    // In namespaces of its own. The shell that becomes the listener first waits, as on a busy machine.
    const script = `
      set -euo pipefail
      mount -t tmpfs none /run; mkdir -p /run/encaplab/forwards; ip link set lo up
      folder=/run spec=/dev/null
      die() { echo "$*" >&2; exit 1; }
      within() { shift 2; until "$@"; do sleep 0.02; done; }
      daemon() { shift; setsid bash -c 'sleep 0.5; exec "$@"' _ "$@" </dev/null >/dev/null 2>&1 & }
      source scripts/runtime/process.sh; source scripts/containers/forwards.sh
      printf 'w1\t23456\n' >/run/ports
      open_forward w1 - 10.0.0.1 22
      ss -Htln | awk '{ print " " $4 }'`;
    const args = [
      "--mount",
      "--net",
      "--pid",
      "--fork",
      "--mount-proc",
      "--kill-child",
      "bash",
      "-c",
      script,
    ];
    const ports = execFileSync("unshare", args, { cwd: REPOSITORY, encoding: "utf8" });
    assert.equal(ports.trim(), "23456 127.0.0.1:23456");
  });

  it("run beside another lab with the same name and addresses", async () => {
    const other = make();
    const status = other.up();
    await other.ready("w2");
    const taken = new Set([
      ...Object.values(lab.status().nodes).map(({ port }) => port),
      lab.status().api.port,
    ]);
    for (const { port } of [...Object.values(status.nodes), status.api]) assert.ok(!taken.has(port));
    assert.match(other.on("cp1", "ping -c 1 -W 2 10.0.4.10"), /ttl=63/);
    other.run("down");
    assert.deepEqual(other.leftovers(), []);
    assert.equal(lab.on("w2", "hostname"), "w2", "the first one keeps running");
  });

  it("are built by the next up and removed by the next down after a kill at any moment", async () => {
    const killed = make();
    // If it is killed alone, its children continue, and the next run waits for them. If the group is killed, all of it
    // ends in the middle of its work.
    for (const [index, after] of [40, 150, 300, 500, 700, 900, 1200, 1600, 2200].entries())
      await killed.killed("up", after, index % 2 === 0);
    const { nodes } = killed.up();
    for (const name of NAMES) await killed.ready(name);
    assert.deepEqual(Object.keys(nodes).sort(), NAMES);
    assert.match(killed.on("cp1", "ping -c 1 -W 2 10.0.4.10"), /ttl=63/);
    for (const [index, after] of [40, 120, 250, 400].entries())
      await killed.killed("down", after, index % 2 === 0);
    killed.run("down");
    assert.deepEqual(killed.leftovers(), []);
    for (const after of [100, 600, 1100]) {
      await killed.killed("up", after, true);
      killed.run("down");
      assert.deepEqual(killed.leftovers(), [], `after an up killed at ${after} ms`);
    }
  });

  it("are built even on a machine without a network, and say how its kernel was built if /boot says so", () => {
    const offline = make();
    const reach = (node: string) => `
      read -r port key < <(jq -r '.nodes.${node} | "\\(.port) \\(.hostKey)"' <<< "$status")
      for ((tries = 0; tries < 600; tries++)); do
        [[ $(head -c 3 < /dev/tcp/127.0.0.1/$port) != SSH ]] || break
        sleep 0.1
      done
      echo "${node} $(head -c 3 < /dev/tcp/127.0.0.1/$port)"`;
    // What kubeadm's preflight reads, on Debian and Ubuntu.
    const config = "/boot/config-$(uname -r)";
    const script = `set -e; ip link set lo up
      mkdir -p /boot; mount -t tmpfs tmpfs /boot; echo CONFIG_CGROUPS=y > ${config}
      status=$(bash ${RUN} ${offline.folder} up)
      ${NAMES.map(reach).join("\n")}
      machine=$(pgrep -f "containers/[m]achine ${offline.folder} cp1")
      init=$(pgrep -P "$(pgrep -P "$machine")")
      cat "/proc/$init/root${config}"
      bash ${RUN} ${offline.folder} down`;
    const { stdout, stderr } = spawnSync("unshare", ["--net", "--mount", "bash", "-c", script], {
      encoding: "utf8",
    });
    assert.equal(stdout, `${NAMES.map((name) => `${name} SSH\n`).join("")}CONFIG_CGROUPS=y\n`, stderr);
    assert.match(stderr, /no internet: this machine has no default route/);
    assert.deepEqual(offline.leftovers(), []);
  });

  it("report a wrong spec before anything is made", () => {
    const wrong = make();
    const said = (...argv: string[]): string => {
      const { status, stderr } = spawnSync("bash", [RUN, ...argv], { encoding: "utf8" });
      assert.notEqual(status, 0, argv.join(" "));
      return stderr;
    };
    wrong.write({ nodes: [{ ...W3, subnet: "c" }] });
    assert.match(said(wrong.folder, "up"), /node w3: subnet c is not one of a/);
    wrong.write({ apiNode: "x" });
    assert.match(said(wrong.folder, "up"), /apiNode x is not one of cp1, w1, w2/);
    wrong.write({ layer: "/no/such/layer" });
    assert.match(said(wrong.folder, "up"), /the layer \/no\/such\/layer does not exist/);
    assert.match(said(wrong.folder, "sideways"), /usage: .*up\|down\|status/);
    assert.match(said(lab.folder, "kill", "nobody"), /no node nobody .* cp1/);
    assert.match(said("/run/lab", "up"), /must not be below \/run/);
    assert.deepEqual(wrong.leftovers(), []);
    assert.match(
      spawnSync("setpriv", ["--reuid=65534", "--clear-groups", "bash", RUN, wrong.folder, "up"], {
        encoding: "utf8",
      }).stderr,
      /need root, but you are the user nobody/,
    );
  });

  it("leave no process, namespace, mount, control group or file, and the machine unchanged", async () => {
    lab.run("down");
    assert.deepEqual(lab.leftovers(), []);
    assert.deepEqual(fs.readdirSync(lab.folder), ["spec.json"]);
    lab.run("down");
    assert.deepEqual(await hostChanges(host), []);
  });
});
