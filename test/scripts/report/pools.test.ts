/** Several IPPools on the report's page, in a real browser. */
import assert from "node:assert/strict";
import type { Locator } from "playwright-core";
import { pageOf } from "../../../scripts/cli/report-page";
import { BrowserUnderTest, violationsOn } from "../../support/browser";
import { reportOf } from "../../support/report";

const LAB = {
  podCidr: "172.16.0.0/15",
  encapsulation: "VXLAN",
  ipPools: [
    { name: "near", cidr: "172.16.0.0/17", encapsulation: "None", nodes: ["cp1", "w1"] },
    { name: "far", cidr: "172.16.128.0/17", blockSize: 28, nodes: ["w2", "w3"] },
    { name: "tunnels", cidr: "172.17.0.0/20", encapsulation: "VXLAN", allowedUses: ["Tunnel"] },
  ],
};

/** What an element shows. */
// biome-ignore lint/performance/useDomNodeTextContent: hidden text is none that is shown
const shown = (element: Locator): Promise<string> => element.innerText();

describe("the report's page of a lab with several IPPools", function () {
  this.timeout(120_000);
  let browser: BrowserUnderTest;
  before(async function () {
    browser = await BrowserUnderTest.start(this);
  });
  after(() => browser?.close());

  it("names both ways and all pools, and plays a packet by the pool of its destination, there and back", async () => {
    const { page, errors } = await browser.open(await pageOf(reportOf(LAB)));
    assert.match(await page.title(), /None \+ VXLAN|VXLAN \+ None/);
    assert.match(
      (await page.locator(".settings").textContent()) ?? "",
      /IPPoolfar 172\.16\.128\.0\/17 VXLAN, blocks of \/28, on w2, w3; near .*; tunnels .*, for Tunnel only/,
    );
    const way = async (pair: string) => {
      await page.getByRole("button", { name: new RegExp(`^${pair}: `) }).click();
      const places: string[] = [];
      const next = page.getByRole("button", { name: "next hop" });
      for (;;) {
        places.push(await shown(page.locator("#trace .where")));
        if (await next.isDisabled()) return places.join("; ");
        await next.click();
      }
    };
    const [out = "", back = ""] = (await way("w1-1 to w2-1")).split(/; w2-1\b/);
    assert.match(out, /vxlan\.calico of w1/);
    assert.doesNotMatch(back, /vxlan\.calico/);
    assert.doesNotMatch(await way("cp1-1 to w1-1"), /vxlan\.calico/);
    assert.deepEqual([errors, await violationsOn(page)], [[], []]);
  });

  it("changes with the slider the pools that name no encapsulation", async () => {
    const { page } = await browser.open(await pageOf(reportOf(LAB)));
    const routes = () => page.locator("details", { hasText: "Routes to pods on each node" }).textContent();
    assert.match((await routes()) ?? "", /172\.16\.128\.0\/28 via \S+ dev vxlan\.calico/);
    await page.getByRole("slider", { name: "Encapsulation" }).focus();
    await page.keyboard.press("End");
    assert.match((await routes()) ?? "", /172\.16\.128\.0\/28 via \S+ dev eth0/);
    assert.match((await routes()) ?? "", /172\.16\.0\.0\/26 via \S+ dev eth0/);
  });
});
