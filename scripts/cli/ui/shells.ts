/** The shells of the page: each is a terminal on this side, and a WebSocket to xterm.js on the other. */
import type { WebSocket } from "ws";
import { openHere } from "../../../components/infrastructure/twin/sandbox";
import { RESERVED_NAMES } from "../../../components/plan";
import type { Terminal, TerminalSize } from "../../../components/remote";
import { scriptPath } from "../../../components/scripts";
import { containersOf, type Deployment, deploymentOf, runningTwin, twinOf } from "../deployment";
import { machinesOf, targetOf } from "../remote-shell";
import { prepareEngineFor } from "../setup";
import { BELOW_NODES } from "../shell";
import type { Places, ShellNews, ShellWish } from "./messages";

/** What xterm.js draws. */
const TYPE = "xterm-256color";

/** How many bytes may be on their way to a page that has not drawn them, before the shell has to wait. */
const AHEAD = 512 * 1024;

/**
 * Where shells can be opened in what is deployed. A twin has its pods, the router, the internet and the fabric, too; node
 * containers have router and fabric.
 */
export function placesIn(deployed: Deployment | undefined, isRunning: boolean): Places {
  const plan = twinOf(deployed)?.plan;
  if (!plan) {
    const nodes = machinesOf(deployed ?? {});
    const below = containersOf(deployed) === undefined ? [] : BELOW_NODES;
    return { nodes, pods: [], network: below.filter((name) => !nodes.includes(name)) };
  }
  if (!isRunning) return { nodes: [], pods: [], network: [] };
  return {
    nodes: plan.nodes.map(({ name }) => name),
    pods: plan.nodes.flatMap(({ pods }) => pods.map(({ name }) => name)),
    network: [...RESERVED_NAMES],
  };
}

/** Opens a shell as `lab shell` does. @throws {Failure} when there is no such place. */
async function open(stack: string, place: string, size: TerminalSize): Promise<Terminal> {
  const deployed = deploymentOf(stack);
  const { nodes, pods, network } = placesIn(deployed, true);
  if (![...nodes, ...pods, ...network].includes(place))
    throw new Error(`There is no "${place}" in the lab ${stack}.`);
  const kind = { ...size, type: TYPE };
  if (twinOf(deployed)) return openHere(runningTwin(stack).sandbox.shellArgv(place, TYPE), kind);
  const folder = containersOf(deployed);
  if (folder !== undefined && network.includes(place))
    return openHere(["bash", scriptPath("containers/run"), folder, "enter", place], kind);
  await prepareEngineFor(stack); // only the engine can decrypt the login
  const { openTerminal } =
    require("../../../components/remote") as typeof import("../../../components/remote");
  return openTerminal(targetOf(stack, place), kind);
}

/** Connects a shell with a page until one of the two ends. @param place as {@link Places} names it. */
export async function serveShell(
  socket: WebSocket,
  stack: string,
  place: string,
  size: TerminalSize,
): Promise<void> {
  const tell = (news: ShellNews) => socket.send(JSON.stringify(news));
  // Typed before the shell is there: it waits.
  const early: [Buffer, boolean][] = [];
  const keep = (data: Buffer, isBinary: boolean) => void early.push([data, isBinary]);
  socket.on("message", keep);
  try {
    const shell = await open(stack, place, size);
    if (socket.readyState !== socket.OPEN) return shell.end();
    const take = receiver(shell, socket);
    socket.off("message", keep);
    for (const [data, isBinary] of early) take(data, isBinary);
    socket.on("message", take);
    socket.on("close", () => shell.end());
    tell({ ended: await shell.ended });
  } catch (error) {
    tell({ refused: `No shell on ${place}: ${(error as Error).message}` });
  }
  socket.close();
}

/** Passes on what the shell shows, and holds it where the page cannot draw as fast. @returns what takes the page's messages. */
function receiver(shell: Terminal, socket: WebSocket): (data: Buffer, isBinary: boolean) => void {
  let ahead = 0;
  shell.output.on("data", (shown: Buffer) => {
    socket.send(shown);
    ahead += shown.length;
    if (ahead > AHEAD) shell.output.pause();
  });
  return (data, isBinary) => {
    if (isBinary) return void shell.input.write(data);
    const wish = wishIn(data);
    if (!wish) return socket.close(1003);
    if ("rows" in wish) return shell.resize(sizeFrom(wish));
    ahead -= Number(wish.drawn) || 0;
    if (ahead <= AHEAD) shell.output.resume();
  };
}

/** What a page has sent; undefined if it is none of our messages. */
function wishIn(data: Buffer): ShellWish | undefined {
  try {
    const wish: unknown = JSON.parse(data.toString());
    return wish && typeof wish === "object" ? (wish as ShellWish) : undefined;
  } catch {
    return undefined;
  }
}

/** A terminal's size from what the page says, which may be anything. */
export function sizeFrom({ rows, columns }: { rows: unknown; columns: unknown }): TerminalSize {
  const within = (value: unknown, usual: number) =>
    Math.min(Math.max(Math.trunc(Number(value)) || usual, 2), 1000);
  return { rows: within(rows, 24), columns: within(columns, 80) };
}
