/** The part of the matrix for which this kernel lacks the driver, in one QEMU machine: verdict = observation. */
import assert from "node:assert/strict";
import { planOf } from "../../support/problems";
import { sharedMachine } from "../../support/twin";
import { MATRIX } from "../../support/twin-cases";
import { playInMachine, SMALL } from "../../support/twin-play";

playInMachine(MATRIX);

describe("a twin in a machine", function () {
  this.timeout(600_000); // three series under emulation, and the boot if this runs alone
  const machine = sharedMachine();

  it("stays there in a switch from IPIP to VXLAN and back, though VXLAN needs no machine", async () => {
    const plan = (encapsulation: string) => planOf({ ...SMALL, fabric: "aws", encapsulation });
    await machine.bring(plan("IPIP"));
    const { bootId } = machine.sandbox;
    for (const encapsulation of ["VXLAN", "IPIP"]) {
      const touched = await machine.bring(plan(encapsulation), "namespaces");
      assert.deepEqual(Object.keys(touched).sort(), ["node-cp1", "node-w1", "node-w2", "security"]);
      assert.equal(machine.sandbox.bootId, bootId);
      const { agrees, disagreements } = await machine.observe(plan(encapsulation));
      assert.ok(agrees, disagreements.join("\n"));
    }
  });
});
