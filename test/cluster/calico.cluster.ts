/**
 * Real Calico, where its images are at hand: in no package registry, so two variables say where they are.
 *   ENCAPLAB_CALICO_MANIFEST  the path of Calico's calico.yaml
 *   ENCAPLAB_CALICO_IMAGES    the paths of its images as docker or OCI archives, separated by ':'
 */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import * as fs from "node:fs";
import { ENCAPSULATIONS } from "../../components/config";
import { ENCAPSULATION_FACTS } from "../../components/plan";
import { build, HostsLab, hindrance, MachinesLab } from "../support/hosts";
import { observed, predicted, startPods } from "../support/pods";

const NODES = ["cp1", "w1", "w2"];
const { ENCAPLAB_CALICO_MANIFEST: manifest, ENCAPLAB_CALICO_IMAGES: images } = process.env;
const reason =
  hindrance() ?? (manifest && images ? undefined : "no ENCAPLAB_CALICO_MANIFEST and ENCAPLAB_CALICO_IMAGES");

const hasIpip = () =>
  spawnSync("unshare", ["--net", "ip", "link", "add", "probe", "type", "ipip", "remote", "192.0.2.1"])
    .status === 0;

describe(`real Calico${reason ? ` (skipped: ${reason})` : ""}`, function () {
  this.timeout(1_200_000);
  if (!manifest || !images || reason) {
    it("switches through every encapsulation");
    return;
  }
  let lab: HostsLab;
  const version = /calico\/node:v(\d+\.\d+)/.exec(fs.readFileSync(manifest, "utf8"))?.[1];
  const config = {
    calico: { manifest },
    ...(version && { calicoVersion: version }),
    // Which pairs are supported is no matter of this test.
    allowUnsupported: true,
  };

  before(async function () {
    this.timeout(3_600_000); // Kubernetes may have to be built
    const layer = build(...images.split(":").flatMap((file) => ["--images", file]));
    lab = await HostsLab.create("calico", { layer, routes: [] });
    lab.on(NODES, { ...config, encapsulation: "VXLAN" });
    await lab.up();
    await lab.readKubeconfig();
    await lab.ready(...NODES);
    await startPods(lab);
  });
  after(async () => {
    await lab?.pulumi("destroy");
    lab?.clear();
  });

  for (const encapsulation of ENCAPSULATIONS) {
    const lacksIpip = ENCAPSULATION_FACTS[encapsulation].tunnel === "ipip" && !hasIpip();
    it(`${encapsulation}: every pair fares as predicted${lacksIpip ? " (skipped: this kernel has no ipip)" : ""}`, async function () {
      if (lacksIpip) return this.skip();
      lab.on(NODES, { ...config, encapsulation });
      await lab.up();
      assert.deepEqual(await observed(lab), predicted(lab.plan));
      assert.deepEqual(MachinesLab.touched(await lab.up()), []);
    });
  }

  it("leaves the machines as they were", async () => {
    await lab.destroy();
    for (const name of NODES) assert.deepEqual(lab.changes(name), [], name);
  });
});
