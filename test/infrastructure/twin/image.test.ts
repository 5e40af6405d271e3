/** What the twin says when its QEMU machine cannot be prepared. `machine.twin.ts` boots a real one. */
import assert from "node:assert/strict";
import * as fs from "node:fs";
import * as path from "node:path";
import { prepareImage } from "../../../components/infrastructure/twin/sandbox/image";
import { Machine } from "../../support/machine";
import { skip } from "../../support/skip";

/** An apt-get whose servers cannot be reached. */
const OFFLINE = `#!/bin/sh
echo "$*" >>"$CALLS"
echo "E: Failed to fetch http://deb.example/debian/x.deb  Could not resolve 'deb.example'"
exit 100
`;

describe("the image of the QEMU machine", function () {
  this.timeout(30_000);
  let machine: Machine;
  let saved: NodeJS.ProcessEnv;
  beforeEach(() => {
    machine = new Machine();
    saved = { ...process.env };
    process.env.XDG_CACHE_HOME = path.join(machine.dir, "cache");
    process.env.CALLS = path.join(machine.dir, "apt.calls");
    machine.write("bin/apt-get", OFFLINE, 0o755);
    machine.write("bin/apt-cache", "#!/bin/sh\necho '  Depends: linux-image-6.1.0-1-amd64'\n", 0o755);
  });
  afterEach(() => {
    process.env = saved;
    machine.remove();
  });

  it("installs nothing when QEMU is missing, even in a CI job, and says which command does", async () => {
    process.env.PATH = machine.bin;
    process.env.CI = "true";
    await assert.rejects(
      prepareImage(() => {}),
      {
        name: "SandboxError",
        message:
          /QEMU machine cannot start\.\nsetup: these system packages are missing for machine: .*qemu-system-x86 .*\nsetup: install them: bash \/.*scripts\/setup need machine\n/,
      },
    );
    assert.equal(fs.existsSync(process.env.CALLS as string), false);
  });

  it("says that there is no network, and which host cannot be reached", async function () {
    if (process.arch !== "x64") skip(this, "the machine is for x86-64 only");
    for (const name of ["qemu-system-x86_64", "socat", "depmod", "xz", "dpkg-deb"])
      machine.write(`bin/${name}`, "#!/bin/sh\n", 0o755);
    process.env.PATH = `${machine.bin}:/usr/bin:/bin`;
    const progress: string[] = [];
    await assert.rejects(
      prepareImage((line) => progress.push(line)),
      /the machine's kernel: .*no network: deb\.example cannot be reached/,
    );
    assert.equal(fs.existsSync(path.join(machine.dir, "cache/encaplab/machine/form-1")), false);
    assert.ok(progress.length > 0);
  });

  it("reads package lists of its own where this computer has none, and leaves this computer's as they are", async function () {
    if (process.arch !== "x64") skip(this, "the machine is for x86-64 only");
    for (const name of ["qemu-system-x86_64", "socat", "depmod", "xz", "dpkg-deb"])
      machine.write(`bin/${name}`, "#!/bin/sh\n", 0o755);
    machine.write("bin/apt-cache", "#!/bin/sh\necho 'E: No packages found' >&2; exit 100\n", 0o755);
    process.env.PATH = `${machine.bin}:/usr/bin:/bin`;
    await assert.rejects(
      prepareImage(() => {}),
      /reading the package lists: no network: deb\.example/,
    );
    const calls = fs
      .readFileSync(process.env.CALLS as string, "utf8")
      .trim()
      .split("\n");
    assert.equal(calls.length, 1);
    assert.match(
      calls[0] as string,
      new RegExp(`-o Dir::State::Lists=${machine.dir}/cache/encaplab/machine/form-1\\.work\\..* update$`),
    );
  });
});
