// The live page in a real browser, beside a real lab on the twin.
import assert from "node:assert/strict";
import { once } from "node:events";
import { type IncomingMessage, request } from "node:http";
import type { Locator, Page } from "playwright-core";
import { WebSocket } from "ws";
import { BrowserUnderTest, violationsOn } from "../../../support/browser";
import { CliCheckout } from "../../../support/cli-checkout";
import { mentions, until } from "../../../support/sandbox";

const TOPOLOGY = [
  { name: "a", cidr: "10.0.3.0/24", nodes: ["cp1", "w1"] },
  { name: "b", cidr: "10.0.4.0/24", nodes: ["w2"] },
];

describe("lab ui", function () {
  this.timeout(120_000);
  let browser: BrowserUnderTest;
  let checkout: CliCheckout;
  let address: URL;
  let pid: number;
  let ended: Promise<{ status: number | null; stderr: string }>;
  let page: Page;
  let errors: string[];
  let addresses: string[];

  before(async function () {
    browser = await BrowserUnderTest.start(this);
    checkout = new CliCheckout();
    const config = ["encapsulation=VXLAN", `topology=${JSON.stringify(TOPOLOGY)}`];
    const up = await checkout.lab("up", "local", "--config", ...config);
    assert.equal(up.status, 0, up.stderr);
    const shown = new Promise<string>((resolve) => {
      ended = checkout.start("bash", ["scripts/lab", "ui"], (stdout, own) => {
        pid = own;
        if (stdout.includes("\n")) resolve(stdout);
      });
    });
    address = new URL(/^local: (http:\S+)\n$/.exec(await shown)?.[1] ?? assert.fail(await shown));
    ({ page, errors, requests: addresses } = await browser.goTo(address.href));
    await page.locator(".topology").waitFor();
  });
  after(async () => {
    await checkout?.lab("down", "local");
    checkout?.remove();
    await browser?.close();
  });

  /** Answer to a request as any program can send it. */
  const ask = async (path: string, headers: Record<string, string> = {}): Promise<number> => {
    const { hostname: host, port } = address;
    const sent = request({ host, port, path, headers }).end();
    const [answer, socket] = await Promise.race([once(sent, "response"), once(sent, "upgrade")]);
    socket?.destroy();
    (answer as IncomingMessage).resume();
    return (answer as IncomingMessage).statusCode ?? 0;
  };
  const asSocket = (more: Record<string, string>) => ({
    connection: "Upgrade",
    upgrade: "websocket",
    "sec-websocket-version": "13",
    "sec-websocket-key": "dGhlIHNhbXBsZSBub25jZQ==",
    ...more,
  });
  // biome-ignore lint/performance/useDomNodeTextContent: hidden text is none that is shown
  const shown = (element: Locator): Promise<string> => element.innerText();
  const heading = () => shown(page.locator("h1"));
  const terminal = () => page.locator(".shell:not([hidden]) .xterm-rows");

  it("is on loopback alone, with a token that no process's arguments or environment have", async () => {
    assert.equal(address.hostname, "127.0.0.1");
    const token = address.searchParams.get("token") ?? "";
    assert.match(token, /^[\w-]{32}$/);
    assert.deepEqual(mentions(token), []);
    assert.match(await page.title(), /^local: VXLAN/);
    assert.equal(await heading(), "local VXLAN on the plain fabric");
    assert.match(await shown(page.locator(".answers")), /All 13 paths work\.\s+Observed\s+As predicted/);
  });

  it("refuses who has no token, and who comes from elsewhere, with page and sockets", async () => {
    const { search } = address;
    const own = { origin: address.origin };
    assert.equal(await ask(`/${search}`), 200);
    assert.equal(await ask("/"), 403);
    assert.equal(await ask("/?token=x"), 403);
    assert.equal(await ask(`/${search}`, { host: `evil.example:${address.port}` }), 403);
    assert.equal(await ask(`/${search}`, { origin: "http://evil.example" }), 403);
    assert.equal(await ask(`/other${search}`), 404);
    for (const path of ["/live", "/shell"]) {
      assert.equal(await ask(path + search, asSocket(own)), 101);
      assert.equal(await ask(path, asSocket(own)), 403);
      assert.equal(await ask(path + search, asSocket({ origin: "http://evil.example" })), 403);
      assert.equal(await ask(path + search, asSocket({ ...own, host: "evil.example" })), 403);
      assert.equal(await ask(path + search, asSocket({})), 403);
    }
    // A page of another origin cannot read the answer, even with the token.
    const other = await browser.open("<!doctype html><title>other</title>");
    const read = await other.page.evaluate(
      (url) =>
        fetch(url).then(
          () => "read",
          () => "not read",
        ),
      address.href,
    );
    assert.equal(read, "not read");
  });

  it("opens no shell where the lab has none, and closes one whose page talks nonsense", async () => {
    const socketTo = (place: string) => {
      const url = new URL(`/shell${address.search}&rows=24&columns=80&place=${place}`, address);
      return new WebSocket(url.href.replace("http", "ws"), { origin: address.origin });
    };
    const [told] = await once(socketTo("..%2Fw1"), "message");
    assert.deepEqual(JSON.parse(`${told}`), {
      refused: 'No shell on ../w1: There is no "../w1" in the lab local.',
    });
    const socket = socketTo("w1");
    await once(socket, "message");
    for (const text of ["{", "null"]) socket.send(text);
    const [code] = await once(socket, "close");
    assert.equal(code, 1003);
  });

  it("opens a shell on a node, and leaves it by the keyboard", async () => {
    await page.getByRole("button", { name: "w1", exact: true }).click();
    await terminal().filter({ hasText: "root@w1" }).waitFor();
    await page.keyboard.type("ip route\n");
    await terminal()
      .filter({ hasText: /blackhole 172\.16\.0\.64\/26/ })
      .waitFor();
    assert.match(await shown(terminal()), /172\.16\.0\.128\/26 via 172\.16\.0\.128 dev vxlan\.calico/);
    // The shell has the size that is seen.
    await page.keyboard.type("clear; stty size\n");
    await terminal()
      .filter({ hasText: /^\d+ \d+/m })
      .waitFor();
    const [, rows] = /^(\d+) \d+/m.exec(await shown(terminal())) ?? [];
    assert.equal(Number(rows), await page.locator(".shell:not([hidden]) .xterm-rows > div").count());
    await page.keyboard.press("Shift+Tab");
    assert.equal(await page.evaluate("document.activeElement.closest('.xterm') === null"), true);
  });

  it("opens one on a pod, and closes it when it is left", async () => {
    await page.getByRole("combobox", { name: "Open a shell on" }).selectOption("w2-1");
    await terminal().filter({ hasText: "root@w2-1" }).waitFor();
    await page.keyboard.type("false\nexit\n");
    await page.getByRole("button", { name: "Close w2-1" }).waitFor({ state: "detached" });
    assert.equal(await page.getByRole("button", { name: "Close w1" }).count(), 1);
  });

  it("follows a switch beside it: what runs, and then the verdict and the observation, without a reload", async () => {
    await page.evaluate("globalThis.isSame = true");
    const seen = new Set<string>();
    await page.exposeFunction("note", (news: string) => seen.add(news));
    await page.evaluate(() => {
      const { document, note, MutationObserver } = globalThis as unknown as {
        document: { querySelector(name: string): { textContent: string } };
        note(news: string): void;
        MutationObserver: new (call: () => void) => { observe(element: object, what: object): void };
      };
      const news = document.querySelector(".news");
      const what = { subtree: true, childList: true, characterData: true };
      new MutationObserver(() => note(news.textContent)).observe(news, what);
    });
    const { status, stderr } = await checkout.lab("switch", "None", "--yes");
    assert.equal(status, 0, stderr);
    await page.locator("h1", { hasText: "None" }).waitFor();
    await page.locator("#switch").waitFor();
    assert.equal(await shown(page.locator("#switch")), "The switch from VXLAN to None");
    assert.match(await shown(page.locator(".answers")), /4 of 13 paths fail\.\s+Observed\s+As predicted/);
    assert.equal(await shown(page.locator(".stops .chosen button")), "None\nthis lab");
    const news = [...seen].join("\n");
    assert.match(news, /being switched from VXLAN to None\. Predicted then: 4 of 13 paths fail\./);
    assert.match(news, /updating Node w1/);
    assert.match(news, /measuring/);
    assert.match(await shown(page.locator(".news")), /^Live: /);
    assert.equal(await page.evaluate("globalThis.isSame"), true);
    // The shell has lived on.
    await page.locator(".shell:not([hidden]) textarea").focus();
    await page.keyboard.type("clear; ip route\n");
    await terminal()
      .filter({ hasText: /172\.16\.0\.128\/26 via 10\.0\.3\.1 dev eth0/ })
      .waitFor();
    assert.deepEqual(errors, []);
  });

  for (const [width, scheme] of [
    [1280, "light"],
    [390, "dark"],
  ] as const)
    it(`has enough contrast, and a name for everything, at ${width} pixels, ${scheme}`, async () => {
      await page.setViewportSize({ width, height: 860 });
      await page.emulateMedia({ colorScheme: scheme, reducedMotion: "reduce" });
      assert.deepEqual(await violationsOn(page), []);
      assert.equal(await page.evaluate("document.documentElement.scrollWidth"), width);
    });

  it("sends requests to its own server only", () => {
    assert.ok(addresses.length >= 3, addresses.join());
    for (const one of addresses)
      assert.match(one, new RegExp(`^(http|ws)://127\\.0\\.0\\.1:${address.port}/`));
  });

  it("ends at Ctrl-C, and every shell with it, and the page says so", async () => {
    const shells = () => mentions("terminal.py").filter((line) => line.includes(checkout.folder));
    assert.equal(shells().length, 1);
    process.kill(pid, "SIGINT");
    const { status, stderr } = await ended;
    assert.deepEqual([status, stderr], [0, "Ctrl-C ends the server and every shell of the page.\n"]);
    await until(() => shells().length === 0);
    await page.locator(".news.ended", { hasText: "The server has ended" }).waitFor();
  });
});
