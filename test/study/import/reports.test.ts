/** Public reports, rebuilt in our own words and numbers: each is imported, and its verdict names what the thread found. */
import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { parse } from "yaml";
import { type FaultSetting, parseStackConfig } from "../../../components/config";
import { judge, planLab } from "../../../components/plan";
import { labOf, page, readFacts, stackFile } from "../../../components/study/import";

const FOLDER = join(__dirname, "reports");

const inputsOf = (report: string) =>
  readdirSync(join(FOLDER, report))
    .sort()
    .map((file) => ({ file, text: readFileSync(join(FOLDER, report, file), "utf8") }));

interface Found {
  /** What the thread found, as faults of the lab. */
  faults: FaultSetting[];
  /** What the verdict says about it: a cause, a remark, or why calico-node is not ready. */
  says: RegExp;
  /** A row that fails; undefined where the report is about something else than a loss. */
  fails?: string;
  /** Where the fault was read. */
  evidence?: RegExp;
}

const REPORTS: Record<string, Found> = {
  // "Can you add IP Protocol 4 to the security group list as well?" It had 94.
  "calico-1073": {
    faults: ["ipip-blocked"],
    says: /the security group has no rule for the packet .*\(IP protocol 4\)/,
    fails: "cross-subnet",
    evidence: /^groups\.json:3$/,
  },
  // "You might need to allow IPIP protocol, probably protocol 4." "It works!"
  "calico-1235": {
    faults: ["ipip-blocked"],
    says: /the security group has no rule for the packet .*\(IP protocol 4\)/,
    fails: "same-subnet",
  },
  "calico-1996": {
    faults: ["ipip-blocked"],
    says: /once a node has sent IP protocol 4, the other's packets pass/,
    fails: "cross-subnet",
  },
  // "179 port where calico is listening was blocked in firewall."
  "calico-3309": {
    faults: ["bgp-blocked"],
    says: /BIRD is not ready: BGP not established with 192\.168\.77\.11,192\.168\.77\.12/,
    fails: "same-subnet",
    evidence: /^report\.md:51$/,
  },
  "calico-4254": {
    faults: ["node-as-32"],
    says: /a node recorded as \/32 shares its subnet with no other node/,
    evidence: /^nodes\.yaml:6$/,
  },
  // No fault: VXLANCrossSubnet cannot work there. "After switching encapsulation to VXLAN, everything started to work."
  "calico-6568": {
    faults: [],
    says: /the Azure virtual network knows the nodes' subnets but not pod addresses/,
    fails: "same-subnet",
  },
  // "disabling src/dst checks is a prerequisite for using VXLAN-CrossSubnet but not for VXLAN"
  "calico-8166": {
    faults: ["source-dest-check"],
    says: /the source\/dest check drops the packet/,
    fails: "same-subnet",
    evidence: /^instances\.json:5$/,
  },
  "calico-8607": {
    faults: [{ fault: "node-ip-wrong-interface", nodes: ["hub"] }],
    says: /Calico has recorded the address of another interface/,
    fails: "same-subnet",
    evidence: /^nodes\.yaml:\d+$/,
  },
  // "if i change it on all(), the vxlan.calico interface is created"
  "calicoctl-2105": {
    faults: [],
    says: /no enabled IPPool with VXLAN selects node-b for Tunnel, so Calico gives node-b .*no vxlan\.calico/,
    fails: "same-subnet",
  },
  "cluster-api-provider-aws-4136": {
    faults: ["vxlan-blocked"],
    says: /the security group has no rule for the packet .*\(UDP 4789\)/,
    fails: "same-subnet",
    evidence: /^groups\.json:/,
  },
  // "the last command erase the previous": the pods' range was in no pair any more.
  "kubespray-1359": {
    faults: ["port-security"],
    says: /port security drops the packet/,
    fails: "same-subnet",
    evidence: /^port-master\.json:1$/,
  },
};

describe("public reports", () => {
  it("has a folder for each", () => {
    assert.deepEqual(readdirSync(FOLDER).sort(), Object.keys(REPORTS).sort());
  });

  for (const [report, { faults, says, fails, evidence }] of Object.entries(REPORTS)) {
    it(`${report}: the verdict of what was imported names what the thread found`, () => {
      const facts = readFacts(inputsOf(report));
      assert.deepEqual(facts.problems, []);
      const lab = labOf(facts);
      assert.deepEqual(lab.plan.faults, faults);
      const { paths, notReady, remarks } = judge(lab.plan);
      const told = [
        ...paths.flatMap(({ failure }) => failure?.cause ?? []),
        ...remarks,
        ...notReady.map((one) => one.message),
      ];
      assert.ok(
        told.some((text) => says.test(text)),
        told.join("\n"),
      );
      const failing = [
        ...new Set(paths.filter(({ outcome }) => outcome === "fails").map(({ path }) => path)),
      ];
      if (fails)
        assert.ok(
          failing.some((path) => path === fails),
          failing.join(),
        );
      else assert.deepEqual(failing, []);
      const { file, line } = lab.faults[0]?.source ?? {};
      if (evidence) assert.match(`${file}:${line}`, evidence);
    });

    it(`${report}: the stack file is read as the same lab, and the page names every fault with its fix`, () => {
      const lab = labOf(readFacts(inputsOf(report)));
      const text = stackFile(`${report}: imported.`, lab);
      assert.deepEqual(planLab(parseStackConfig(parse(text).config)), lab.plan);
      assert.match(text, new RegExp(`^# yaml-language-server: .*\\n# ${report}: imported\\.\\nconfig:\\n`));
      for (const line of text.split("\n")) assert.ok(line.length <= 120, line);
      const shown = page(report, lab);
      for (const fault of faults)
        assert.match(shown, new RegExp(`\\*\\*${typeof fault === "string" ? fault : fault.fault}.*Fix: `));
      assert.match(shown, /## What was assumed\n\n- /);
    });
  }

  it("loses nothing that it has no place for: EC2's protocol 94 and IMDS's hop limit are on the page", () => {
    const shown = (report: string) => page(report, labOf(readFacts(inputsOf(report))));
    assert.match(shown("calico-1073"), /protocol 94, which is not what Calico sends/);
    assert.match(shown("calico-8166"), /hop limit 1/);
  });
});
