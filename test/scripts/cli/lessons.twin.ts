/** Lessons that this kernel can play, from their beginning to solved. lessons.matrix.ts has all of them. */
import { existsSync } from "node:fs";
import { CliCheckout } from "../../support/cli-checkout";
import { playLesson } from "../../support/lesson-play";
import { skip } from "../../support/skip";

describe("a lesson on the twin", function () {
  this.timeout(300_000);
  let checkout: CliCheckout;
  before(() => {
    checkout = new CliCheckout();
  });
  after(() => checkout.remove());

  it("is solved by a value of the config", () => playLesson(checkout, "L11"));

  it("is solved on the router between two sites", function () {
    if (!existsSync("/usr/sbin/charon-systemd"))
      skip(this, "strongSwan is not installed: scripts/setup need ipsec");
    return playLesson(checkout, "L15", (fine) =>
      fine("shell", "router-a", "--stack", "L15", "swanctl", "--initiate", "--child", "link"),
    );
  });

  it("is solved by a command inside, which the config does not know", () =>
    playLesson(checkout, "L9", (fine) =>
      fine("shell", "fabric", "-s", "L9", "--", "nft", "flush chain bridge fabric anti-spoofing"),
    ));
});
