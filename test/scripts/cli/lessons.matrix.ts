/** Every lesson, from its beginning to solved: those with IPIP boot a QEMU machine where this kernel has no ipip driver. */
import { CliCheckout } from "../../support/cli-checkout";
import { playLesson } from "../../support/lesson-play";
import { LESSONS } from "../../support/stacks";

describe("every lesson on the twin", function () {
  this.timeout(900_000);
  let checkout: CliCheckout;
  before(() => {
    checkout = new CliCheckout();
  });
  after(() => checkout.remove());

  for (const name of LESSONS) it(`${name} is solved by its solution`, () => playLesson(checkout, name));
});
