import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { buffer } from "node:stream/consumers";
import { findArchives, sha256Of, tarOf } from "../../components/calico/archives";
import { ConfigError } from "../../components/config";

describe("image archives", () => {
  let folder: string;
  let tar: string;
  before(() => {
    folder = fs.mkdtempSync(path.join(os.tmpdir(), "encaplab-archives-"));
    fs.writeFileSync(path.join(folder, "manifest.json"), "[]");
    tar = path.join(folder, "images.tar");
    execFileSync("tar", ["-C", folder, "-cf", tar, "manifest.json"]);
    execFileSync("gzip", ["--keep", tar]);
  });
  after(() => fs.rmSync(folder, { recursive: true }));

  const refused = (file: string): string => {
    try {
      findArchives({ images: [tar, file] });
    } catch (error) {
      assert.ok(error instanceof ConfigError);
      return error.message;
    }
    throw new Error(`${file} was accepted`);
  };

  it("are found by path, plain or compressed, and there are none without the key", () => {
    assert.deepEqual(findArchives({}), []);
    const found = findArchives({ images: [tar, `${tar}.gz`] });
    assert.deepEqual(
      found.map(({ file }) => file),
      [tar, `${tar}.gz`],
    );
    assert.match(found[0]?.stamp ?? "", /^\d+ [\d.]+$/);
  });

  it("have another stamp when the content of the file changes", () => {
    const [before] = findArchives({ images: [tar] });
    fs.appendFileSync(tar, "\0".repeat(512));
    assert.notDeepEqual(findArchives({ images: [tar] })[0], before);
  });

  it("are refused at preview, with the key, what is wrong and what it must be", () => {
    const text = path.join(folder, "manifest.json");
    assert.match(
      refused(text),
      /calico\.images\[1\].*it is not a tar file; it must be the path of an image archive/s,
    );
    assert.match(
      refused(path.join(folder, "gone.tar")),
      /calico\.images\[1\].*it cannot be read \(ENOENT\)/s,
    );
    const empty = path.join(folder, "empty.tar");
    fs.writeFileSync(empty, "");
    assert.match(refused(empty), /it is not a tar file/);
    assert.match(refused(folder), /calico\.images\[1\].*it cannot be read \(EISDIR\)/s);
  });

  it("are sent as a plain tar, whether compressed or not", async () => {
    const plain = fs.readFileSync(tar);
    assert.deepEqual(await buffer(tarOf(tar) as NodeJS.ReadableStream), plain);
    fs.rmSync(`${tar}.gz`);
    execFileSync("gzip", ["--keep", tar]);
    assert.deepEqual(await buffer(tarOf(`${tar}.gz`) as NodeJS.ReadableStream), plain);
  });

  it("are identified by the SHA-256 of their content", async () => {
    const [sum] = execFileSync("sha256sum", [tar], { encoding: "utf8" }).split(" ");
    assert.equal(await sha256Of(tar), sum);
  });
});
