/** What a redacted report may say, and what it still shows. */
import assert from "node:assert/strict";
import * as fc from "fast-check";
import { judge, pairsOf, planLab, rowKey } from "../../../components/plan";
import { formatMarkdown, redact, reportedPlan } from "../../../components/study/report";
import { labConfigs } from "../../support/arbitraries";
import { benchOf } from "../../support/benches";
import { CAPTURED, onPair, reportOf, SWITCHED } from "../../support/report";

/** A lab whose names and addresses are in no text of ours. */
const SECRET = {
  cloud: "openstack",
  encapsulation: "None",
  faults: [{ fault: "bgp-blocked", nodes: ["zebra"] }],
  topology: [
    { name: "marble", cidr: "10.77.31.0/26", nodes: ["yak", { name: "zebra", address: "10.77.31.40" }] },
    { name: "granite", cidr: "10.88.12.128/25", nodes: ["quagga"] },
  ],
  podCidr: "100.99.0.0/17",
  serviceCidr: "10.66.0.0/20",
  openstack: { image: "okapi-22.04" },
};
const TELLING = /zebra|yak|quagga|marble|granite|jaguar|10\.77\.|10\.88\.|100\.99\.|10\.66\.|okapi/g;

const secretReport = () => {
  const report = reportOf(SECRET, { stack: "jaguar", surprise: onPair("zebra-1", "quagga-2", true) });
  const [wire] = report.observation?.wire ?? [];
  assert.ok(wire && report.observation);
  // As tcpdump and `ip route get` write them.
  wire.packet =
    "66:aa:bb:cc:dd:01 > 66:aa:bb:cc:dd:02, length 98: 100.99.0.65 > 100.99.0.129: ICMP echo request";
  wire.route = `100.99.0.129 via 10.77.31.1 dev ens5 src 10.77.31.40 # ${report.plan.nodes[1]?.pods[0]?.interface}`;
  report.observation.sessionsDown = { zebra: ["10.88.12.138"] };
  const switched = JSON.stringify(SWITCHED)
    .replaceAll("cp1-1", "yak-1")
    .replaceAll("172.16.0.0", "100.99.0.0");
  report.switched = JSON.parse(switched.replaceAll('"w1"', '"zebra"'));
  // The pods, nodes and addresses of the made-up benchmark are those of the lab.
  report.bench = benchOf(SECRET);
  const captured = JSON.stringify(CAPTURED)
    .replaceAll("10.0.3.11", "10.77.31.40")
    .replaceAll("10.0.4.10", "10.88.12.138");
  report.captured = JSON.parse(captured.replace("w1.pcap", "jaguar.pcap"));
  report.notes.push("Changed for this lab: topology[0].nodes[1] zebra (file: 192.168.77.5).");
  return report;
};

describe("a redacted report", () => {
  it("has no name and no address of the lab, in its data and as Markdown", () => {
    const whole = secretReport();
    const told = (text: string) => [...new Set(text.match(TELLING))];
    assert.equal(told(JSON.stringify(whole)).length, 11);
    const shown = redact(whole);
    assert.deepEqual(told(JSON.stringify(shown)), []);
    assert.deepEqual(told(formatMarkdown(shown)), []);
    const interfaces = whole.plan.nodes.flatMap(({ pods }) => pods.map((pod) => pod.interface));
    for (const one of interfaces) assert.ok(!JSON.stringify(shown).includes(one));
    assert.doesNotMatch(JSON.stringify(shown), /66:aa:bb|192\.168\.77/);
  });

  it("replaces each name and address by the same one everywhere", () => {
    const { plan, observation, notes, config } = redact(secretReport());
    assert.deepEqual(
      plan.nodes.map(({ name, subnet, address, block }) => [name, subnet, address, block]),
      [
        ["cp1", "subnet1", "10.100.100.10", "172.16.0.0/26"],
        ["w1", "subnet1", "10.100.100.40", "172.16.0.64/26"],
        ["w2", "subnet2", "10.101.100.138", "172.16.0.128/26"],
      ],
    );
    assert.match(observation?.disagreements[0] ?? "", /^w1-1 > w2-2 \(cross-subnet from\/to w1, ICMP\): /);
    assert.deepEqual(observation?.sessionsDown, { w1: ["10.101.100.138"] });
    assert.match(
      observation?.wire[0]?.packet ?? "",
      /^02:00:00:00:00:00 > 02:00:00:00:00:01, length 98: 172\.16\.0\.65 > 172\.16\.0\.129: /,
    );
    assert.equal(notes.at(-1), "Changed for this lab: topology[0].nodes[1] w1 (file: 198.51.100.1).");
    assert.deepEqual(
      config.map(({ key }) => key),
      ["cloud", "encapsulation", "faults", "podCidr", "serviceCidr"].map((key) => `encaplab:${key}`),
    );
    assert.match(config[2]?.value ?? "", /"nodes":\["w1"\]/);
  });

  it("has the same verdict under each encapsulation", () => {
    const whole = secretReport();
    const shown = redact(whole);
    for (const { encapsulation } of whole.modes) {
      const [before, after] = [whole, shown].map((report) => {
        const plan = reportedPlan(report, encapsulation);
        return (
          plan &&
          judge(plan).paths.map(({ path, probe, outcome, carrier }) => [path, probe, outcome, carrier])
        );
      });
      assert.deepEqual(after, before);
    }
  });

  it("is the same each time", () => {
    assert.deepEqual(redact(secretReport()), redact(secretReport()));
  });

  it("predicts the same for every lab, and keeps every subnet, block and route together", () => {
    fc.assert(
      fc.property(labConfigs, (config) => {
        const plan = planLab(config);
        const report = { ...reportOf({}), plan, modes: [] };
        const shown = redact(report).plan;
        const outcomes = (one: typeof plan) =>
          judge(one).paths.map((row) => [
            row.path,
            row.reach,
            row.policy,
            row.probe,
            row.outcome,
            row.failure?.fault,
          ]);
        assert.deepEqual(outcomes(shown), outcomes(plan));
        assert.equal(pairsOf(shown).length, pairsOf(plan).length);
        assert.equal(new Set(shown.nodes.map(({ address }) => address)).size, plan.nodes.length);
        assert.deepEqual(
          shown.nodes.map(({ index }) => index),
          plan.nodes.map(({ index }) => index),
        );
      }),
      { numRuns: 60 },
    );
  });

  it("names the paths of a lab with faults on some nodes by their new names", () => {
    const { plan } = redact(secretReport());
    const rows = judge(plan).paths.map(rowKey);
    assert.ok(rows.includes("cross-subnet from/to w1"), rows.join());
  });
});
