// The input types of the config, for programs that make a `Lab`. The compiler checks them (`npm run check`): a line below a
// "@ts-expect-error" that has no error is one.
import assert from "node:assert/strict";
import { parseConfig, type RawConfig } from "../../components/config";

/** Fails to compile if a type is `any` or `unknown` where it must be known. */
type Known<T> = unknown extends T ? never : T;

describe("the type of a config as it is written", () => {
  it("accepts every kind of value that the schema accepts", () => {
    const raw: RawConfig = {
      cloud: "twin",
      encapsulation: "VXLAN",
      natOutgoing: true,
      podRoutes: "false",
      blockSize: 24,
      mtu: "1450",
      faults: ["mtu-too-big"],
      topology: [{ name: "a", cidr: "10.0.3.0/24", nodes: ["cp1", { name: "w1", role: "worker" }] }],
      aws: { accessCidrs: ["192.0.2.0/24"], spot: "true", architecture: "arm64" },
      hosts: { machines: [{ name: "cp1", address: "192.0.2.1", port: 22 }], jump: { address: "192.0.2.9" } },
      calico: { install: "manifest", images: ["calico.tar"] },
    };
    assert.equal(parseConfig(raw).topology[0]?.nodes.length, 2);
    assert.deepEqual(parseConfig({ faults: "mtu-too-big, node-as-32" } satisfies RawConfig).faults, [
      "mtu-too-big",
      "node-as-32",
    ]);
  });

  it("refuses a wrong value when the program is compiled, as the schema does when it runs", () => {
    const wrong: RawConfig[] = [
      // @ts-expect-error: not an encapsulation
      { encapsulation: "vxlan" },
      // @ts-expect-error: not a key
      { encapsulaton: "VXLAN" },
      // @ts-expect-error: not a flag
      { natOutgoing: "yes" },
      // @ts-expect-error: not a number
      { mtu: true },
      // @ts-expect-error: not a fault
      { faults: ["dns-broken"] },
      // @ts-expect-error: a subnet without its range
      { topology: [{ name: "a", nodes: ["w1"] }] },
      // @ts-expect-error: not a role
      { topology: [{ name: "a", cidr: "10.0.3.0/24", nodes: [{ name: "w1", role: "master" }] }] },
      // @ts-expect-error: not a list of CIDRs
      { aws: { accessCidrs: [5] } },
      // @ts-expect-error: a machine without an address
      { hosts: { machines: [{ name: "w1" }] } },
    ];
    for (const raw of wrong) assert.throws(() => parseConfig(raw), { name: "ConfigError" });
  });

  it("knows the elements of every list", () => {
    const node: Known<NonNullable<NonNullable<RawConfig["topology"]>[number]["nodes"]>[number]> = "w1";
    const cidr: Known<NonNullable<NonNullable<RawConfig["openstack"]>["accessCidrs"]>[number]> =
      "192.0.2.0/24";
    const faults: Known<NonNullable<RawConfig["faults"]>> = [];
    const raw: RawConfig = { openstack: { accessCidrs: [cidr] }, faults, topology: undefined };
    assert.deepEqual(parseConfig(raw).faults, []);
    assert.equal(node, "w1");
  });
});
