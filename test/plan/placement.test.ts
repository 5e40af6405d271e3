/** Where a lab is: literal examples of every kind of place. */
import assert from "node:assert/strict";
import { parseConfig } from "../../components/config";
import { judge, ownsNetwork, placementOf } from "../../components/plan";
import { planOf, type RawConfig } from "../support/problems";

const MACHINES = { machines: [{ name: "cp1", address: "192.0.2.1", subnet: "192.0.2.0/24" }] };

/** What is on this machine costs nothing, and `up` does not ask before it builds it. */
const PLACES: [RawConfig, fabric: string, at: "twin" | "containers" | "elsewhere", ownsNetwork: boolean][] = [
  [{ cloud: "twin" }, "plain", "twin", true],
  [{ cloud: "twin", fabric: "aws" }, "aws", "twin", true],
  [{ cloud: "twin", fabric: "aws", rehearse: "containers" }, "aws", "containers", true],
  [{ cloud: "aws" }, "aws", "elsewhere", true],
  [{ cloud: "aws", rehearse: true }, "aws", "twin", true],
  [{ cloud: "aws", rehearse: "true" }, "aws", "twin", true],
  [{ cloud: "aws", rehearse: "twin" }, "aws", "twin", true],
  [{ cloud: "aws", rehearse: "false" }, "aws", "elsewhere", true],
  [{ cloud: "aws", rehearse: "containers" }, "aws", "containers", true],
  [{ cloud: "openstack" }, "openstack", "elsewhere", true],
  [{ cloud: "openstack", rehearse: true }, "openstack", "twin", true],
  [{ cloud: "openstack", rehearse: "containers" }, "openstack", "containers", true],
  [{ cloud: "hosts", hosts: MACHINES }, "plain", "elsewhere", false],
  [{ cloud: "hosts", hosts: MACHINES, rehearse: true }, "plain", "twin", true],
  [{ cloud: "hosts", hosts: MACHINES, rehearse: "containers" }, "plain", "containers", true],
  [{ cloud: "hosts", hosts: { machines: "containers" } }, "plain", "containers", true],
  [{ cloud: "hosts", hosts: { machines: "containers" }, fabric: "aws" }, "aws", "containers", true],
  [{ cloud: "hosts", hosts: { machines: "containers" }, rehearse: "twin" }, "plain", "twin", true],
  // A key that another cloud does not use makes it no lab of this machine.
  [{ cloud: "aws", hosts: { machines: "containers" } }, "aws", "elsewhere", true],
];

describe("the place of a lab", () => {
  for (const [raw, fabric, at, ours] of PLACES) {
    it(`is ${at}, as the config says: ${JSON.stringify(raw)}`, () => {
      const place = placementOf(parseConfig(raw));
      assert.deepEqual(
        [place.fabric, place.onTwin, place.onContainers, place.onThisMachine, ownsNetwork(place)],
        [fabric, at === "twin", at === "containers", at !== "elsewhere", ours],
      );
    });
  }

  it("has Neutron's backend only on the fabric openstack", () => {
    const openstack = { backend: "ovs" };
    assert.equal(planOf({ cloud: "openstack", openstack }).backend, "ovs");
    assert.ok(!("backend" in planOf({ cloud: "openstack" })));
    assert.ok(!("backend" in planOf({ cloud: "twin", fabric: "aws", openstack })));
  });

  it("decides what the verdict cannot know: what is between existing machines, and how NICs send VXLAN", () => {
    const unknown = (raw: RawConfig) => judge(planOf({ encapsulation: "VXLAN", ...raw })).unknown.join("; ");
    assert.match(unknown({ cloud: "hosts", hosts: MACHINES }), /what is between existing machines/);
    assert.doesNotMatch(
      unknown({ cloud: "hosts", hosts: { machines: "containers" } }),
      /between existing machines/,
    );
    assert.match(unknown({ cloud: "aws" }), /bad checksums/);
    assert.doesNotMatch(unknown({ cloud: "twin" }), /bad checksums/);
  });
});
