import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { RunError } from "@pulumi/pulumi";
import { manifestUrl, readManifest } from "../../components/calico/source";
import { planOf, problemsOf } from "../support/problems";

const sum = (text: string) => createHash("sha256").update(text).digest("hex");
const refuse = async (): Promise<string> => {
  throw Object.assign(new TypeError("fetch failed"), { cause: { code: "ENOTFOUND" } });
};

describe("the source of Calico's manifest", () => {
  let folder = "";
  beforeEach(() => {
    folder = fs.mkdtempSync(path.join(os.tmpdir(), "encaplab-source-"));
  });
  afterEach(() => fs.rmSync(folder, { recursive: true }));

  it("is the plan's release, with Typha above fifty nodes", () => {
    assert.match(manifestUrl(planOf({ calicoVersion: "3.32" })), /\/v3\.32\.\d+\/manifests\/calico\.yaml$/);
    const nodes = Array.from({ length: 60 }, (_, i) => `n${i}`);
    const large = planOf({ topology: [{ name: "a", cidr: "10.0.0.0/24", nodes }] });
    assert.match(manifestUrl(large), /calico-typha\.yaml$/);
  });

  it("is fetched only once, and needs no network when the user's cache has it", async () => {
    const plan = planOf({});
    const asked: string[] = [];
    const fetchText = async (url: string) => {
      asked.push(url);
      return "kind: DaemonSet";
    };
    assert.equal(await readManifest({}, plan, fetchText, folder), "kind: DaemonSet");
    assert.equal(await readManifest({}, plan, refuse, folder), "kind: DaemonSet");
    assert.deepEqual(asked, [manifestUrl(plan)]);
  });

  it("may be a file", async () => {
    const file = path.join(folder, "calico.yaml");
    fs.writeFileSync(file, "mine");
    assert.equal(await readManifest({ manifest: file }, planOf({}), refuse, folder), "mine");
  });

  it("is checked against the checksum, with or without the prefix sha256:", async () => {
    const file = path.join(folder, "calico.yaml");
    fs.writeFileSync(file, "mine");
    const read = (checksum: string) => readManifest({ manifest: file, checksum }, planOf({}), refuse, folder);
    assert.equal(await read(sum("mine")), "mine");
    assert.equal(await read(`sha256:${sum("mine")}`), "mine");
    const [problem] = await problemsOf(() => read(sum("yours")));
    assert.equal(problem?.key, "calico.checksum");
    assert.ok(problem?.message.includes(sum("mine")));
  });

  it("is named in the error when it cannot be fetched or read, with what to do", async () => {
    await assert.rejects(readManifest({}, planOf({}), refuse, folder), (error) => {
      assert.ok(RunError.isInstance(error));
      assert.match(
        error.message,
        /^no network: raw\.githubusercontent\.com cannot be reached \(ENOTFOUND\); download https:.*calico\.manifest/,
      );
      return true;
    });
    const absent = () => Promise.reject(new Error("status 404"));
    const [wrong] = await problemsOf(() => readManifest({}, planOf({}), absent, folder));
    assert.match(wrong?.message ?? "", /could not be fetched \(status 404\)/);
    const [missing] = await problemsOf(() =>
      readManifest({ manifest: "/no/such" }, planOf({}), refuse, folder),
    );
    assert.deepEqual([missing?.key, missing?.value], ["calico.manifest", "/no/such"]);
    assert.deepEqual(fs.readdirSync(folder), []);
  });
});
