import assert from "node:assert/strict";
import { CALICO_RELEASES, KUBERNETES_PATCHES, minorOf, planVersions } from "../../components/plan";
import { errorOf, planOf } from "../support/problems";

describe("the versions of a plan", () => {
  it("are the newest patch releases of the minors that the config names", () => {
    assert.deepEqual(planVersions("1.35", "3.32"), { kubernetes: "1.35.7", calico: "3.32.1" });
    assert.deepEqual(planVersions("v1.34", "v3.30"), { kubernetes: "1.34.10", calico: "3.30.7" });
  });

  it("are what the config says when it says all, with or without a v", () => {
    assert.deepEqual(planVersions("1.35.2", "v3.31.0"), { kubernetes: "1.35.2", calico: "3.31.0" });
  });

  it("stay as they were written when nobody here knows them", () => {
    assert.deepEqual(planVersions("1.99", "4.0"), { kubernetes: "1.99", calico: "4.0" });
  });

  it("are whole for every pair that goes together", () => {
    for (const [calicoVersion, { kubernetes }] of Object.entries(CALICO_RELEASES)) {
      for (const kubernetesVersion of kubernetes) {
        const { versions } = planOf({ calicoVersion, kubernetesVersion });
        assert.match(versions.kubernetes, /^1\.\d+\.\d+$/);
        assert.match(versions.calico, /^3\.\d+\.\d+$/);
        assert.equal(minorOf(versions.kubernetes), kubernetesVersion);
        assert.ok(KUBERNETES_PATCHES[kubernetesVersion]);
      }
    }
  });

  it("go together for patch releases as for their minors", () => {
    assert.equal(errorOf({ calicoVersion: "v3.30.7", kubernetesVersion: "v1.31.4" }), undefined);
    assert.notEqual(errorOf({ calicoVersion: "v3.32.1", kubernetesVersion: "v1.31.4" }), undefined);
  });

  it("may be any when the config allows what nobody tested", () => {
    const raw = { calicoVersion: "3.21.4", kubernetesVersion: "1.22.6", allowUnsupported: true };
    assert.deepEqual(planOf(raw).versions, { kubernetes: "1.22.6", calico: "3.21.4" });
  });
});
