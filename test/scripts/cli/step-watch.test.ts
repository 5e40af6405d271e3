// A step that does not end, because its machine is frozen: the run is ended, with a sentence.
import assert from "node:assert/strict";
import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { limitedCommand, STEP_LIMIT } from "../../../components/cluster/steps";
import { followEngine } from "../../../scripts/cli/engine";
import type { EngineEvent } from "../../../scripts/cli/engine-events";
import { StepWatch } from "../../../scripts/cli/step-watch";

const event = (kind: "begins" | "done" | "failed", resource: string): EngineEvent => ({
  kind,
  operation: "create",
  resource,
  component: false,
});

describe("the watch over steps on machines", () => {
  it("says which step has not ended, and nothing of those that have, nor of other resources", async () => {
    const said = await new Promise<string[]>((resolve) => {
      const sentences: string[] = [];
      const watch = new StepWatch((sentence) => {
        sentences.push(sentence);
        watch.end();
        resolve(sentences);
      }, 0.05);
      watch.take(event("begins", "Command init-cp1"));
      watch.take(event("done", "Command init-cp1"));
      watch.take(event("begins", "Command join-w2"));
      watch.take(event("failed", "Command join-w2"));
      watch.take(event("begins", "Node w3"));
      watch.take(event("begins", "Command join-w1"));
    });
    assert.equal(said.length, 1);
    assert.match(
      said[0] ?? "",
      /^Command join-w1 has not ended within .*: its machine is frozen or cut off\./,
    );
  });

  it("does not fire after the run has ended", async () => {
    const watch = new StepWatch(() => assert.fail("fired"), 0.01);
    watch.take(event("begins", "Command init-cp1"));
    watch.end();
    await new Promise((done) => setTimeout(done, 50));
  });

  for (const [what, body, status] of [
    ["stops when it is asked to", "trap 'exit 9' INT; echo ready; while :; do sleep 0.02; done", 9],
    [
      "wants to be asked twice",
      "n=0; trap '((++n < 2)) || exit 8' INT; echo ready; while :; do sleep 0.02; done",
      8,
    ],
    ["never stops", "trap '' INT; echo ready; while :; do sleep 0.02; done", 137],
  ] as const)
    it(`ends an engine that ${what}`, async () => {
      const folder = fs.mkdtempSync(path.join(os.tmpdir(), "encaplab-watch-"));
      const { PATH } = process.env;
      fs.writeFileSync(path.join(folder, "pulumi"), `#!/usr/bin/env bash\n${body}\n`, { mode: 0o755 });
      process.env.PATH = `${folder}:${PATH}`;
      try {
        const stop = new AbortController();
        const ended = followEngine(
          ["up"],
          (line) => line === "ready" && stop.abort(),
          stop.signal,
          [200, 600],
        );
        assert.equal(await ended, status);
      } finally {
        process.env.PATH = PATH;
        fs.rmSync(folder, { recursive: true });
      }
    });

  it("waits longer than the limit that a step has on its own node", () => {
    assert.equal(limitedCommand("root", "create"), `timeout --kill-after=30 ${STEP_LIMIT} bash -s -- create`);
    assert.equal(
      limitedCommand("me", "delete"),
      `sudo -n timeout --kill-after=30 ${STEP_LIMIT} bash -s -- delete`,
    );
  });
});
