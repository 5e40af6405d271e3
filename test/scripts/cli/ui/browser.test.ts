// How the page is opened: without the token in any process's arguments.
import assert from "node:assert/strict";
import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { openPage } from "../../../../scripts/cli/ui/browser";
import { until } from "../../../support/sandbox";

const ADDRESS = "http://127.0.0.1:4711/?token=secret";

describe("opening the page of lab ui", () => {
  const before = process.env.BROWSER;
  let folder: string;
  beforeEach(() => {
    folder = fs.mkdtempSync(path.join(os.tmpdir(), "encaplab-browser-"));
  });
  afterEach(() => {
    fs.rmSync(folder, { recursive: true });
    if (before === undefined) delete process.env.BROWSER;
    else process.env.BROWSER = before;
  });

  it("gives the browser a file that leads there, which only this user can read, and removes it at the end", async () => {
    const record = path.join(folder, "record");
    process.env.BROWSER = path.join(folder, "browser");
    const script = `#!/bin/sh\necho "$#" "$1" >'${record}.new' && mv '${record}.new' '${record}'\n`;
    fs.writeFileSync(process.env.BROWSER, script, { mode: 0o755 });
    const { forget } = openPage(ADDRESS, assert.fail);
    await until(() => fs.existsSync(record));
    const [count, file = ""] = fs.readFileSync(record, "utf8").trim().split(" ");
    assert.equal(count, "1");
    assert.doesNotMatch(file, /secret/);
    assert.match(
      fs.readFileSync(file, "utf8"),
      /content="0; url=http:\/\/127\.0\.0\.1:4711\/\?token=secret"/,
    );
    assert.equal(fs.statSync(file).mode & 0o077, 0);
    assert.equal(fs.statSync(path.dirname(file)).mode & 0o077, 0);
    forget();
    assert.equal(fs.existsSync(path.dirname(file)), false);
  });

  it("says why no browser was opened", async () => {
    process.env.BROWSER = path.join(folder, "nosuch");
    let said = "";
    const { forget } = openPage(ADDRESS, (reason) => {
      said = reason;
    });
    await until(() => said !== "");
    assert.match(said, /nosuch ENOENT/);
    forget();
  });
});
