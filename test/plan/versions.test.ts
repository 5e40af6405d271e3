import assert from "node:assert/strict";
import {
  CALICO_RELEASES,
  KUBERNETES_PATCHES,
  manifestChecksum,
  minorOf,
  planVersions,
  TABLE_DATE,
  tableAge,
  tableNote,
} from "../../components/plan";
import { isTested } from "../../components/plan/versions";
import { errorOf, planOf } from "../support/problems";

describe("the versions of a plan", () => {
  it("are the patch releases in the table of the minors that the config names", () => {
    assert.deepEqual(planVersions("1.35", "3.32"), { kubernetes: "1.35.10", calico: "3.32.1" });
    assert.deepEqual(planVersions("v1.34", "v3.30"), { kubernetes: "1.34.13", calico: "3.30.7" });
  });

  it("are the config's own where it names whole versions, with or without a v", () => {
    assert.deepEqual(planVersions("1.35.2", "v3.31.0"), { kubernetes: "1.35.2", calico: "3.31.0" });
  });

  it("stay as the config writes them when the tables do not have them", () => {
    assert.deepEqual(planVersions("1.99", "4.0"), { kubernetes: "1.99", calico: "4.0" });
  });

  it("are whole versions for every tested pair of minors", () => {
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

  it("are checked for patch releases as for their minors", () => {
    assert.equal(errorOf({ calicoVersion: "v3.30.7", kubernetesVersion: "v1.31.4" }), undefined);
    assert.notEqual(errorOf({ calicoVersion: "v3.32.1", kubernetesVersion: "v1.31.4" }), undefined);
  });

  it("are tested with each other where Calico lists the pair: each with or without a patch number, and none that it does not know", () => {
    assert.equal(isTested("3.30", "1.31"), true);
    assert.equal(isTested("v3.30.7", "v1.31.4"), true);
    assert.equal(isTested("3.32", "1.31"), false);
    assert.equal(isTested("3.21.4", "1.31"), false);
  });

  it("may be untested with allowUnsupported: true", () => {
    const raw = { calicoVersion: "3.21.4", kubernetesVersion: "1.22.6", allowUnsupported: true };
    assert.deepEqual(planOf(raw).versions, { kubernetes: "1.22.6", calico: "3.21.4" });
  });
});

describe("the tables of Calico and Kubernetes versions", () => {
  const rows = [...Object.entries(CALICO_RELEASES), ...Object.entries(KUBERNETES_PATCHES)];

  it("have a patch release of the row's own minor in every row", () => {
    for (const [minor, { patch }] of rows)
      assert.match(patch, new RegExp(`^${minor.replace(".", "\\.")}\\.\\d+$`));
  });

  it("name a source for every row, and a date that is not later than the last check", () => {
    const evidence = [
      ...rows.map(([, row]) => row),
      ...Object.values(CALICO_RELEASES).map(({ requirements }) => requirements),
    ];
    for (const { source, date } of evidence) {
      assert.match(source, /^(https:\/\/github\.com\/|pkg:golang\/k8s\.io\/client-go@v0\.)\S+$/);
      assert.match(date, /^\d{4}-\d{2}-\d{2}$/);
      assert.ok(date <= TABLE_DATE, `${source}: ${date}`);
    }
  });

  it("have exactly the Kubernetes minors that some Calico in the table was tested with", () => {
    const tested = new Set(Object.values(CALICO_RELEASES).flatMap(({ kubernetes }) => kubernetes));
    assert.deepEqual(Object.keys(KUBERNETES_PATCHES).sort(), [...tested].sort());
  });

  it("age in whole months since the last check", () => {
    const ageOn = (day: string) => tableAge(new Date(day), "2026-11-25");
    assert.equal(ageOn("2026-11-25"), 0);
    assert.equal(ageOn("2026-12-24T23:59:59Z"), 0);
    assert.equal(ageOn("2026-12-25"), 1);
    assert.equal(ageOn("2028-01-28"), 14);
    assert.equal(ageOn("2026-06-25"), 0);
    assert.equal(tableAge(new Date(TABLE_DATE)), 0);
  });

  it("are reported as old, with date and age, once they are six months old", () => {
    const noteOn = (day: string) => tableNote(new Date(day), "2026-11-25");
    assert.equal(noteOn("2027-05-24"), undefined);
    assert.equal(
      noteOn("2027-05-25"),
      "note: the table of Calico and Kubernetes versions is from 2026-11-25, 6 months old; newer releases may exist",
    );
    assert.match(noteOn("2028-01-28") ?? "", /, 14 months old;/);
    assert.equal(tableNote(new Date(TABLE_DATE)), undefined);
  });
});

describe("the checksum of a manifest", () => {
  it("is known for both manifests of every release that the table names", () => {
    const sums = Object.values(CALICO_RELEASES).flatMap(({ patch, manifests }) => {
      assert.match(manifests.commit, /^[0-9a-f]{40}$/);
      return (["calico.yaml", "calico-typha.yaml"] as const).map(
        (file) => manifestChecksum(patch, file) ?? "",
      );
    });
    for (const one of sums) assert.match(one, /^[0-9a-f]{64}$/);
    assert.equal(new Set(sums).size, sums.length);
  });

  it("is the release's own, and none for one that the table does not name", () => {
    assert.match(manifestChecksum("3.30.7", "calico.yaml") ?? "", /^ed105288[0-9a-f]{56}$/);
    assert.match(manifestChecksum("3.30.7", "calico-typha.yaml") ?? "", /^a11fc074[0-9a-f]{56}$/);
    assert.match(manifestChecksum("3.31.7", "calico.yaml") ?? "", /^d6d8a489[0-9a-f]{56}$/);
    assert.match(manifestChecksum("3.32.1", "calico.yaml") ?? "", /^a1df919d[0-9a-f]{56}$/);
    assert.match(manifestChecksum("3.32.1", "calico-typha.yaml") ?? "", /^7ecc42a5[0-9a-f]{56}$/);
    assert.equal(manifestChecksum("3.32.4", "calico.yaml"), undefined);
    assert.equal(manifestChecksum("3.29.9", "calico.yaml"), undefined);
  });
});
