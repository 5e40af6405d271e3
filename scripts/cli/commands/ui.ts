/** `lab ui`: the report's page, live, with shells, from a server on this machine. */
import type { Command } from "commander";
import { command, endsWith, type LabOptions, named, STACK, stackOption } from "../command";
import { findLabOrDefault, type Named } from "../labs";
import { print, say } from "../terminal";

interface Options extends LabOptions {
  open?: boolean;
}

export const ui = (): Command =>
  command("ui", {
    summary: "the report's page in your browser, live, with a shell per node",
    details:
      "Prints the address of a page that shows what `report` shows, and follows the lab: what a `switch` or an `up` does now, and what was measured after it. A shell can be opened in each node, and on the twin in each pod, the router, the internet and the fabric. The page is served on 127.0.0.1 only, and only under the address with its token, which is another one each time: the address alone makes its reader root in the lab. Ctrl-C ends the server and every shell.",
    examples: ["ui", "ui L9 --open"],
  })
    .argument(STACK[0], `${STACK[1]}, else local`)
    .addOption(stackOption())
    .option("--open", "open the page in your browser")
    .action(endsWith((stack: string | undefined, options: Options) => show(named(stack, options), options)));

async function show(which: Named, { open }: Options): Promise<number> {
  const stack = await findLabOrDefault(which);
  const { livePage } = require("../report-page") as typeof import("../report-page");
  const { serve } = require("../ui/server") as typeof import("../ui/server");
  const { address, close } = await serve(stack, await livePage(stack));
  print(`${stack}: ${address}`);
  say("Ctrl-C ends the server and every shell of the page.");
  const { openPage } = require("../ui/browser") as typeof import("../ui/browser");
  const opened = open
    ? openPage(address, (reason) => say(`No browser was opened (${reason}): open the address above.`))
    : undefined;
  await interrupted();
  opened?.forget();
  await close();
  return 0;
}

/** Until the user ends the command, or closes its terminal. */
const interrupted = (): Promise<void> =>
  new Promise((resolve) => {
    for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.once(signal, () => resolve());
  });
