/** How a machine that boots slowly is told from one that hangs, with a stand-in for QEMU. */
import assert from "node:assert/strict";
import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { findSandbox, stopSandbox } from "../../../components/infrastructure/twin/sandbox";
import { bootMachine } from "../../../components/infrastructure/twin/sandbox/machine";
import { mentions } from "../../support/sandbox";
import { skip } from "../../support/skip";

/** What the stand-in does: `id` is the boot id that the machine must print when it is ready. */
const QEMU = (machine: string) => `#!/usr/bin/env bash
case "$*" in *kvm*) echo $$ >"$PWD/first"; echo "KVM internal error"; exec sleep 1000 ;; esac
id=$(grep -o 'encaplab.boot=[^ ]*' <<<"$*") id=\${id#*=}
${machine}
exec sleep 1000
`;

describe("a machine sandbox that boots", function () {
  this.timeout(60_000);
  let base: string;
  let folder: string;
  let savedPath: string | undefined;
  const progress: string[] = [];

  beforeEach(() => {
    base = fs.realpathSync(fs.mkdtempSync(path.join(os.tmpdir(), "encaplab-boot-")));
    folder = path.join(base, "lab");
    fs.mkdirSync(folder);
    progress.length = 0;
    savedPath = process.env.PATH;
    process.env.PATH = `${base}:${savedPath}`;
  });
  afterEach(async () => {
    process.env.PATH = savedPath;
    await stopSandbox(folder);
    assert.deepEqual(mentions(base), []);
    fs.rmSync(base, { recursive: true, force: true });
  });

  const boot = (machine: string, silence: number) => {
    fs.writeFileSync(path.join(base, "qemu-system-x86_64"), QEMU(machine), { mode: 0o755 });
    return bootMachine(folder, base, silence, (line) => progress.push(line));
  };

  it("is waited for as long as its console says something new", async () => {
    await boot(
      "echo 'encaplab: the kernel runs'; for i in {1..7}; do echo \"[$i] a message\"; sleep 1; done; echo encaplab: ready $id",
      5,
    );
    assert.deepEqual(progress, ["the kernel runs"]);
    assert.equal(findSandbox(folder)?.kind, "machine");
    assert.match(fs.readFileSync(path.join(folder, "console.log"), "utf8"), /\[7\] a message\n/);
  });

  it("counts a line that is not complete as something new", async () => {
    await boot("for i in {1..7}; do printf .; sleep 1; done; echo; echo encaplab: ready $id", 5);
  });

  it("counts as hung when its console has said nothing new for the limit, and QEMU is ended", async () => {
    await assert.rejects(boot("echo 'encaplab: the kernel runs'", 1), (error: Error & { stderr: string }) => {
      assert.match(error.message, /it ended before it was ready/);
      assert.match(error.stderr, /with -accel tcg.*: nothing new on the console for 1 s/);
      return true;
    });
    assert.deepEqual(mentions(`-kernel ${base}`), []);
  });

  it("starts the second QEMU only when the first one has ended, which holds its ports", async function () {
    if (!fs.existsSync("/dev/kvm")) skip(this, "there is no /dev/kvm, without which QEMU is tried only once");
    // Whether there is a process, even a dead one that has not been waited for.
    await boot('kill -0 "$(cat "$PWD/first")" 2>/dev/null || echo "encaplab: ready $id"', 2);
  });
});
