/** What is read of a sandbox when the parts of a lab ask whether somebody has changed them by hand. */
import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { LOOKS } from "../../../components/infrastructure/twin/look";
import { runScript, startSandbox, stopSandbox } from "../../../components/infrastructure/twin/sandbox";
import { partChanges, takeSnapshot } from "../../../components/infrastructure/twin/snapshot";

describe("a snapshot of a twin's parts", function () {
  this.timeout(120_000);
  for (const size of [4, 20]) {
    it(`finds each part that was changed by hand, and answers once for each part (${size} nodes)`, async () => {
      const base = mkdtempSync(join(tmpdir(), "encaplab-snapshot-"));
      const folder = join(base, "lab");
      try {
        const sandbox = await startSandbox(folder, "namespaces");
        const parts = ["network", ...Array.from({ length: size }, (_, i) => `node-w${i}`)];
        // Each part has a file: it is as it was seen as long as the file is.
        const write = (part: string, text: string) => runScript(sandbox, `echo ${text} > /run/${part}`);
        await runScript(
          sandbox,
          `mkdir -p ${LOOKS}; for part in ${parts.join(" ")}; do
            echo "cat /run/$part" > ${LOOKS}/$part.look; echo old > ${LOOKS}/$part.seen; echo old > /run/$part
          done`,
        );
        const isAltered = async (part: string) => (await takeSnapshot(folder, part))?.altered.has(part);
        await write("node-w3", "new");
        const ask = async () => {
          const seen = [];
          for (const part of parts) if (await isAltered(part)) seen.push(part);
          return seen;
        };
        assert.deepEqual(await ask(), ["node-w3"]);
        await write("network", "new");
        await write("node-w1", "new");
        assert.deepEqual(await ask(), ["network", "node-w1", "node-w3"], "who asks again is told of now");
        await write("node-w1", "old");
        partChanges(sandbox, "node-w1");
        assert.equal(await isAltered("node-w1"), false, "what this process has changed is read again");
      } finally {
        await stopSandbox(folder);
        rmSync(base, { recursive: true, force: true });
      }
    });
  }
});
