import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import * as os from "node:os";
import * as path from "node:path";
import { formatRounds, type Round } from "../../scripts/bench-rounds";
import { countProcessor } from "../../scripts/bench-usage";

/** A round in which each node costs so many seconds above a floor of one second, and half of that in processor time. */
function roundOf(size: number, perNode: number, memory: number): Round {
  const floor = { time: 1, processor: 0.5 };
  const step = { time: 1 + size * perNode, processor: 0.5 + (size * perNode) / 2 };
  return {
    floor,
    emptyDown: floor,
    up: step,
    again: step,
    felix: step,
    bird: step,
    down: floor,
    memory,
    dropped: 3,
  };
}

describe("the benchmark", () => {
  it("says by how much a node of a large lab costs more than one of a small lab, in processor time, on the clock and in memory", () => {
    const lines = formatRounds([
      { size: 4, rounds: [roundOf(4, 0.5, 40)] },
      { size: 16, rounds: [0.1, 0.2, 0.9].map((perNode) => roundOf(16, perNode, 160)) },
      { size: 64, rounds: [roundOf(64, 0.2, 640)] },
      { size: 256, rounds: [roundOf(256, 0.3, 5120)] },
    ]);
    const [last = ""] = lines.slice(-1);
    assert.match(last, /^ {2}16 to 256, in processor time: up 1\.50 \(on the clock 1\.50\), /);
    assert.match(last, /; memory 2\.00$/);
    assert.ok(lines.some((line) => line.startsWith("  4 to 16, in processor time: up 0.40 ")));
    const memory = lines.filter((line) => line.startsWith("Memory of "));
    assert.equal(
      memory[1],
      "Memory of 16 nodes: 160 MB, 10.0 MB each. Packets that the kernel had no room for: 9",
    );
    assert.match(memory[3] ?? "", /^Memory of 256 nodes: 5120 MB, 20\.0 MB each\. /);
    assert.match(lines.join("\n"), /^16 +up +2\.6 +4\.2 +2\.6 +4\.2 +2\.1$/m);
  });

  it("counts the processor time of a program and of the programs that it starts, and no time that is only waited", () => {
    const count = countProcessor(path.join(os.tmpdir(), "no such folder"), "bench4");
    spawnSync("sleep", ["0.2"]);
    const waited = count();
    assert.ok(waited < 0.2, `${waited}`);
    const work = "const end = process.cpuUsage().user + 300_000; while (process.cpuUsage().user < end);";
    spawnSync("bash", ["-c", `node -e '${work}'; true`]);
    assert.ok(count() - waited >= 0.3, `${waited}, ${count()}`);
  });
});
