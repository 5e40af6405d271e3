import assert from "node:assert/strict";
import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { gzipSync } from "node:zlib";
import { chooseSandbox } from "../../../components/infrastructure/twin/sandbox";
import { readKernel } from "../../../components/infrastructure/twin/sandbox/kernel";
import { hostNetwork } from "../../support/sandbox";

const RELEASE = "6.1.0-test";

describe("the choice of a sandbox", () => {
  let root: string;
  beforeEach(() => {
    root = fs.mkdtempSync(path.join(os.tmpdir(), "encaplab-kernel-"));
  });
  afterEach(() => fs.rmSync(root, { recursive: true, force: true }));

  const write = (file: string, content: string | Buffer) => {
    fs.mkdirSync(path.dirname(path.join(root, file)), { recursive: true });
    fs.writeFileSync(path.join(root, file), content);
  };
  const choose = (...needs: Parameters<typeof chooseSandbox>[0]) =>
    chooseSandbox(needs, readKernel(root, RELEASE));

  it("counts vxlan on disk as available, because it may load by itself, but not ipip and br_netfilter", () => {
    write("proc/modules", "veth 1 0 - Live 0x0\nbridge 1 0 - Live 0x0\n");
    write(
      `lib/modules/${RELEASE}/modules.dep`,
      "kernel/net/ipv4/ipip.ko.xz: kernel/net/ipv4/ip_tunnel.ko.xz\nkernel/drivers/net/vxlan/vxlan.ko.zst:\n" +
        "kernel/net/bridge/br_netfilter.ko: kernel/net/bridge/bridge.ko\nkernel/net/netfilter/nf_tables.ko:\n",
    );
    assert.equal(choose("vxlan", "nf_tables").kind, "namespaces");
    assert.equal(choose("ipip").kind, "machine");
    assert.match(
      choose("ipip").why,
      /no ipip driver loaded.*`sudo modprobe ipip` avoids that but adds tunl0/,
    );
    assert.match(choose("br_netfilter").why, /sudo modprobe br_netfilter.*own bridges through its firewall/);
    assert.match(
      choose("ipip", "br_netfilter").why,
      /no ipip and no br_netfilter.*modprobe -a ipip br_netfilter`/,
    );
  });

  it("counts loaded modules as available", () => {
    write("proc/modules", "ipip 1 0 - Live 0x0\nbr_netfilter 1 0 - Live 0x0\nvxlan 1 0 - Live 0x0\n");
    assert.equal(choose("ipip", "br_netfilter", "vxlan").kind, "namespaces");
  });

  it("counts built-in drivers as available, by modules.builtin or by the build options", () => {
    write(`lib/modules/${RELEASE}/modules.builtin`, "kernel/net/ipv4/ipip.ko\n");
    assert.equal(choose("ipip").kind, "namespaces");
    assert.equal(choose("vxlan").kind, "machine");
    write(
      "proc/config.gz",
      gzipSync("CONFIG_VXLAN=y\nCONFIG_NET_IPIP=m\n# CONFIG_BRIDGE_NETFILTER is not set\n"),
    );
    assert.equal(choose("ipip", "vxlan").kind, "namespaces");
    assert.equal(choose("br_netfilter").kind, "machine");
    assert.doesNotMatch(choose("br_netfilter").why, /modprobe/, "there is nothing to load");
  });

  it("does not count a driver that the options name as a module but that is neither loaded nor on disk", () => {
    write(`boot/config-${RELEASE}`, "CONFIG_VXLAN=m\nCONFIG_NF_TABLES=y\n");
    assert.equal(choose("vxlan").kind, "machine");
    assert.equal(choose("nf_tables").kind, "namespaces");
  });

  it("changes nothing on this computer", () => {
    const before = hostNetwork();
    const modules = () => (fs.existsSync("/proc/modules") ? fs.readFileSync("/proc/modules", "utf8") : "");
    const loaded = modules();
    chooseSandbox(["ipip", "vxlan", "br_netfilter", "nf_tables"]);
    assert.equal(hostNetwork(), before);
    assert.equal(modules(), loaded);
  });
});
