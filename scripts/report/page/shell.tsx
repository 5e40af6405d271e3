/** One terminal: xterm.js here, a shell in the lab on the server's side. */
import "@xterm/xterm/css/xterm.css";
import { FitAddon } from "@xterm/addon-fit";
import { Terminal } from "@xterm/xterm";
import { useEffect, useRef } from "preact/hooks";
import type { ShellNews, ShellWish } from "../../cli/ui/messages";
import { socketTo } from "./socket";

/** How many bytes are drawn before the server is told. It holds the shell where it hears nothing. */
const TOLD = 64 * 1024;

/** The same in light and in dark, as most terminals are. Each colour of text has a contrast of 4.5 on it, or is made to. */
const THEME = {
  background: "#11151d",
  foreground: "#e7eaf2",
  cursor: "#9db4ff",
  selectionBackground: "#3a4a7a",
};

/** Exit codes of a shell that was ended from outside, by SIGHUP, SIGKILL or SIGTERM: the lab has gone down, or the node. */
const KILLED = [129, 137, 143];

interface Props {
  id: string;
  title: string;
  place: string;
  isShown: boolean;
  /** The user has left the shell. One that ends in another way stays to be read. */
  onExit: () => void;
}

/** A shell, from the moment it is drawn to the moment it is taken away. */
export function Shell({ id, title, place, isShown, onExit }: Props) {
  const frame = useRef<HTMLDivElement>(null);
  const focus = useRef<() => void>(undefined);
  const exit = useRef(onExit);
  exit.current = onExit;
  useEffect(() => {
    if (!frame.current) return;
    const terminal = openIn(frame.current, place, () => exit.current());
    focus.current = terminal.focus;
    return terminal.close;
  }, [place]);
  useEffect(() => {
    if (isShown) focus.current?.();
  }, [isShown]);
  return (
    <div id={id} class="shell" hidden={!isShown}>
      <section class="screen" ref={frame} aria-label={`Shell on ${title}`} />
      <p>Shift+Tab leaves the terminal.</p>
    </div>
  );
}

function openIn(frame: HTMLElement, place: string, onExit: () => void) {
  const terminal = new Terminal({
    theme: THEME,
    minimumContrastRatio: 4.5,
    fontFamily: getComputedStyle(frame).getPropertyValue("--mono"),
    fontSize: 13,
    cursorBlink: !matchMedia("(prefers-reduced-motion: reduce)").matches,
    screenReaderMode: true,
    scrollback: 5000,
  });
  const fit = new FitAddon();
  terminal.loadAddon(fit);
  terminal.open(frame);
  fit.fit();
  // A terminal takes every key, so that the keyboard alone could not leave it.
  terminal.attachCustomKeyEventHandler(({ key, shiftKey }) => !(key === "Tab" && shiftKey));

  const socket = socketTo("/shell", { place, rows: `${terminal.rows}`, columns: `${terminal.cols}` });
  socket.binaryType = "arraybuffer";
  const isOpen = () => socket.readyState === WebSocket.OPEN;
  const wish = (one: ShellWish) => {
    if (isOpen()) socket.send(JSON.stringify(one));
  };
  const type = (bytes: Uint8Array<ArrayBuffer>) => {
    if (isOpen()) socket.send(bytes);
  };
  let [drawn, isEnded, isUsed] = [0, false, false];
  const end = (sentence: string) => {
    if (!isEnded) terminal.write(`\r\n\x1b[2m${sentence}\x1b[0m\r\n`);
    isEnded = true;
  };
  socket.onmessage = ({ data }: MessageEvent<ArrayBuffer | string>) => {
    if (typeof data === "string") {
      const news = JSON.parse(data) as ShellNews;
      // `exit` has the code of the last command. What ends by itself or from outside has something to say.
      if ("ended" in news && isUsed && !KILLED.includes(news.ended)) return onExit();
      return end("refused" in news ? news.refused : `The shell has ended with exit code ${news.ended}.`);
    }
    terminal.write(new Uint8Array(data), () => {
      drawn += data.byteLength;
      if (drawn < TOLD) return;
      wish({ drawn });
      drawn = 0;
    });
  };
  socket.onclose = () => end("The connection to the server has ended.");
  const typed = terminal.onData((text) => {
    isUsed = true;
    type(new TextEncoder().encode(text));
  });
  // Reports of the mouse are bytes and no text.
  const reports = terminal.onBinary((text) => type(Uint8Array.from(text, (one) => one.charCodeAt(0))));
  const sizes = terminal.onResize(({ rows, cols }) => wish({ rows, columns: cols }));
  const observer = new ResizeObserver(() => {
    // Hidden, it has no size that a shell could use.
    if (frame.offsetParent) fit.fit();
  });
  observer.observe(frame);
  return {
    focus: () => terminal.focus(),
    close: () => {
      observer.disconnect();
      socket.onclose = null;
      socket.close();
      for (const one of [typed, reports, sizes, terminal]) one.dispose();
    },
  };
}
