/** A lab with several IPPools on the command line, without a twin. */
import assert from "node:assert/strict";
import * as fs from "node:fs";
import * as path from "node:path";
import { CliCheckout } from "../../support/cli-checkout";
import { answersWith, apiNode, ObjectsApi } from "../../support/objects-api";

describe("lab, with several IPPools", function () {
  this.timeout(60_000);
  let checkout: CliCheckout;
  beforeEach(() => {
    checkout = new CliCheckout().withStandIn();
  });
  afterEach(() => checkout.remove());

  /** A lab with a pool for the nodes of each subnet. @param far what the second pool says besides. */
  const deploy = (far: object) => {
    const ipPools = [
      { name: "near", cidr: "172.16.0.0/17", encapsulation: "None", nodes: ["cp1", "w1"] },
      { name: "far", cidr: "172.16.128.0/17", nodes: ["w2", "w3"], ...far },
    ];
    const config = { encapsulation: "VXLAN", ipPools };
    const keys = Object.entries({ cloud: "twin", ...config });
    // JSON is YAML.
    const lines = keys.map(([key, value]) => `  encaplab:${key}: ${JSON.stringify(value)}\n`);
    checkout.write("stacks/Pulumi.mixed.yaml", `config:\n${lines.join("")}`);
    checkout.deployed("mixed", { resources: checkout.livingTwin(config) });
  };

  it("refuses a switch that would change no pool, with the way out, before the engine runs", async () => {
    deploy({ encapsulation: "VXLAN" });
    const { status, stderr } = await checkout.launch("switch", "IPIP", "--stack", "mixed");
    assert.equal(status, 2);
    const said = stderr.replace(/\s+/g, " ");
    assert.match(
      said,
      /Each of the IPPools of mixed names an encapsulation of its own \(far 172\.16\.128\.0\/17 VXLAN/,
    );
    assert.match(said, /up mixed --config ipPools\[0\]\.encapsulation=IPIP/);
    assert.deepEqual(checkout.calls(), []);
  });

  it("switches the pools that follow the lab's encapsulation", async () => {
    deploy({});
    const { stderr } = await checkout.launch("switch", "VXLANCrossSubnet", "--stack", "mixed", "--yes");
    assert.doesNotMatch(stderr, /of its own/);
    assert.equal(checkout.calls().length > 0, true, stderr);
  });

  it("refuses to compare encapsulations where several are used at once", async () => {
    deploy({ encapsulation: "VXLAN" });
    const { status, stderr } = await checkout.launch("bench", "--stack", "mixed");
    assert.equal(status, 2);
    assert.match(
      stderr.replace(/\s+/g, " "),
      /several at once: far 172\.16\.128\.0\/17 VXLAN.*without ipPools/,
    );
  });

  it("shows every pool in the status, and suggests a switch only where one changes something", async () => {
    for (const [far, suggests] of [
      [{ encapsulation: "VXLAN" }, false],
      [{}, true],
    ] as const) {
      deploy(far);
      const { stdout } = await checkout.launch("status", "mixed");
      assert.match(stdout, /encapsulation +VXLAN \+ None/);
      assert.match(
        stdout.replace(/\s+/g, " "),
        /IPPools far 172\.16\.128\.0\/17 VXLAN, .*; near 172\.16\.0\.0\/17 None/,
      );
      assert.equal(/lab switch /.test(stdout), suggests, stdout);
    }
  });

  it("imports the pools of a living cluster by its kubeconfig, each with the nodes that its selector selects", async () => {
    const api = new ObjectsApi();
    await api.start();
    try {
      const labelled = (name: string, address: string, zone: string) => {
        const { metadata, ...node } = apiNode(name, address);
        return { ...node, metadata: { ...metadata, labels: { zone, "kubernetes.io/hostname": name } } };
      };
      const nodes = [labelled("a.example", "10.9.0.4", "near"), labelled("b.example", "10.9.1.4", "far")];
      const pool = (name: string, spec: object) => ({ metadata: { name }, spec });
      api.answers = answersWith(nodes, {});
      api.answers["/apis/crd.projectcalico.org/v1/ippools"] = {
        kind: "IPPoolList",
        apiVersion: "crd.projectcalico.org/v1",
        items: [
          pool("zone-far", {
            cidr: "10.50.64.0/18",
            vxlanMode: "CrossSubnet",
            nodeSelector: "zone == 'far'",
          }),
          pool("zone-near", { cidr: "10.50.0.0/18", blockSize: 28, nodeSelector: "zone == 'near'" }),
        ],
      };
      const file = path.join(checkout.root, "kubeconfig");
      fs.writeFileSync(file, api.kubeconfig);
      const argv = ["--kubeconfig", file, "--name", "living"];
      const { status, stdout, stderr } = await checkout.launch("import", ...argv);
      assert.equal(status, 0, stderr);
      assert.match(stdout, /living: (None \+ VXLANCrossSubnet|VXLANCrossSubnet \+ None) on the plain fabric/);
      const verdict = await checkout.launch("verdict", "living", "--json");
      const { ipPools } = JSON.parse(verdict.stdout);
      assert.deepEqual(
        ipPools.map(({ name, cidr, blockSize, encapsulation, nodes: selected }: Record<string, unknown>) => [
          ...[name, cidr, blockSize, encapsulation, selected],
        ]),
        [
          ["zone-far", "10.50.64.0/18", 26, "VXLANCrossSubnet", ["b"]],
          ["zone-near", "10.50.0.0/18", 28, "None", ["a"]],
        ],
      );
    } finally {
      api.stop();
    }
  });
});
