/** What a stack learns from the stack of the other site, and what it is told to do next. */
import assert from "node:assert/strict";
import * as pulumi from "@pulumi/pulumi";
import {
  findPeerSite,
  nextStep,
  type PeerSite,
  peerWarnings,
  startsTunnel,
} from "../../../components/infrastructure/common";
import type { PeerSitePlan } from "../../../components/plan";
import { resolved, startMocks } from "../../support/mocks";
import { LONE_VPC, OPENSTACK_SITE } from "../../support/peer-sites";
import { planOf, problemsOf } from "../../support/problems";

const VPC = {
  cloud: "aws",
  topology: [{ name: "vpc", cidr: "172.31.0.0/16", nodes: ["cp1", "w1"] }],
  podCidr: "10.244.0.0/16",
};
const link = { peer: "site-openstack" };

/** Looks at a stack with these outputs. An error instead of outputs is the engine's. */
async function find(outputs: Record<string, unknown> | Error, raw: object = { link }) {
  const made: { type: string; inputs: Record<string, unknown> }[] = [];
  const read = (inputs: Record<string, unknown>) => {
    if (outputs instanceof Error) throw Object.assign(outputs, { details: outputs.message });
    return { name: inputs.name, outputs, secretOutputNames: "siteKey" in outputs ? ["siteKey"] : [] };
  };
  await startMocks({
    state: (type, _name, inputs) => {
      made.push({ type, inputs });
      return read(inputs);
    },
    call: (_token, inputs) => read(inputs),
  });
  const found = await findPeerSite(planOf({ ...VPC, ...raw }), "peer", {});
  return { found, made };
}

const problemOf = async (...args: Parameters<typeof find>): Promise<string> => {
  const [problem] = await problemsOf(() => find(...args));
  return `${problem?.key} ${problem?.message}`;
};

describe("the stack of the other site", () => {
  it("is not looked at without link.peer", async () => {
    const { found, made } = await find(new Error("not asked"), {});
    assert.deepEqual([found, made], [undefined, []]);
  });

  it("says nothing before its first up, and while there is no such stack, and that is no error", async () => {
    assert.equal((await find({})).found, undefined);
    const { found, made } = await find(new Error('unknown stack "site-openstack"'));
    assert.deepEqual([found, made], [undefined, []], "a stack reference to no stack would end the program");
    assert.match(await problemOf(new Error("passphrase must be set")), /^link.peer .*passphrase must be set/);
  });

  it("is read by a stack reference, with its key as a secret", async () => {
    const { found, made } = await find({ site: { ...OPENSTACK_SITE }, siteKey: "correct_horse" });
    assert.deepEqual(made, [{ type: "pulumi:pulumi:StackReference", inputs: { name: "site-openstack" } }]);
    const { key, ...site } = found as PeerSite;
    assert.deepEqual(site, OPENSTACK_SITE);
    assert.equal(await resolved(key), "correct_horse");
    assert.ok(key && (await pulumi.isSecret(key)));
    assert.equal((await find({ site: OPENSTACK_SITE, siteKey: undefined })).found?.key, undefined);
    const { found: waiting } = await find({ site: { ...OPENSTACK_SITE, address: "" } });
    assert.equal(waiting?.address, undefined);
  });

  it("must be on the other cloud, with ranges of its own, and of this program", async () => {
    assert.match(await problemOf({ site: LONE_VPC }), /it is on aws, as this stack is.*on OpenStack/);
    for (const cidr of ["172.31.7.0/24", "10.244.0.0/24", "10.96.0.0/24"])
      assert.match(
        await problemOf({ site: { ...OPENSTACK_SITE, cidrs: [cidr] } }),
        /overlaps .* of this stack/,
      );
    assert.match(await problemOf({ site: "https://example.org" }), /not that of a lab with link.peer/);
  });
});

describe("the other site", () => {
  const { peerSite } = planOf({ ...VPC, link });
  const warnings = (cloud: "aws" | "openstack", peer: Partial<PeerSite> = {}) =>
    peerWarnings(cloud, peerSite as PeerSitePlan, { ...OPENSTACK_SITE, ...peer }).join();

  it("is warned about where its link says something else, or AWS cannot reach its gateway", () => {
    assert.equal(warnings("aws"), "");
    const { proposals } = OPENSTACK_SITE.link;
    assert.match(
      warnings("aws", { link: { ike: 1, proposals } }),
      /^link.ike is not what the stack site-openstack has/,
    );
    const esp = "aes256-sha256-modp2048";
    assert.match(
      warnings("aws", { link: { ike: 2, proposals: { ...proposals, esp } } }),
      /^link.proposals.esp is not/,
    );
    for (const address of ["10.1.2.3", "172.24.4.7", "192.168.0.1", "100.64.0.1"]) {
      assert.match(
        warnings("aws", { address }),
        new RegExp(`has the address ${address}, which AWS reaches only`),
      );
      assert.equal(warnings("openstack", { address }), "");
    }
  });
});

describe("the next step of two stacks", () => {
  const next = (cloud: "aws" | "openstack", found?: PeerSite) => nextStep(cloud, "peer", "own", found);

  it("is said at each stage, until both ends are made", () => {
    assert.match(
      next("openstack"),
      /waits for AWS's address and key; after this up, run up peer, and then up own/,
    );
    assert.equal(next("openstack", LONE_VPC), next("openstack"));
    assert.match(next("aws"), /run up peer, then up own again, and then up peer again/);
    assert.match(next("aws", OPENSTACK_SITE), /after this up, run up peer again, which makes its end/);
    assert.match(next("aws", { ...OPENSTACK_SITE, joined: true }), /peer has its end/);
  });
});

describe("the stack that starts the tunnel", () => {
  const plan = (initiator?: string, ike = 2): PeerSitePlan => ({
    stack: "org/encaplab/peer",
    ike,
    ...(initiator !== undefined && { initiator }),
    proposals: { ike: "", esp: "" },
    selectors: "subnets",
  });
  const starts = (cloud: "aws" | "openstack", ...args: Parameters<typeof plan>) =>
    startsTunnel(cloud, plan(...args), "own");

  it("is the one on OpenStack, or the one that is named, or both", () => {
    assert.deepEqual([starts("aws"), starts("openstack")], [false, true]);
    assert.deepEqual([starts("aws", "own"), starts("openstack", "own")], [true, true]);
    assert.deepEqual([starts("aws", "peer", 1), starts("openstack", "peer")], [false, false]);
    assert.deepEqual([starts("aws", "both"), starts("openstack", "both")], [true, true]);
  });

  it("is one of the two, and not AWS's with IKEv1", async () => {
    const message = async (...args: Parameters<typeof starts>) =>
      (await problemsOf(() => starts(...args)))[0]?.message ?? "";
    assert.match(await message("openstack", "pear"), /must be one of the stacks own and peer, or both/);
    assert.match(await message("aws", "own", 1), /AWS starts no tunnel with IKEv1; set link.ike: 2/);
  });
});
