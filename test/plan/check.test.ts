/** The edges of what a config may say: the last value that is accepted, and the first that is not. */
import assert from "node:assert/strict";
import { FABRICS } from "../../components/config";
import { errorOf, type RawConfig } from "../support/problems";

/** What is wrong, as `key: message`; empty for a config that can be used. */
const wrong = (raw: RawConfig): string[] =>
  (errorOf(raw)?.problems ?? []).map(({ key, message }) => `${key}: ${message}`);

function assertAccepted(raw: RawConfig): void {
  assert.deepEqual(wrong(raw), [], JSON.stringify(raw));
}
function assertRefused(raw: RawConfig, key: string, message: RegExp): void {
  const found = wrong(raw);
  assert.equal(found.length, 1, JSON.stringify([raw, found]));
  assert.ok(found[0]?.startsWith(`${key}: `), found[0]);
  assert.match(found[0] ?? "", message);
}

/** The text of a public key: RFC 4253, section 6.6, says that it begins with the length of its type, and the type. */
function publicKey(type: string, said = type, length = said.length): string {
  const data = Buffer.concat([Buffer.from([0, 0, 0, length]), Buffer.from(said), Buffer.alloc(51)]);
  return `${type} ${data.toString("base64")} me`;
}

describe("a public key in the config", () => {
  const on = (cloud: string, key: string) => ({ cloud, [cloud]: { publicKey: key } });
  it("is accepted by both clouds where its type is RSA or ED25519", () => {
    for (const cloud of ["aws", "openstack"])
      for (const type of ["ssh-rsa", "ssh-ed25519"]) assertAccepted(on(cloud, publicKey(type)));
  });

  it("of another type is accepted by Nova, and refused for EC2, which does not import it", () => {
    assertRefused(
      on("aws", publicKey("ecdsa-sha2-nistp256")),
      "aws.publicKey",
      /EC2 does not import keys of this type/,
    );
    assertAccepted(on("openstack", publicKey("ecdsa-sha2-nistp256")));
  });

  it("is refused where its data is of another type, says another length, or ends early", () => {
    const half = publicKey("ssh-ed25519").slice(0, 24);
    for (const cloud of ["aws", "openstack"])
      for (const key of [
        publicKey("ssh-ed25519", "ssh-ed25518"),
        publicKey("ssh-ed25519", "ssh-rsa"),
        publicKey("ssh-ed25519", "ssh-ed25519", 12),
        half,
      ])
        assertRefused(on(cloud, key), `${cloud}.publicKey`, /it is not a complete OpenSSH public key/);
  });

  it("of a cloud that is not the chosen one is not looked at", () => {
    assertAccepted({ cloud: "twin", aws: { publicKey: publicKey("ecdsa-sha2-nistp256") } });
    assertAccepted({ cloud: "openstack", aws: { publicKey: publicKey("ecdsa-sha2-nistp256") } });
  });
});

describe("subnets in the config", () => {
  const subnets = (...cidrs: string[]) => ({
    topology: cidrs.map((cidr, i) => ({ name: `s${i}`, cidr, nodes: [`n${i}`] })),
  });

  it("must be inside one block of a VPC on AWS, and need not elsewhere", () => {
    const far = subnets("10.0.3.0/24", "10.1.3.0/24");
    assertRefused({ cloud: "aws", ...far }, "topology", /a VPC has one block of at most a \/16/);
    for (const cloud of ["openstack", "twin"]) assertAccepted({ cloud, ...far });
    assertAccepted({ cloud: "aws", ...subnets("10.0.3.0/24", "10.0.255.0/24") });
  });

  it("may have the longest and the shortest prefix of their fabric", () => {
    assertAccepted({ cloud: "aws", ...subnets("10.0.0.0/16") });
    assertAccepted({ cloud: "aws", ...subnets("10.0.3.0/28") });
    assertAccepted({ cloud: "openstack", podCidr: "172.16.0.0/16", ...subnets("11.0.0.0/8") });
    assertRefused({ cloud: "openstack", ...subnets("10.0.3.0/29") }, "topology[0].cidr", /from \/8 to \/28/);
    assertAccepted({ serviceCidr: "10.96.0.0/28" });
    assertAccepted({ serviceCidr: "10.96.0.0/12" });
  });

  it("may be full, and one node more is refused, unless every address is given", () => {
    const nodes = (count: number) => Array.from({ length: count }, (_, i) => `n${i}`);
    const small = (list: unknown[]) => ({
      cloud: "aws",
      topology: [{ name: "a", cidr: "10.0.3.0/28", nodes: list }],
    });
    assertAccepted(small(nodes(11)));
    assertRefused(small(nodes(12)), "topology[0].nodes", /10\.0\.3\.0\/28 has room for 11/);
    const given = (count: number) => nodes(count).map((name, i) => ({ name, address: `10.0.3.${i + 1}` }));
    // Of a /28 on a plain network, 14 addresses can be given; the lab itself would give 11.
    const plain = (list: unknown[]) => ({ ...small(list), cloud: "twin" });
    assertAccepted(plain(given(14)));
    assertRefused(plain([...given(13), "one-more"]), "topology[0].nodes", /room for 11/);
  });

  it("may give a node the first and the last address that their fabric leaves", () => {
    const at = (cloud: string, address: string) => ({
      cloud,
      topology: [{ name: "a", cidr: "10.0.3.0/24", nodes: [{ name: "n", address }] }],
    });
    for (const cloud of ["aws", "openstack"]) {
      assertAccepted(at(cloud, "10.0.3.4"));
      assertAccepted(at(cloud, "10.0.3.254"));
      const key = "topology[0].nodes[0].address";
      assertRefused(
        at(cloud, "10.0.3.3"),
        key,
        /reserves the first 4 addresses and the last one of 10\.0\.3\.0\/24/,
      );
      assertRefused(at(cloud, "10.0.3.255"), key, /reserves the first 4 addresses and the last one/);
    }
    assertAccepted(at("twin", "10.0.3.1"));
    assertRefused(
      at("twin", "10.0.3.0"),
      "topology[0].nodes[0].address",
      /the network or the broadcast address/,
    );
  });

  it("of existing machines may have the addresses that these have, whatever the fabric reserves", () => {
    const machine = (address: string) => ({
      cloud: "hosts",
      fabric: "aws",
      hosts: { machines: [{ name: "m", address, subnet: "192.0.2.0/24" }] },
    });
    assertAccepted(machine("192.0.2.1"));
    assertRefused(
      machine("192.0.2.0"),
      "topology[0].nodes[0].address",
      /the network or the broadcast address/,
    );
  });
});

describe("numbers in the config", () => {
  it("may be as large as the fabric carries", () => {
    const largest = { aws: 9001, gcp: 8896, hetzner: 1450, oci: 9000 };
    for (const [fabric, mtu] of Object.entries(largest)) {
      assertAccepted({ fabric, mtu });
      assertRefused({ fabric, mtu: mtu + 1 }, "mtu", new RegExp(`carries at most ${mtu} bytes`));
    }
    for (const fabric of FABRICS.filter((name) => !(name in largest))) assertAccepted({ fabric, mtu: 9216 });
  });

  it("may leave exactly one block for each node", () => {
    const topology = [{ name: "a", cidr: "10.0.3.0/24", nodes: ["a", "b", "c", "d"] }];
    assertAccepted({ topology, podCidr: "172.16.0.0/24", blockSize: 26 });
    assertRefused(
      { topology, podCidr: "172.16.0.0/24", blockSize: 25 },
      "podCidr",
      /2 blocks of \/25 for 4 nodes/,
    );
    assertAccepted({ topology: [{ ...topology[0], nodes: ["a"] }], podCidr: "172.16.0.0/24", blockSize: 24 });
  });

  it("may be of a hundred nodes", () => {
    const nodes = (count: number) => Array.from({ length: count }, (_, i) => `n${i}`);
    const topology = (count: number) => [
      { name: "a", cidr: "10.0.0.0/22", nodes: nodes(50) },
      { name: "b", cidr: "10.0.4.0/22", nodes: nodes(count).map((name) => `x${name}`) },
    ];
    assertAccepted({ topology: topology(50) });
    assertRefused({ topology: topology(51) }, "topology", /at most 100 nodes/);
  });
});

describe("a free range for Services", () => {
  // The error names it: first the same address with a longer prefix, then the private ranges in their usual order.
  const offered = (raw: RawConfig) =>
    wrong(raw).flatMap((text) => /a free range such as (\S+)/.exec(text)?.[1] ?? []);
  const subnet = (cidr: string) => ({ topology: [{ name: "a", cidr, nodes: ["n"] }] });

  it("keeps the address, and so that of the cluster's DNS, where a longer prefix is free", () => {
    assert.deepEqual(offered(subnet("10.100.200.0/24")), ["10.96.0.0/16"]);
    assert.deepEqual(offered({ ...subnet("10.96.200.0/24") }), ["10.96.0.0/20"]);
  });

  it("is elsewhere where not", () => {
    assert.deepEqual(offered({ ...subnet("10.96.0.0/24") }), ["10.0.0.0/12"]);
    assert.deepEqual(offered({ ...subnet("10.0.3.0/24"), serviceCidr: "172.16.0.0/16" }), ["10.1.0.0/16"]);
  });
});

describe("names in the config", () => {
  it("of nodes may be those of subnets, and may not be those of the twin's own namespaces", () => {
    assertAccepted({ topology: [{ name: "n", cidr: "10.0.3.0/24", nodes: ["n"] }] });
    for (const name of ["router", "internet", "fabric"])
      assertRefused(
        { topology: [{ name: "a", cidr: "10.0.3.0/24", nodes: [name] }] },
        "topology[0].nodes[0].name",
        /it is a name that the twin reserves; names must be unique/,
      );
  });

  it("of a node may not be that of a pod, in whichever subnet", () => {
    const topology = [
      { name: "a", cidr: "10.0.3.0/24", nodes: ["w1-1"] },
      { name: "b", cidr: "10.0.4.0/24", nodes: ["w1"] },
    ];
    assertRefused(
      { topology },
      "topology[1].nodes[0].name",
      /its pod w1-1 would have the name of another node/,
    );
    assertAccepted({ topology: [{ ...topology[0], nodes: ["w1-3"] }, topology[1]] });
  });
});
