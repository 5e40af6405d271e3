/** A real browser for tests: Debian's Chromium, which the set-up installs as it does other tools. */
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import axe, { type AxeResults } from "axe-core";
import type { Context } from "mocha";
import { type Browser, type BrowserContextOptions, chromium, type Page } from "playwright-core";
import { needTools } from "./tools";

/** A page that was opened from a file, and what it did besides. */
export interface Opened {
  page: Page;
  /** Every request, but the one for the file itself. The list grows. */
  requests: string[];
  /** Errors of scripts and of the console. */
  errors: string[];
}

/** A browser with files of its own. */
export class BrowserUnderTest {
  private readonly folder = mkdtempSync(join(tmpdir(), "encaplab-page-"));
  private constructor(private readonly browser: Browser) {}

  /** Starts the browser, and installs it first where that is possible. Skips the suite where it is not. */
  static async start(context: Context): Promise<BrowserUnderTest> {
    needTools(context, "browser");
    const found = spawnSync("bash", ["-c", "type -P chromium || type -P chromium-browser"], {
      encoding: "utf8",
    });
    return new BrowserUnderTest(await chromium.launch({ executablePath: found.stdout.trim() }));
  }

  async close(): Promise<void> {
    await this.browser.close();
    rmSync(this.folder, { recursive: true, force: true });
  }

  /**
   * Opens a page from a file.
   * @param options of the window: size, colours, whether scripts run.
   * @param hash what stands behind the file's name in the address.
   */
  async open(html: string, options: BrowserContextOptions = {}, hash = ""): Promise<Opened> {
    const file = join(this.folder, "lab.html");
    writeFileSync(file, html);
    const address = pathToFileURL(file).href + hash;
    return this.visit(address, options, (url) => url !== address);
  }

  /** Opens an address. Its requests are all that it makes, with its own and with those that open sockets. */
  goTo = (address: string, options: BrowserContextOptions = {}): Promise<Opened> =>
    this.visit(address, options, () => true);

  private async visit(
    address: string,
    options: BrowserContextOptions,
    counts: (url: string) => boolean,
  ): Promise<Opened> {
    const context = await this.browser.newContext({ viewport: { width: 1280, height: 900 }, ...options });
    const page = await context.newPage();
    const [requests, errors]: [string[], string[]] = [[], []];
    context.on("request", (request) => {
      const url = request.url();
      if (counts(url) && !url.startsWith("data:")) requests.push(url);
    });
    page.on("websocket", (socket) => requests.push(socket.url()));
    page.on("pageerror", ({ message }) => errors.push(message));
    page.on("console", (message) => {
      if (message.type() === "error") errors.push(message.text());
    });
    await page.goto(address);
    return { page, requests, errors };
  }
}

/** What axe-core finds wrong with a page as it is shown now. @throws {Error} when it could not judge the contrast. */
export async function violationsOn(page: Page): Promise<string[]> {
  await page.evaluate(axe.source);
  const { violations, passes } = await page.evaluate(() =>
    (globalThis as unknown as { axe: { run(): Promise<AxeResults> } }).axe.run(),
  );
  if (!passes.some(({ id }) => id === "color-contrast")) throw new Error("no contrast was judged");
  return violations.flatMap(({ id, nodes }) => nodes.map(({ html }) => `${id}: ${html.slice(0, 200)}`));
}
