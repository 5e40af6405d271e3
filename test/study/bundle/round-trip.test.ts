/** A bundle gives the same lab back. bundle/round-trip.matrix.ts tries more of them. */
import assert from "node:assert/strict";
import * as fc from "fast-check";
import { type LabPlan, planLab } from "../../../components/plan";
import { bundleFiles, bundleIn, configOf, rehearsed } from "../../../components/study/bundle";
import { redact } from "../../../components/study/report";
import { labConfigs } from "../../support/arbitraries";
import { assertRoundTrip, throughArchive } from "../../support/bundles";
import { planOf } from "../../support/problems";
import { reportOf } from "../../support/report";
import { runs } from "../../support/runs";
import { stackConfig, stackNames } from "../../support/stacks";

const files = (plan: LabPlan) =>
  bundleFiles({ report: { ...reportOf({}), plan }, isRedacted: false, environment: {} });

/** A bundle whose stack file has other lines. */
const edited = (change: (text: string) => string) =>
  files(planOf({})).map((file) => (file.name === "stack.yaml" ? { ...file, text: change(file.text) } : file));

describe("a bundle", () => {
  for (const stack of stackNames()) {
    it(`gives the plan and the verdict of ${stack} back, and redacted the same verdict`, async () => {
      // The other site's stack stays out: the bundle's reader has none, and it changes no path.
      const { peerSite: _, ...plan } = planLab(stackConfig(stack));
      assertRoundTrip(plan);
      const unpacked = await throughArchive(plan);
      assert.deepEqual(JSON.parse(JSON.stringify(unpacked)), JSON.parse(JSON.stringify(plan)));
    });
  }

  it("gives the plan and the verdict of any lab back, and redacted the same verdict", () => {
    fc.assert(
      fc.property(labConfigs, (config) => assertRoundTrip(planLab(config))),
      { numRuns: runs(50) },
    );
  });

  it("of existing machines has no machine, login or key in it, and is rehearsed elsewhere", () => {
    const plan = planLab(stackConfig("hosts"));
    const text = JSON.stringify(files(plan));
    assert.doesNotMatch(text, /ubuntu|id_ed25519|hosts:|machines:/);
    const { plan: here, refused } = rehearsed(plan);
    assert.deepEqual([here.onTwin, here.cloud, refused], [true, "hosts", undefined]);
  });

  it("of sites on machines keeps their gateways, and redacted by the names that nodes have there", () => {
    const machines = [
      { name: "alpha", address: "gateway.example.com", nodeAddress: "192.168.1.10", subnet: "office" },
      { name: "beta", address: "203.0.113.11", nodeAddress: "192.168.1.11", subnet: "office" },
      { name: "gamma", address: "198.51.100.10", nodeAddress: "172.31.0.10", subnet: "vpc" },
    ];
    const plan = planOf({
      cloud: "hosts",
      encapsulation: "VXLAN",
      topology: [
        { name: "office", cidr: "192.168.1.0/24", nodes: ["alpha", "beta"] },
        { name: "vpc", cidr: "172.31.0.0/16", nodes: ["gamma"] },
      ],
      sites: [
        { name: "a", subnets: ["office"], gateway: "beta" },
        { name: "b", subnets: ["vpc"], gateway: "gamma" },
      ],
      hosts: { machines },
    });
    assertRoundTrip(plan);
    const gateways = (text: string) => [...text.matchAll(/gateway: (\w+)/g)].map(([, name]) => name);
    const stackFile = (all: ReturnType<typeof files>) =>
      all.find(({ name }) => name === "stack.yaml")?.text ?? "";
    assert.deepEqual(gateways(stackFile(files(plan))), ["beta", "gamma"]);
    const redacted = bundleFiles({
      report: redact({ ...reportOf({}), plan }),
      isRedacted: true,
      environment: {},
    });
    assert.deepEqual(gateways(stackFile(redacted)), ["w1", "w2"]);
    assert.doesNotMatch(JSON.stringify(redacted), /alpha|beta|gamma|example\.com|198\.51\.100/);
    assert.doesNotMatch(JSON.stringify(files(plan)), /example\.com|198\.51\.100/, "no login");
  });

  it("that cannot be rehearsed keeps where the lab was, and says why", () => {
    const machines = [
      { name: "a", address: "10.0.0.1", subnet: "10.0.0.0/30" },
      { name: "b", address: "10.0.0.2", subnet: "10.0.0.0/30" },
    ];
    const plan = planOf({ cloud: "hosts", fabric: "aws", hosts: { machines } });
    const { plan: same, refused } = rehearsed(plan);
    assert.equal(same, plan);
    assert.match(refused ?? "", /^topology\[0\]\.cidr must have a prefix from \/16 to \/28/);
  });

  it("hands nothing of its stack file on but the plan: what runs on machines is not in the imported stack", () => {
    const found = bundleIn(
      edited(
        (text) =>
          `${text.replace("encaplab:cloud: twin", "encaplab:cloud: hosts").replace(/ {2}encaplab:fabric.*\n/, "")}  encaplab:hosts:\n    machines: containers\n    layer: /tmp/evil\n  encaplab:calico:\n    manifest: https://evil.example/x.yaml\n  aws:profile: theirs\n`,
      ),
    );
    assert.ok(found);
    const config = configOf(found.plan);
    assert.deepEqual(
      [config.cloud, config.hosts, config.calico],
      ["hosts", { machines: "containers" }, undefined],
    );
    assert.doesNotMatch(JSON.stringify(config), /evil|theirs/);
  });

  it("says in one sentence what is wrong with it", () => {
    const cases: [(text: string) => string, RegExp][] = [
      [(text) => text.replace("bundle 1:", "bundle 7:"), /is a bundle of format 7; .* reads format 1\.$/],
      [
        (text) => text.replace("encapsulation: ", "encapsulation: GRE"),
        /stack\.yaml: .*encaplab:encapsulation is "GRE/s,
      ],
      [(text) => text.split("\n")[0] as string, /must have a section "config:"/],
      [(text) => `${text}\n  - [`, /is not YAML/],
      [(text) => `${text.split("\n")[0]}\na: &a [x]\nconfig: {c: *a}`, /cannot be read: Alias/],
    ];
    for (const [change, message] of cases)
      assert.throws(() => bundleIn(edited(change)), { name: "ImportError", message });
  });

  it("notices that another version predicted something else", () => {
    const changed = files(planOf({})).map((file) =>
      file.name === "verdict.json" ? { ...file, text: file.text.replace('"works"', '"fails"') } : file,
    );
    assert.equal(bundleIn(changed)?.differs, true);
    assert.equal(bundleIn(files(planOf({})))?.differs, false);
  });

  it("is found in an archive's folder, and not in files that are none", () => {
    const inFolder = files(planOf({})).map(({ name, text }) => ({ name: `lab/${name}`, text }));
    assert.ok(bundleIn(inFolder));
    assert.equal(bundleIn([{ name: "nodes.yaml", text: "kind: Node" }]), undefined);
  });
});
