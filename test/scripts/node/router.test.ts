// router.sh with a stand-in for systemd, and a real BIRD that peers with another one.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { symlinkSync } from "node:fs";
import { parseLook, routerValues } from "../../../components/cluster/check";
import { type Ran, Sandbox, source, type Values } from "../../support/node-sandbox";
import { planOf } from "../../support/problems";
import { needTools } from "../../support/tools";

const plan = planOf({
  cloud: "hosts",
  encapsulation: "None",
  podRoutes: "bgp",
  hosts: { router: { address: "192.0.2.1", addresses: ["10.0.3.254"] } },
});
const VALUES: Values = { NODE_NAME: "router", ...routerValues(plan) };
const CONF = "etc/encaplab/bird.conf";
const UNIT = "etc/systemd/system/encaplab-router.service";
const succeeded = ({ status, stderr }: Ran) => assert.equal(status, 0, stderr);

/** The machine's interfaces in the two subnets, and the node w1 at the other end of a cable, in a namespace of its own. */
const MACHINE = [
  // Also where a test fails.
  'end() { local file; for file in /run/router.pid /run/w1.pid; do if [[ -e $file ]]; then kill "$(<"$file")" 2>/dev/null || true; fi; done; }; trap end EXIT',
  "rm -rf /run/netns /run/router.pid /run/w1.pid",
  "echo 1 >/proc/sys/net/ipv4/ip_forward",
  "ip netns add w1",
  "ip link add lan1 type veth peer name eth0 netns w1; ip link add lan2 type bridge",
  "ip addr add 10.0.3.254/24 dev lan1; ip addr add 10.0.4.1/24 dev lan2; ip link set lan1 up; ip link set lan2 up",
  "ip -n w1 addr add 10.0.3.11/24 dev eth0; ip -n w1 link set eth0 up",
].join("\n");

/** BIRD on w1, with the block of its pods, as Calico's. */
const NODE = `cat >/run/w1.conf <<'BIRD'
router id 10.0.3.11;
protocol device {}
protocol static { ipv4; route 172.16.0.64/26 blackhole; }
protocol bgp uplink {
  local 10.0.3.11 as 64512; neighbor 10.0.3.254 as 64512; multihop;
  connect delay time 1; connect retry time 1; error wait time 1, 2;
  ipv4 { import all; export all; };
}
BIRD
nsenter --net=/run/netns/w1 setsid bird -f -c /run/w1.conf -s /run/w1.ctl >/run/w1.log 2>&1 </dev/null & echo $! >/run/w1.pid`;
const LEARNED = "172.16.0.64/26 via 10.0.3.11 dev lan1 proto bird";
const untilLearned = `deadline=$((SECONDS + 30)); until ip route | grep -q '${LEARNED}'; do ((SECONDS < deadline)) || { cat /run/router.log /run/w1.log; break; }; sleep 0.1; done; ip route`;

describe("router.sh", function () {
  this.timeout(120_000);
  let sandbox: Sandbox;
  before(function () {
    needTools(this, "router");
  });
  beforeEach(() => {
    sandbox = new Sandbox();
    sandbox.command(
      "systemctl",
      `echo "systemctl $*" >>${sandbox.path("calls")}
      alive() { [[ -e /run/router.pid ]] && kill -0 "$(</run/router.pid)" 2>/dev/null; }
      field() { sed -n "s/^$1=//p" /${UNIT}; }
      end() { if alive; then kill "$(</run/router.pid)"; while alive; do sleep 0.05; done; fi; }
      case "$*" in
        *is-active*) alive ;;
        *is-enabled*) [[ -e /run/enabled ]] ;;
        enable*) touch /run/enabled ;;
        disable*--now*) rm -f /run/enabled; end ;;
        reload*) $(field ExecReload) ;;
        start* | restart*)
          end
          mkdir -p /run/encaplab-router
          setsid $(field ExecStart) >/run/router.log 2>&1 3>&- 9>&- </dev/null &
          echo $! >/run/router.pid ;;
      esac`,
    );
  });
  afterEach(() => sandbox.remove());
  const run = (before: string, options: { after?: string; action?: string } = {}, values = VALUES) =>
    sandbox.run("router", values, { before, ...options });

  it("runs a BIRD that learns a node's pods, and starts it at each boot", async () => {
    const ran = await run(`${MACHINE}\n${NODE}`, { after: untilLearned });
    succeeded(ran);
    assert.ok(ran.stdout.includes(LEARNED), ran.stdout);
    assert.match(ran.stderr, /router runs BIRD, and waits for the nodes/);
    assert.ok(sandbox.calls().includes("systemctl enable --quiet encaplab-router.service"));
    assert.ok(
      !sandbox.calls().some((call) => /mask/.test(call)),
      "BIRD was there: its own service is the machine's",
    );
  });

  it("changes nothing at a second run, and takes a changed configuration without a restart", async () => {
    succeeded(await run(MACHINE));
    const again = [
      MACHINE,
      "systemctl start encaplab-router.service; until birdc -s /run/encaplab-router/bird.ctl show status >/dev/null 2>&1; do sleep 0.1; done",
      `: >${sandbox.path("calls")}`,
    ].join("\n");
    succeeded(await run(again));
    assert.ok(sandbox.calls().length > 0);
    for (const call of sandbox.calls()) assert.match(call, /^systemctl is-/, call);
    const other = { ...VALUES, CONFIG: (VALUES.CONFIG ?? "").replaceAll("as 64512;", "as 65001;") };
    const changed = await run(again, {}, other);
    succeeded(changed);
    assert.equal(sandbox.read(CONF), other.CONFIG);
    assert.deepEqual(
      sandbox.calls().filter((call) => !call.startsWith("systemctl is-")),
      ["systemctl reload encaplab-router.service"],
    );
  });

  it("takes all of it back, also the routes of a BIRD that was killed, and no other routes", async () => {
    succeeded(await run(MACHINE));
    assert.ok(sandbox.exists(UNIT) && sandbox.exists(CONF));
    const ran = await run(
      `${MACHINE}\nip route add 172.16.0.64/26 via 10.0.3.11 proto bird; ip route add 198.51.100.0/24 via 10.0.3.11 proto bird`,
      { action: "delete", after: "ip route" },
    );
    succeeded(ran);
    assert.doesNotMatch(ran.stdout, /172\.16\./);
    assert.match(ran.stdout, /198\.51\.100\.0\/24/);
    for (const file of [UNIT, CONF, "etc/encaplab", "var/lib/encaplab"])
      assert.ok(!sandbox.exists(file), file);
    assert.ok(sandbox.calls().includes("systemctl disable --quiet --now encaplab-router.service"));
  });

  it("has nothing to take back on a machine that it never came to", async () => {
    succeeded(await run("", { action: "delete" }));
    assert.deepEqual(sandbox.calls(), []);
  });

  /** What the look finds, by code. */
  const found = async (before: string) => {
    const ran = await run(before, { action: "look" });
    succeeded(ran);
    const { findings, facts } = parseLook("router", ran.stdout);
    assert.ok(Number(facts.time) > 0);
    return Object.fromEntries(findings.map(({ code, sentence }) => [code, sentence]));
  };

  it("finds nothing on a gateway, and changes nothing by looking", async () => {
    assert.deepEqual(await found(MACHINE), {});
    assert.ok(!sandbox.exists("var/lib/encaplab"));
  });

  it("names what keeps a machine from being the router, and refuses it before it changes anything", async () => {
    const wrong = `${MACHINE}\nip addr del 10.0.4.1/24 dev lan2; echo 0 >/proc/sys/net/ipv4/ip_forward`;
    const look = await found(wrong);
    assert.match(
      look["router-address"] ?? "",
      /no interface with 10\.0\.4\.1, .* set hosts\.router\.addresses/,
    );
    assert.match(look["router-forwarding"] ?? "", /does not forward packets .*net\.ipv4\.ip_forward=1/);
    const ran = await run(wrong);
    assert.equal(ran.status, 1);
    assert.match(ran.stderr, /refused: .*\(router-address\)[\s\S]*nothing was changed on router/);
    assert.ok(!sandbox.exists(CONF) && !sandbox.exists("var/lib/encaplab/router"));
  });

  it("finds another BIRD, which would delete the lab's routes, and another program at port 179", async () => {
    const other =
      "printf 'router id 1.1.1.1;\\nprotocol device {}\\n' >/run/other.conf; bird -c /run/other.conf -s /run/other.ctl -P /run/w1.pid";
    assert.match((await found(`${MACHINE}\n${other}`))["router-bird"] ?? "", /already runs a BIRD/);
    const listener =
      'python3 -c \'import socket, time; s = socket.create_server(("0.0.0.0", 179)); open("/run/listens", "w"); time.sleep(60)\' & echo $! >/run/w1.pid; until [[ -e /run/listens ]]; do sleep 0.05; done';
    assert.match((await found(`${MACHINE}\n${listener}`))["router-port"] ?? "", /TCP 179 is in use/);
  });

  it("finds a node of a lab, which has a BIRD already", async () => {
    sandbox.write("var/lib/encaplab/folders", "");
    assert.ok("router-node" in (await found(MACHINE)));
  });

  it("keeps the BIRD of a package that it installs from starting, and removes the package in the end", async () => {
    const body = `${source("packages")}\n${source("router")}\ncreate() { note router x; keep_from_starting; missing >&3; }`;
    const lacking = async (manager: string) => {
      const own = new Sandbox();
      try {
        own.command(manager, "");
        own.command("systemctl", `echo "systemctl $*" >>${own.path("calls")}`);
        // PATH has only these, so this machine's BIRD is not found.
        for (const name of ["bash", "cat", "dirname", "env", "flock", "grep", "install", "mkdir", "rm"])
          symlinkSync(execFileSync("which", [name], { encoding: "utf8" }).trim(), own.path(`bin/${name}`));
        const { status, stdout, stderr } = await own.run({ body }, { ...VALUES, PATH: own.path("bin") });
        assert.equal(status, 0, stderr);
        assert.deepEqual(own.calls(), ["systemctl mask --quiet bird"]);
        return stdout;
      } finally {
        own.remove();
      }
    };
    assert.equal(await lacking("apt-get"), "bird2\n");
    assert.equal(await lacking("dnf"), "bird\n");
    sandbox.write("var/lib/encaplab/router", "x\n");
    sandbox.write("var/lib/encaplab/masked", "bird\n");
    sandbox.write("var/lib/encaplab/packages", "bird2\n");
    sandbox.command("dpkg-query", "echo 'ii bird2'");
    sandbox.command("dpkg", `echo "dpkg $*" >>${sandbox.path("calls")}`);
    sandbox.command("apt-mark", "");
    succeeded(await run("", { action: "delete" }));
    assert.ok(sandbox.calls().includes("dpkg --purge bird2"), sandbox.calls().join("\n"));
    assert.ok(sandbox.calls().includes("systemctl unmask --quiet bird"));
    assert.ok(!sandbox.exists("var/lib/encaplab"));
  });
});
