/** The report's page in a real browser, opened from a file as a reader opens it. */
import assert from "node:assert/strict";
import type { Locator, Page } from "playwright-core";
import { pageOf } from "../../../scripts/cli/report-page";
import { benchOf } from "../../support/benches";
import { BrowserUnderTest, violationsOn } from "../../support/browser";
import { CAPTURED, onPair, reportOf, SWITCHED } from "../../support/report";

const L9 = { cloud: "aws", encapsulation: "None", faults: ["source-dest-check"], rehearse: true };
const NARROW = { width: 390, height: 844 };
const WIDE = { width: 1280, height: 900 };

/** What an element shows. */
// biome-ignore lint/performance/useDomNodeTextContent: hidden text is none that is shown
const shown = (element: Locator): Promise<string> => element.innerText();

describe("the report's page", function () {
  this.timeout(120_000);
  let browser: BrowserUnderTest;
  /** The lab of lesson 9, not measured; and a lab that did not do what was predicted. */
  let predicted: string;
  let surprising: string;
  /** One in which everything occurs: works, fails, in part, and not as predicted. */
  let all: string;
  before(async function () {
    browser = await BrowserUnderTest.start(this);
    predicted = await pageOf(reportOf(L9, { stack: "L9" }));
    const some = {
      ...L9,
      encapsulation: "IPIP",
      faults: ["mtu-too-big", { fault: "bgp-blocked", nodes: ["w3"] }],
    };
    all = await pageOf(
      reportOf(some, { surprise: onPair("w1-1", "w1-2", false), bench: benchOf({}), captured: CAPTURED }),
    );
    surprising = await pageOf(
      reportOf({ encapsulation: "VXLAN" }, { surprise: onPair("w1-1", "w3-1", false) }),
    );
  });
  after(() => browser?.close());

  const cell = (page: Page, pair: string) => page.getByRole("button", { name: new RegExp(`^${pair}: `) });
  const trace = (page: Page) => page.locator("#trace");

  it("is one file below 1 MB that asks no server for anything, and cannot", async () => {
    assert.ok(predicted.length < 1_000_000, `${predicted.length} bytes`);
    assert.doesNotMatch(predicted, /xterm|WebSocket/, "only the live page has terminals");
    const { page, requests, errors } = await browser.open(predicted);
    await page.getByRole("button", { name: "last hop" }).click();
    await page.getByRole("slider", { name: "Encapsulation" }).focus();
    await page.keyboard.press("Home");
    assert.deepEqual([requests, errors], [[], []]);
    const sent = await page.evaluate(() =>
      fetch("http://127.0.0.1:9/").then(
        () => "sent",
        () => "refused",
      ),
    );
    assert.equal(sent, "refused");
    assert.match(errors.join(), /Content Security Policy/);
    assert.doesNotMatch(predicted, /<(link|script|img|iframe)[^>]*\b(src|href)="(?!data:)/);
  });

  it("shows the verdict, the topology and each pair of pods", async () => {
    const { page } = await browser.open(predicted);
    assert.equal(await page.title(), "L9: None · encaplab");
    assert.match(await shown(page.locator(".answers")), /8 of 13 paths fail\.[\s\S]*Nothing was measured/);
    assert.equal(await page.locator(".cell").count(), 8 * 7);
    assert.equal(await page.locator(".cell.works").count(), 8);
    const drawing = page.getByRole("img", { name: /The lab's network/ });
    assert.match(await drawing.innerHTML(), /VPC router/);
    // Each node's shield is red: the check drops what the lab needs.
    assert.equal(await drawing.locator(".port .refuses").count(), 4);
    assert.equal(await drawing.locator(".sessions .up").count(), 6);
  });

  it("shows the packet's way of the cell that is clicked, and marks the hop that loses it, with cause and fix", async () => {
    const { page } = await browser.open(predicted);
    await cell(page, "w1-1 to w2-1").click();
    assert.equal(await shown(trace(page).getByRole("heading")), "w1-1 → w2-1");
    const result = await shown(trace(page).locator(".result"));
    assert.match(result, /Lost at w1's port/);
    assert.match(result, /The source\/dest check drops the packet 172\.16\.0\.65 > 172\.16\.0\.129/);
    assert.match(result, /Fix Take source-dest-check out of faults/);
    await page.getByRole("button", { name: "last hop" }).click();
    assert.match(await shown(trace(page).locator("[aria-current=step]")), /w1's port/);
    assert.equal(await page.locator(".packet-dot .cross").count(), 1);
    assert.match(await page.evaluate<string>("location.hash"), /pair=cross-subnet%3Ew1-1%3Ew2-1/);
  });

  it("plays a packet into its tunnel and back out, as boxes with their bytes", async () => {
    const { page } = await browser.open(predicted);
    await page.getByRole("button", { name: "VXLAN", exact: true }).first().click();
    await cell(page, "w1-1 to w3-1").click();
    const boxes = () => trace(page).locator(".box > p").allInnerTexts();
    const lengths = async () => (await boxes()).map((text) => Number(/(\d+) B$/.exec(text)?.[1]));
    const next = page.getByRole("button", { name: "next hop" });
    assert.deepEqual(await lengths(), [20, 8, 56]);
    await next.click();
    await next.click();
    assert.match(await shown(trace(page).locator(".where")), /^vxlan\.calico of w1/);
    assert.deepEqual(await lengths(), [20, 8, 8, 14, 20, 8, 56]);
    assert.match((await boxes())[0] as string, /IPv4.*10\.0\.3\.\d+ → 10\.0\.4\.\d+ · UDP/s);
    assert.match(await shown(trace(page).locator(".length")), /^134 bytes of IP\s*\+50$/);
    await page.getByRole("button", { name: "previous hop" }).click();
    assert.deepEqual(await lengths(), [20, 8, 56]);
    // The way ends at the answer, which is back at its pod.
    await page.getByRole("button", { name: "last hop" }).click();
    assert.match(await shown(trace(page).locator(".where")), /^w1-1/);
    await page.getByRole("button", { name: "first hop" }).click();
    await page.getByRole("button", { name: "play" }).click();
    await trace(page).locator("output", { hasText: "2/" }).waitFor();
    await page.getByRole("button", { name: "pause" }).click();
  });

  it("shows the last switch as a strip for each path, with what was lost and what changed", async () => {
    const html = await pageOf(reportOf({ encapsulation: "None" }, { switched: SWITCHED }));
    const { page } = await browser.open(html, { colorScheme: "dark" });
    assert.equal(await shown(page.locator("#switch")), "The switch from VXLAN to None");
    const strip = (name: string) => page.getByRole("img", { name });
    assert.equal(await strip("cp1-1 to w1-1: 3 of 40 lost").locator(".lost").count(), 1);
    // Two seconds in all, one of them lost: the second half.
    const lost = strip("cp1-1 to w2-1: 20 of 40 lost").locator(".lost");
    assert.deepEqual([await lost.getAttribute("x"), await lost.getAttribute("width")], ["500", "500"]);
    assert.match(
      await shown(page.locator("main")),
      /since \+0\.00 s, to the end[\s\S]*cross-subnet broke \(nothing arrives\)/,
    );
    assert.match(await page.content(), /\+0\.000 s {2}w1 {2}Deleted 172\.16\.0\.0\/26/);
  });

  it("shows the benchmark as bars beside their ratios, and what was lost instead of measured", async () => {
    const html = await pageOf(reportOf({ encapsulation: "None" }, { bench: benchOf({}) }));
    const { page, errors } = await browser.open(html);
    assert.deepEqual(errors, []);
    const table = page.getByRole("table", { name: /^same-subnet/ });
    const row = table.getByRole("row", { name: /^VXLAN 0\.80/ });
    assert.deepEqual(await row.getByRole("cell").allInnerTexts(), [
      ...["0.80 ±0.00", "0.80 ±0.00", "0.80 ±0.00"],
      ...["1.25 ±0.00", "1.25 ±0.00"],
    ]);
    // The longest bar fills the field: the baseline's throughput, and VXLAN's round trip.
    const widths = await row
      .locator("rect")
      .evaluateAll((bars) => bars.map((bar) => Math.round(Number(bar.getAttribute("width")))));
    assert.deepEqual(widths, [160, 160, 160, 200, 200]);
    const across = page.getByRole("table", { name: /^cross-subnet/ });
    assert.match(await shown(across.getByRole("row", { name: "None" })), /lost at router/);
    assert.match(await shown(across), /node to node\s+12\.0 Gbit\/s/);
    assert.match(await shown(page.locator(".bench")), /this kernel's datapath, and not a cloud's network/);
  });

  it("lists captured packets, and shows the headers of one as boxes", async () => {
    const html = await pageOf(reportOf({ encapsulation: "VXLAN" }, { captured: CAPTURED }));
    const { page } = await browser.open(html);
    const section = page.locator(".captured");
    assert.match(await shown(section), /2 packets of w1\.pcap, decoded by encaplab\./);
    assert.match(await shown(section), /\+0\.250000 s\s+60 B\s+ARP Who has 10\.0\.3\.1\?/);
    assert.equal(await section.getByRole("button").count(), 1);
    await section.getByRole("button", { name: /^134 bytes/ }).click();
    assert.match(await shown(section.locator(".packet")), /VXLAN\s+VNI 4096\s+8 B[\s\S]*ICMP\s+echo request/);
  });

  it("makes a pair stand out that did not do what was predicted, and opens with it", async () => {
    const { page } = await browser.open(surprising);
    assert.match(await shown(page.locator(".answers")), /NOT as predicted/);
    assert.equal(await page.locator(".cell.differs").count(), 1);
    assert.match(
      (await cell(page, "w1-1 to w3-1").getAttribute("aria-label")) ?? "",
      /not as predicted, predicted works/,
    );
    assert.equal(await shown(trace(page).getByRole("heading")), "w1-1 → w3-1");
    assert.match(await shown(trace(page)), /Observed: this pair fails\. That is not as predicted/);
    assert.match(
      await shown(page.locator(".paths .differs").first()),
      /predicted works\s+observed mixed 31\/32/,
    );
  });

  it("shows the observation only of the encapsulation that was measured", async () => {
    const { page } = await browser.open(surprising);
    const slider = page.getByRole("slider", { name: "Encapsulation" });
    assert.equal(await slider.getAttribute("aria-valuetext"), "VXLAN");
    await slider.focus();
    await page.keyboard.press("ArrowRight");
    await page.keyboard.press("ArrowRight");
    assert.equal(await slider.getAttribute("aria-valuetext"), "None");
    assert.equal(await page.locator(".cell.differs").count(), 0);
    assert.equal(await page.locator(".cell.fails").count(), 32);
    assert.equal(await shown(page.locator(".modes th.chosen button")), "None");
  });

  it("can be used with the keyboard alone", async () => {
    const { page } = await browser.open(predicted);
    await page.keyboard.press("Tab");
    assert.equal(
      await page.evaluate<string>("document.activeElement.textContent.trim()"),
      "Skip to the matrix",
    );
    await page.keyboard.press("Enter");
    await cell(page, "cp1-1 to w1-1").focus();
    for (const key of ["ArrowDown", "ArrowDown", "ArrowRight", "End", "ArrowUp"])
      await page.keyboard.press(key);
    const focused = () => page.evaluate<string | null>("document.activeElement.getAttribute('aria-label')");
    assert.match((await focused()) ?? "", /^w1-1 to w3-2: /);
    assert.equal(await page.locator(".cell[tabindex='0']").count(), 1);
    await page.keyboard.press("Enter");
    assert.equal(await shown(trace(page).getByRole("heading")), "w1-1 → w3-2");
    await page.getByRole("button", { name: "next hop" }).focus();
    await page.keyboard.press("ArrowRight");
    await page.keyboard.press("ArrowRight");
    assert.match(await shown(trace(page).locator("output")), /^3\//);
    await page.keyboard.press("ArrowLeft");
    assert.match(await shown(trace(page).locator("output")), /^2\//);
    // Every cell of the grid is reached: walk down a column, past the pod's own row.
    await cell(page, "cp1-1 to w1-1").focus();
    const rows = new Set<string>();
    for (let i = 0; i < 8; i++) {
      rows.add(((await focused()) ?? "").split(" ")[0] as string);
      await page.keyboard.press("ArrowDown");
    }
    assert.equal(rows.size, 7);
  });

  it("opens at the hop that its address names", async () => {
    const hash = "#encapsulation=IPIP&pair=cross-subnet%3Ew1-2%3Ew2-1&probe=TCP&hop=2";
    const { page } = await browser.open(predicted, {}, hash);
    assert.equal(await shown(trace(page).getByRole("heading")), "w1-2 → w2-1");
    assert.match(await shown(trace(page).locator(".where")), /^tunl0 of w1/);
    const wrong = await browser.open(predicted, {}, "#encapsulation=GRE&pair=x&probe=y&hop=-1");
    assert.deepEqual(wrong.errors, []);
    assert.match(await shown(trace(wrong.page).getByRole("heading")), /→/);
  });

  it("shows a tenant network: br-int on each node, the instance on its host, and the port by which a node is in it", async () => {
    const instances = [{ name: "vm1", host: "w1", address: "20.20.1.98" }];
    const tenants = { cidr: "20.20.1.0/24", instances, ports: ["w2"] };
    const { page, errors } = await browser.open(await pageOf(reportOf({ tenants })));
    const drawing = page.getByRole("img", { name: /The lab's network/ });
    assert.equal(await drawing.locator(".chip.bridge").count(), 4);
    assert.equal(await drawing.locator(".instance").count(), 1);
    assert.equal(await drawing.locator(".port-wire").count(), 1);
    assert.match(
      await shown(page.locator(".topology .legend")),
      /tenant network 20\.20\.1\.0\/24: port on w2/,
    );
    assert.deepEqual([errors, await violationsOn(page)], [[], []]);
  });

  // Contrast depends on the colours alone, and the rest on the width.
  for (const [viewport, colorScheme] of [
    [WIDE, "light"],
    [NARROW, "dark"],
  ] as const) {
    it(`has enough contrast, and a name for everything, at ${viewport.width} pixels, ${colorScheme}`, async () => {
      const { page } = await browser.open(all, { viewport, colorScheme, reducedMotion: "reduce" });
      for (const one of await page.locator("summary").all()) await one.click();
      await page.locator(".captured button").click();
      await page.getByRole("button", { name: "last hop" }).click();
      assert.deepEqual(await violationsOn(page), []);
      const width = await page.evaluate<number>("document.documentElement.scrollWidth");
      assert.equal(width, viewport.width, "the page itself must not scroll sideways");
    });
  }

  it("prints everything on white, without what only a screen has", async () => {
    const { page } = await browser.open(predicted, { colorScheme: "dark" });
    await page.emulateMedia({ media: "print" });
    await page.evaluate("dispatchEvent(new Event('beforeprint'))");
    assert.equal(
      await page.evaluate<string>("getComputedStyle(document.body).backgroundColor"),
      "rgb(255, 255, 255)",
    );
    assert.equal(await page.locator(".player").isVisible(), false);
    assert.equal(await page.locator("details:not([open])").count(), 0);
    assert.ok((await page.pdf()).length > 10_000);
  });

  it("is readable text where no scripts run", async () => {
    const { page } = await browser.open(predicted, { javaScriptEnabled: false });
    assert.match(await shown(page.locator("body")), /None on the aws fabric, 4 nodes: 8 of 13 paths fail/);
  });

  it("holds a hundred nodes, one row for each", async () => {
    const nodes = Array.from({ length: 100 }, (_, i) => `node${i}`);
    const html = await pageOf(reportOf({ topology: [{ name: "a", cidr: "10.0.0.0/24", nodes }] }));
    assert.ok(html.length < 1_000_000, `${html.length} bytes`);
    const { page, errors } = await browser.open(html);
    assert.equal(await page.locator(".cell").count(), 100 * 99);
    assert.deepEqual(errors, []);
  });

  it("runs no text of a lab as code", async () => {
    const report = reportOf({});
    report.notes.push(
      "</script><script>document.title = 'taken'</script><img src=x onerror=\"document.title='taken'\">",
    );
    const { page, errors, requests } = await browser.open(await pageOf(report));
    assert.match(await page.title(), /^L0: /);
    assert.deepEqual([errors, requests], [[], []]);
    assert.match(await shown(page.locator("main")), /<\/script><script>document\.title/);
  });
});
