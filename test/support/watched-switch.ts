/** What must be seen of a cluster's switch from None to a mode with VXLAN. */
import assert from "node:assert/strict";
import type { Watched } from "../../components/study";

/**
 * Asserts it for four nodes in two subnets, whose router has no route to the blocks. BIRD gives its routes up, and Felix,
 * which restarts for the first VXLAN pool, makes the device and then its own.
 */
export function assertFromNone({ flows, connections, changes }: Watched): void {
  assert.deepEqual(
    flows.map(({ path, from, to }) => `${path} ${from} > ${to}`),
    [
      ...["same-node cp1-1 > cp1-2", "same-node cp1-2 > cp1-1"],
      ...["same-subnet cp1-1 > w1-1", "same-subnet w1-1 > cp1-1"],
      ...["cross-subnet cp1-1 > w2-1", "cross-subnet w2-1 > cp1-1"],
    ],
  );
  for (const { path, sent, lost, stays } of flows) {
    assert.ok(sent > 20 && !stays, `${path}: ${lost} of ${sent}`);
    // Between the subnets nothing passes before the switch.
    assert.ok(path === "cross-subnet" ? lost > 0 : lost < sent, `${path}: ${lost} of ${sent}`);
  }
  assert.deepEqual(
    connections.map(({ path, state }) => `${path} ${state}`),
    ["same-node lives", "same-subnet lives", "cross-subnet could not be opened before the change"],
  );
  const first = (pattern: RegExp) =>
    changes.findIndex(({ node, change }) => node === "cp1" && pattern.test(change));
  const given = first(/^Deleted \S+ via .* proto bird/);
  const device = first(/^vxlan\.calico is up/);
  const taken = first(/^\S+ via \S+ dev vxlan\.calico/);
  assert.ok(given >= 0 && given < device && device < taken, JSON.stringify(changes));
}
