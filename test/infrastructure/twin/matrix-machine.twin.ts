/** The encapsulations for which this kernel lacks the driver, in one QEMU machine for all cases. */
import { ENCAPSULATIONS, FABRICS } from "../../../components/config";
import { hasEffect } from "../../../components/plan";
import type { RawConfig } from "../../support/problems";
import { kindFor, TwinUnderTest } from "../../support/twin";
import { type Case, faultCases, play } from "../../support/twin-cases";

/** Under emulation each case costs its pairs: the least topology that has every path. */
const SMALL: RawConfig = {
  topology: [
    { name: "a", cidr: "10.0.3.0/24", nodes: ["cp1", "w1"] },
    { name: "b", cidr: "10.0.4.0/24", nodes: ["w2"] },
  ],
};

/** That a fault changes nothing where the plan says so is shown in the namespaces' matrix, for a tenth of the time. */
const isWorthwhile = ({ plan }: Case): boolean => plan.faults.every((fault) => hasEffect(plan, fault));

const inMachine = ENCAPSULATIONS.filter((one) => kindFor(one) === "machine");

if (inMachine.length > 0) {
  describe("in a machine with Debian's kernel, in place, every packet does what the verdict says", function () {
    this.timeout(300_000);
    let twin: TwinUnderTest;
    before(() => {
      twin = new TwinUnderTest("machine");
    });
    after(() => twin.stop());

    for (const fabric of FABRICS) {
      for (const encapsulation of inMachine) {
        for (const one of faultCases(encapsulation, fabric, SMALL).filter(isWorthwhile)) {
          it(one.title, async () => {
            await play(twin, one);
          });
        }
      }
    }
  });
}
