/** A lab on a disk that is full, or becomes full: nothing is lost. */
import assert from "node:assert/strict";
import { SmallDisk, type WhileRunning } from "./small-disk";

/** How much of the cases a suite runs. */
export interface DiskCases {
  /** Sizes of the disk in KiB on which `up` begins. */
  sizes: readonly number[];
  /** Sizes of the state in bytes at which another program fills the disk while `up` runs. */
  fills: readonly number[];
  /** The same for plain `pulumi up`, whose engine is killed once it has left half a state. */
  kills: readonly number[];
}

/** Defines the tests. */
export function fillTheDisk({ sizes, fills, kills }: DiskCases): void {
  describe("a lab on a full disk", function () {
    this.timeout(300_000);
    let disk: SmallDisk;
    before(() => {
      disk = new SmallDisk();
    });
    after(() => disk.end());

    for (const size of sizes)
      it(`of ${size} KiB: up says what is missing, or succeeds; nothing is lost`, async () => {
        await disk.format(size);
        await disk.assertNothingLost(await disk.lab(["up", "local"]));
      });

    /** Fills the disk once the state has this size. */
    const fillAt =
      (wanted: number): WhileRunning =>
      (size) => {
        if (size < wanted) return false;
        disk.fill();
        return true;
      };

    for (const wanted of fills)
      it(`that another program fills when the state has ${wanted} bytes: up completes with the space held back`, async () => {
        await disk.format(32_768);
        const result = await disk.lab(["up", "local"], fillAt(wanted));
        assert.equal(result.status, 0, result.stderr);
        assert.match(result.stderr, /is full: make room there/);
        await disk.assertNothingLost(result);
      });

    for (const wanted of kills)
      it(`with a plain engine that is killed after it has left half a state at ${wanted} bytes: up restores it`, async () => {
        await disk.format(32_768);
        let isFull = false;
        const result = await disk.pulumi(
          ["-s", "local", "up", "--yes", "--skip-preview"],
          (size, running) => {
            isFull ||= fillAt(wanted)(size, running);
            if (!isFull || !disk.isDamaged) return false;
            running.kill("group");
            return true;
          },
        );
        assert.equal(result.status, null, `it was killed: ${result.stderr}`);
        assert.ok(disk.isDamaged);
        await disk.assertNothingLost({ ...result, status: 1, stderr: "killed" });
      });
  });
}
