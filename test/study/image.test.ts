/** The image of the study's pods: a reference as it is, an archive by what it names. */
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { STUDY_IMAGE } from "../../components/config";
import { studyImage } from "../../components/study";

describe("the image of the study", () => {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), "encaplab-image-"));
  after(() => fs.rmSync(folder, { recursive: true }));
  const archive = (name: string, manifest: string, ...options: string[]) => {
    fs.writeFileSync(path.join(folder, "manifest.json"), manifest);
    execFileSync("tar", ["-cf", path.join(folder, name), ...options, "-C", folder, "manifest.json"]);
    return path.join(folder, name);
  };

  it("is a reference, which nodes pull, and by default a public one", () => {
    assert.deepEqual(studyImage(), { image: STUDY_IMAGE });
    assert.deepEqual(studyImage({ image: "registry.example:5000/tools:1" }), {
      image: "registry.example:5000/tools:1",
    });
  });

  it("is read from an archive, compressed or not, which every node then imports", () => {
    const manifest = JSON.stringify([{ Config: "a.json", RepoTags: ["tools.local/study:2"], Layers: [] }]);
    for (const file of [archive("study.tar", manifest), archive("study.tar.gz", manifest, "-z")])
      assert.deepEqual(studyImage({ image: file }), { image: "tools.local/study:2", archive: file });
  });

  it("is refused with the way out where the archive is missing, or names no image", () => {
    const nameless = archive("nameless.tar", JSON.stringify([{ RepoTags: null }]));
    assert.throws(
      () => studyImage({ image: nameless }),
      /study\.image[\s\S]*does not name its image.*docker save -o FILE NAME:TAG/,
    );
    assert.throws(() => studyImage({ image: "./gone.tar" }), /study\.image[\s\S]*cannot be read/);
  });
});
