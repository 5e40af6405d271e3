// site-link.sh and site-route.sh with a stand-in for systemd, and a real strongSwan that meets another one.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { statSync, symlinkSync } from "node:fs";
import { renderSwanctl } from "../../../components/infrastructure";
import { type Ran, Sandbox, source } from "../../support/node-sandbox";
import { ENDING, strongSwanInPeer, strongSwanSandbox } from "../../support/strongswan";
import { needTools } from "../../support/tools";

const PSK = "a key that others must not see";
const KEY = Buffer.from(PSK).toString("base64");
const OWN = "192.168.1.10";
const PEER = "172.31.0.10";
const PROPOSALS = { ike: "aes128-sha256-modp2048", esp: "aes128gcm16" };
const PAIR = ["192.168.1.0/24", "172.31.0.0/16"] as const;

const connection = renderSwanctl(2, {
  id: { own: OWN, peer: PEER },
  peer: "198.51.100.2",
  proposals: PROPOSALS,
  children: [[...PAIR]],
  starts: true,
});
const VALUES = {
  NODE_NAME: "cp1",
  CONNECTION: connection,
  PSK: KEY,
  CHILDREN: "1",
  WAIT: "1",
  ALONE: "0",
  KUBERNETES_VERSION: "1.35.7",
};
const CONF = "etc/swanctl/conf.d/encaplab.conf";
const succeeded = ({ status, stderr }: Ran) => assert.equal(status, 0, stderr);

describe("site-link.sh", function () {
  this.timeout(120_000);
  let sandbox: Sandbox;
  before(function () {
    needTools(this, "ipsec");
  });
  beforeEach(() => {
    sandbox = strongSwanSandbox();
  });
  afterEach(() => sandbox.remove());

  /** The gateway of the other site, in a network namespace of its own, at the other end of a cable. */
  const peer = (secret = `0s${KEY}`) => {
    const theirs = renderSwanctl(2, {
      id: { own: PEER, peer: OWN },
      peer: "198.51.100.1",
      proposals: PROPOSALS,
      children: [[PAIR[1], PAIR[0]]],
      starts: false,
      secret,
    });
    return [
      ENDING,
      "ip netns add peer",
      "ip link add wan type veth peer name wan netns peer",
      "ip link add site type bridge; ip -n peer link add site type bridge",
      `ip addr add 198.51.100.1/24 dev wan; ip addr add ${OWN}/24 dev site`,
      `ip -n peer addr add 198.51.100.2/24 dev wan; ip -n peer addr add ${PEER}/16 dev site`,
      "ip link set wan up; ip link set site up; ip -n peer link set wan up; ip -n peer link set site up",
      ...strongSwanInPeer(sandbox, theirs),
    ].join("\n");
  };
  const ping = `ping -c 2 -i 0.2 -W 2 -I ${OWN} ${PEER} || true`;

  it("joins the machine to the other gateway, so that packets pass, and keeps the key from other users", async () => {
    const ran = await sandbox.run("site-link", VALUES, { before: peer(), after: ping });
    succeeded(ran);
    assert.match(ran.stderr, /cp1 has a tunnel to the gateway of the other site/);
    assert.match(ran.stdout, /2 received/);
    assert.match(sandbox.read(CONF), new RegExp(`secret = 0s${KEY}`));
    assert.equal(statSync(sandbox.path(CONF)).mode & 0o777, 0o600);
    assert.ok(!ran.stderr.includes(KEY) && !ran.stderr.includes(PSK) && !ran.stdout.includes(KEY));
    assert.ok(sandbox.calls().includes("systemctl enable --quiet strongswan"));
    assert.match(sandbox.read("var/lib/encaplab/enabled"), /^strongswan$/m);
  });

  it("changes nothing at a second run, and starts strongSwan no second time", async () => {
    succeeded(await sandbox.run("site-link", VALUES, { before: peer() }));
    const first = sandbox.read(CONF);
    // The same machine once more: its files are there, and its strongSwan runs.
    const running = "systemctl start strongswan; until swanctl --stats >/dev/null 2>&1; do sleep 0.1; done";
    const ran = await sandbox.run("site-link", VALUES, {
      before: [
        "rm -rf /run/netns /run/charon.pid /run/charon.vici /run/peer/vici",
        peer(),
        running,
        `: >${sandbox.path("calls")}`,
      ].join("\n"),
    });
    succeeded(ran);
    assert.equal(sandbox.read(CONF), first);
    assert.ok(sandbox.calls().length > 0);
    for (const call of sandbox.calls()) assert.match(call, /^systemctl is-/, call);
  });

  it("says what to look at when there is no tunnel, as with another key on the other gateway", async () => {
    const ran = await sandbox.run(
      "site-link",
      { ...VALUES, TUNNEL_WAIT: "3" },
      { before: peer("0sYW5vdGhlciBrZXk=") },
    );
    assert.equal(ran.status, 1);
    assert.match(ran.stderr, /UDP 500 and 4500 must be open between them.*journalctl -u strongswan/);
    assert.ok(!ran.stderr.includes(KEY));
  });

  it("takes the tunnel back: its files are gone, and strongSwan has no connection", async () => {
    const left = `swanctl --list-conns; echo left; ls /etc/swanctl/conf.d`;
    succeeded(await sandbox.run("site-link", { ...VALUES, WAIT: "0" }, { before: ENDING }));
    const ran = await sandbox.run("site-link", VALUES, {
      action: "delete",
      before: [
        "rm -f /run/charon.pid /run/charon.vici",
        ENDING,
        "systemctl start strongswan; until swanctl --stats >/dev/null 2>&1; do sleep 0.1; done",
      ].join("\n"),
      after: `until swanctl --stats >/dev/null 2>&1; do sleep 0.1; done; ${left}`,
    });
    succeeded(ran);
    assert.match(ran.stdout, /^left\n/m);
    assert.doesNotMatch(ran.stdout, /link|encaplab/);
    assert.ok(!sandbox.exists(CONF) && !sandbox.exists("etc/strongswan.d/zz-encaplab.conf"));
  });

  it("installs what strongSwan needs and the machine lacks: on Debian its parts, on the RHEL family one package", async () => {
    const body = `${source("packages")}\n${source("site-link")}\ncreate() { missing >&3; }`;
    const lacking = async (manager: string) => {
      const own = new Sandbox();
      try {
        own.command(manager, "");
        // PATH has only these, so this machine's strongSwan is not found.
        for (const name of [
          "bash",
          "cat",
          "dirname",
          "env",
          "flock",
          "install",
          "ip",
          "mkdir",
          "rm",
          "touch",
        ])
          symlinkSync(execFileSync("which", [name], { encoding: "utf8" }).trim(), own.path(`bin/${name}`));
        return await own.run({ body }, { ...VALUES, PATH: own.path("bin") });
      } finally {
        own.remove();
      }
    };
    const debian = await lacking("apt-get");
    assert.deepEqual(
      [debian.status, debian.stdout],
      [0, "charon-systemd\nstrongswan-swanctl\n"],
      debian.stderr,
    );
    assert.equal((await lacking("dnf")).stdout, "strongswan\n");
  });

  it("has nothing to take back on a machine that it never came to", async () => {
    succeeded(await sandbox.run("site-link", VALUES, { action: "delete" }));
    assert.deepEqual(sandbox.calls(), []);
  });
});

describe("site-route.sh", () => {
  let sandbox: Sandbox;
  const values = { NODE_NAME: "w1", CIDRS: "172.31.0.0/16\n172.30.0.0/24", VIA: OWN, MTU: "1400" };
  const link = "ip link add eth9 type bridge; ip addr add 192.168.1.11/24 dev eth9; ip link set eth9 up";
  beforeEach(() => {
    sandbox = new Sandbox();
    const unit = "/etc/systemd/system/encaplab-site-route.service";
    sandbox.command(
      "systemctl",
      `echo "systemctl $*" >>${sandbox.path("calls")}
      case "$*" in restart*) sed -n 's/^ExecStart=//p' ${unit} | while read -r line; do $line; done ;; esac`,
    );
  });
  afterEach(() => sandbox.remove());
  const show = "ip route show proto 202";

  it("gives the node a route by the gateway, with the tunnel's MTU, that comes back after a reboot", async () => {
    const ran = await sandbox.run("site-route", values, { before: link, after: show });
    succeeded(ran);
    assert.deepEqual(
      ran.stdout
        .trim()
        .split("\n")
        .map((line) => line.trim())
        .sort(),
      [
        "172.30.0.0/24 via 192.168.1.10 dev eth9 mtu 1400",
        "172.31.0.0/16 via 192.168.1.10 dev eth9 mtu 1400",
      ],
    );
    assert.ok(sandbox.calls().includes("systemctl enable --quiet encaplab-site-route.service"));
  });

  it("drops a route that is no longer wanted, and takes all back in the end", async () => {
    succeeded(await sandbox.run("site-route", values, { before: link }));
    const fewer = { ...values, CIDRS: "172.31.0.0/16" };
    const old = `${link}; ip route add 172.30.0.0/24 via ${OWN} proto 202`;
    const ran = await sandbox.run("site-route", fewer, { before: old, after: show });
    succeeded(ran);
    assert.match(ran.stdout.trim(), /^172\.31\.0\.0\/16 via 192\.168\.1\.10 dev eth9 mtu 1400$/);
    const gone = await sandbox.run("site-route", fewer, {
      action: "delete",
      before: old,
      after: `${show}; echo end`,
    });
    succeeded(gone);
    assert.equal(gone.stdout, "end\n");
    assert.ok(!sandbox.exists("etc/systemd/system/encaplab-site-route.service"));
  });
});
