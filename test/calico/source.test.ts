import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { RunError } from "@pulumi/pulumi";
import { type FetchText, manifestUrl, type ReadOptions, readManifest } from "../../components/calico/source";
import { readSources } from "../../components/calico/sources";
import { CALICO_RELEASES } from "../../components/plan";
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

  /** Everything that is kept is in the test's folder. */
  const options = (fetchText: FetchText, more: ReadOptions = {}): ReadOptions => ({
    fetchText,
    cache: path.join(folder, "cache"),
    pins: path.join(folder, "state/manifests.json"),
    ...more,
  });
  const cached = () => {
    const cache = path.join(folder, "cache");
    return fs.existsSync(cache) ? fs.readdirSync(cache).map((name) => path.join(cache, name)) : [];
  };
  const serves = (text: string) => async () => text;
  /** Of a release that the table does not name, so that any text will do. */
  const planOfAnother = () => planOf({ calicoVersion: "3.32.99" });

  it("is the plan's release, with Typha above fifty nodes", () => {
    assert.match(manifestUrl(planOf({ calicoVersion: "3.32" })), /\/v3\.32\.\d+\/manifests\/calico\.yaml$/);
    const nodes = Array.from({ length: 60 }, (_, i) => `n${i}`);
    const large = planOf({ topology: [{ name: "a", cidr: "10.0.0.0/24", nodes }] });
    assert.match(manifestUrl(large), /calico-typha\.yaml$/);
  });

  it("is fetched only once, and needs no network when the user's cache has it", async () => {
    const plan = planOfAnother();
    const asked: string[] = [];
    const fetchText = async (url: string) => {
      asked.push(url);
      return "kind: DaemonSet";
    };
    assert.equal(await readManifest({}, plan, options(fetchText)), "kind: DaemonSet");
    assert.equal(await readManifest({}, plan, options(refuse)), "kind: DaemonSet");
    assert.deepEqual(asked, [manifestUrl(plan)]);
  });

  it("of a release in the table must be that of Calico's tag, and is not kept otherwise", async () => {
    const plan = planOf({ calicoVersion: "3.31" });
    const [problem] = await problemsOf(() => readManifest({}, plan, options(serves("kind: Trojan"))));
    const wanted = CALICO_RELEASES["3.31"]?.manifests["calico.yaml"] ?? "none";
    assert.match(problem?.message ?? "", new RegExp(`${sum("kind: Trojan")}, and must have ${wanted}`));
    assert.deepEqual(cached(), []);
    const nodes = Array.from({ length: 60 }, (_, i) => `n${i}`);
    const large = planOf({ calicoVersion: "3.31", topology: [{ name: "a", cidr: "10.0.0.0/24", nodes }] });
    const [other] = await problemsOf(() => readManifest({}, large, options(serves("x"))));
    assert.match(other?.message ?? "", /must have 86bdaabf6098/);
  });

  it("of another release is pinned at first use, with a word, also when the cache was emptied", async () => {
    const plan = planOfAnother();
    const said: string[] = [];
    const say = (sentence: string) => said.push(sentence);
    await readManifest({}, plan, options(serves("first"), { say }));
    assert.match(
      said.join(),
      new RegExp(`No checksum is known for .*v3\\.32\\.99.* ${sum("first")} at this first use`),
    );
    fs.rmSync(path.join(folder, "cache"), { recursive: true });
    const [problem] = await problemsOf(() => readManifest({}, plan, options(serves("second"), { say })));
    assert.match(
      problem?.message ?? "",
      /had [0-9a-f]{64} at its first use here: it was changed.*manifests\.json$/,
    );
    assert.deepEqual(cached(), []);
    assert.equal(await readManifest({}, plan, options(serves("first"), { say })), "first");
    assert.equal(await readManifest({ checksum: sum("second") }, plan, options(serves("second"))), "second");
    assert.equal(said.length, 1);
  });

  it("is not kept with a flaw, and a cached copy with one is fetched again, or named", async () => {
    const flaw = (text: string) => (text === "good" ? undefined : "is not Calico's manifest");
    const plan = planOfAnother();
    const [login] = await problemsOf(() => readManifest({}, plan, options(serves("<html>"), { flaw })));
    assert.match(login?.message ?? "", /calico\.yaml is not Calico's manifest$/);
    assert.deepEqual(cached(), []);
    await readManifest({}, plan, options(serves("good"), { flaw }));
    const [file = ""] = cached();
    fs.writeFileSync(file, "go");
    await assert.rejects(readManifest({}, plan, options(refuse, { flaw })), (error: Error) => {
      assert.ok(error.message.includes(`its cached copy ${file} has the SHA-256`), error.message);
      return true;
    });
    assert.equal(await readManifest({}, plan, options(serves("good"), { flaw })), "good");
    assert.equal(fs.readFileSync(file, "utf8"), "good");
  });

  it("is fetched by https alone", async () => {
    for (const manifest of [
      "http://example.org/calico.yaml",
      "HTTP://x/y",
      "ftp://x/y",
      "file:///etc/passwd",
    ]) {
      const [problem] = await problemsOf(() => planOf({ calico: { manifest } }));
      assert.equal(problem?.key, "calico.manifest");
      assert.match(problem?.message ?? "", /^must be an https URL or a path: what is fetched runs as root/);
    }
    for (const manifest of ["https://x/y", "HTTPS://x/y", "calico.yaml", "/a/b c.yaml", "../x"])
      planOf({ calico: { manifest } });
  });

  it("is a ConfigError in one sentence when it is no manifest of Calico, or no YAML", async () => {
    for (const text of ["kind: ConfigMap", "<html>", "kind: DaemonSet\nkind: DaemonSet\n: ["]) {
      const file = path.join(folder, "odd.yaml");
      fs.writeFileSync(file, text);
      const [problem] = await problemsOf(() => readSources({ calico: { manifest: file } }, planOf({})));
      assert.match(
        problem?.message ?? "",
        /odd\.yaml is not Calico's manifest: .*; use calico\.yaml of Calico 3\.32/,
      );
    }
  });

  it("may be a file", async () => {
    const file = path.join(folder, "calico.yaml");
    fs.writeFileSync(file, "mine");
    assert.equal(await readManifest({ manifest: file }, planOf({}), options(refuse)), "mine");
  });

  it("is checked against the checksum, with or without the prefix sha256:", async () => {
    const file = path.join(folder, "calico.yaml");
    fs.writeFileSync(file, "mine");
    const read = (checksum: string) =>
      readManifest({ manifest: file, checksum }, planOf({}), options(refuse));
    assert.equal(await read(sum("mine")), "mine");
    assert.equal(await read(`sha256:${sum("mine")}`), "mine");
    const [problem] = await problemsOf(() => read(sum("yours")));
    assert.equal(problem?.key, "calico.checksum");
    assert.ok(problem?.message.includes(sum("mine")));
  });

  it("is named in the error when it cannot be fetched or read, with what to do", async () => {
    await assert.rejects(readManifest({}, planOf({}), options(refuse)), (error) => {
      assert.ok(RunError.isInstance(error));
      assert.match(
        error.message,
        /^no network: raw\.githubusercontent\.com cannot be reached \(ENOTFOUND\); download https:.*calico\.manifest/,
      );
      return true;
    });
    const absent = () => Promise.reject(new Error("status 404"));
    const [wrong] = await problemsOf(() => readManifest({}, planOf({}), options(absent)));
    assert.match(wrong?.message ?? "", /could not be fetched \(status 404\)/);
    const [missing] = await problemsOf(() =>
      readManifest({ manifest: "/no/such" }, planOf({}), options(refuse)),
    );
    assert.deepEqual([missing?.key, missing?.value], ["calico.manifest", "/no/such"]);
    assert.deepEqual(fs.readdirSync(folder), []);
  });
});
