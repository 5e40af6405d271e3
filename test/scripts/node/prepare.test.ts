// Parts of prepare.sh on imitated images of RHEL, Ubuntu and Debian, which could not be tested for real.
import assert from "node:assert/strict";
import { Sandbox, source, type Values } from "../../support/node-sandbox";

const HOSTS = "10.0.3.10 cp1\n10.0.3.11 w1";
const NIC =
  "ip link add eth0 type veth peer name wire; ip link set wire up; ip addr add 10.0.3.11/24 dev eth0; ip link set eth0 up";

describe("prepare.sh", () => {
  let sandbox: Sandbox;
  beforeEach(() => {
    sandbox = new Sandbox();
  });
  afterEach(() => sandbox.remove());

  const run = async (part: string, values: Values = {}, before = "", after = "") => {
    const files = ["packages", "kubeadm", "before", "metadata", "prepare"].map(source).join("\n");
    const ran = await sandbox.run(
      { body: `${files}\ncreate() { ${part}; }` },
      { NODE_NAME: "w1", HOSTS, ...values },
      { before, after },
    );
    assert.equal(ran.status, 0, ran.stderr);
    return ran;
  };
  const state = (name: string) => sandbox.read(`var/lib/encaplab/${name}`);
  /** systemd of a machine with these units; the `enabled` ones stay enabled until a step disables them. */
  const systemd = (units: string[], enabled: string[] = []) => {
    const off = (name: string) => `[ -e ${sandbox.path("off")}-${name} ]`;
    const known = units.map((name) => `cat\\ ${name}`).join("|") || "none";
    const cases = enabled.map((name) => `is-enabled*${name}) ! ${off(name)} ;;`);
    const disable = enabled.map((name) => `disable*${name}) : >${sandbox.path("off")}-${name} ;;`);
    sandbox.command(
      "systemctl",
      `case "$*" in cat* | is-*) ;; *) echo "systemctl $*" >>${sandbox.path("calls")} ;; esac
       case "$*" in ${known}) ;; cat* | is-active*) exit 1 ;; ${cases.join(" ")} is-enabled*) exit 1 ;; ${disable.join(" ")} esac`,
    );
  };

  describe("names in /etc/hosts", () => {
    const block = (hosts: string) => `# encaplab begin\n${hosts}\n# encaplab end\n`;
    const template = "## template:jinja\n# manage_etc_hosts\n127.0.1.1 {{fqdn}} {{hostname}}\n";

    for (const [family, commands] of [
      ["debian", ["apt-get"]],
      ["redhat", []],
    ] as const) {
      it(`are also in cloud-init's ${family} template, which overwrites the file at every boot`, async () => {
        for (const name of ["debian", "redhat"])
          sandbox.write(`etc/cloud/templates/hosts.${name}.tmpl`, template);
        for (const name of commands) sandbox.command(name, "");
        // This machine's own apt-get must not be found.
        const part = `type() { [ "$*" != '-P apt-get' ] || ${commands.length > 0}; }; name_hosts`;
        await run(part);
        assert.equal(sandbox.read("etc/hosts"), `127.0.0.1 localhost\n${block(HOSTS)}`);
        const file = `etc/cloud/templates/hosts.${family}.tmpl`;
        assert.equal(sandbox.read(file), template + block(HOSTS));
        assert.equal(state(`before/${file}`), template);
        const other = family === "debian" ? "redhat" : "debian";
        assert.equal(sandbox.read(`etc/cloud/templates/hosts.${other}.tmpl`), template);

        const more = `${HOSTS}\n10.0.3.12 w2`;
        await run(part, { HOSTS: more });
        assert.equal(sandbox.read(file), template + block(more));
        assert.equal(state(`before/${file}`), template, "the template from before the first run");
      });
    }

    it("need no template on a machine without cloud-init", async () => {
      await run("name_hosts");
      assert.equal(sandbox.read("etc/hosts"), `127.0.0.1 localhost\n${block(HOSTS)}`);
      assert.equal(state("made"), "");
    });
  });

  describe("systemd-networkd", () => {
    const FILE = "etc/systemd/networkd.conf.d/encaplab.conf";
    const restarted = ["systemctl try-restart systemd-networkd.service"];

    it("is configured to keep foreign routes and rules, and restarted once", async () => {
      systemd(["systemd-networkd.service"]);
      sandbox.write("etc/systemd/system.conf", "");
      for (const _ of [1, 2]) await run("keep_foreign_routes");
      assert.equal(
        sandbox.read(FILE),
        "[Network]\nManageForeignRoutes=no\nManageForeignRoutingPolicyRules=no\n",
      );
      assert.deepEqual(sandbox.calls(), restarted);
      assert.equal(state("made"), `/etc/systemd/networkd.conf.d\n/${FILE}\n`);
    });

    it("is not restarted on a machine that is already a node", async () => {
      systemd(["systemd-networkd.service"]);
      sandbox.write("var/lib/encaplab/kubeadm", "join done\n");
      await run("keep_foreign_routes");
      assert.match(sandbox.read(FILE), /ManageForeignRoutes=no/);
      assert.deepEqual(sandbox.calls(), []);
    });

    it("gets no file where it is not installed, as on RHEL", async () => {
      systemd([]);
      await run("keep_foreign_routes");
      assert.deepEqual([sandbox.read(FILE), state("made"), sandbox.calls()], ["", "", []]);
    });
  });

  describe("nm-cloud-setup", () => {
    const UNITS = ["nm-cloud-setup.timer", "nm-cloud-setup.service"];
    // The rules and routes of NetworkManager 1.40 and later, and some of other programs.
    const rules = `${NIC}
      ip route add default via 10.0.3.1 dev eth0 table 30400; ip route add 10.0.3.0/24 dev eth0 table 30200
      ip rule add priority 30200 from 10.0.3.11 table 30200; ip rule add priority 30400 from 10.0.3.11 table 30400
      ip rule add priority 30350 table main suppress_prefixlength 0
      ip rule add priority 30100 from 10.0.3.11 table 30100; ip rule add priority 30410 from 192.0.2.1 table 7`;

    it("is turned off with its timer, both are recorded for the reset, and its rules are removed", async () => {
      systemd(UNITS, UNITS);
      sandbox.command("nmcli", `echo "nmcli $*" >>${sandbox.path("calls")}`);
      const ran = await run("no_nm_cloud_setup", {}, rules, "ip rule");
      assert.deepEqual(sandbox.calls(), [
        ...UNITS.map((unit) => `systemctl disable --quiet --now ${unit}`),
        "nmcli device reapply eth0",
      ]);
      assert.equal(state("services"), `${UNITS.join("\n")}\n`);
      assert.deepEqual(
        ran.stdout.match(/^\d+/gm),
        ["0", "30100", "30410", "32766", "32767"],
        "only its own rules are removed",
      );
      assert.match(ran.stderr, /turning off nm-cloud-setup\.service on w1: its routing rules cut nodes off/);
      assert.match(ran.stderr, /removing nm-cloud-setup's routing rules on w1: 30200 30350 30400/);

      const second = await run("no_nm_cloud_setup", {}, NIC);
      assert.equal(second.stderr, "");
      assert.equal(sandbox.calls().length, 3);
      assert.equal(state("services"), `${UNITS.join("\n")}\n`);
    });

    it("where it is not installed, rules with the same priorities are kept", async () => {
      systemd([]);
      const ran = await run("no_nm_cloud_setup", {}, rules, "ip rule");
      assert.match(ran.stdout, /^30200/m);
      assert.deepEqual([ran.stderr, sandbox.calls(), state("services")], ["", [], ""]);
    });

    it("is not recorded for the reset if it was already disabled", async () => {
      systemd(UNITS, []);
      const ran = await run("no_nm_cloud_setup", {}, rules, "ip rule");
      assert.doesNotMatch(ran.stdout, /^30200/m);
      assert.equal(state("services"), "");
    });
  });

  it("records only once, before any change, whether /sys/fs/bpf was mounted", async () => {
    const mounted = "mounts() { echo 'bpf /sys/fs/bpf bpf rw 0 0'; }";
    await run(`${mounted}; remember`);
    assert.equal(sandbox.exists("var/lib/encaplab/no-bpf"), false);
    await run("mounts() { :; }; remember");
    assert.equal(sandbox.exists("var/lib/encaplab/no-bpf"), false);
    sandbox.remove();
    sandbox = new Sandbox();
    await run("mounts() { :; }; remember");
    assert.equal(sandbox.exists("var/lib/encaplab/no-bpf"), true);
  });
});
