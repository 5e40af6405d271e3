/** Shows a run of the engine: what it is doing now, what the program has to say, and nothing about what stays. */
import type { EngineEvent } from "./engine-events";
import { widthOf, wrap } from "./terminal";

/** Which of the program's messages are shown: verdict and observation are information. Errors always are. */
export interface Shown {
  /** Every message and every resource, also if nothing changes. */
  verbose: boolean;
  /** Information, once something changes. */
  information: boolean;
  /** Warnings, such as a path that fails without a fault. */
  warnings: boolean;
  /** Nothing but errors. */
  quiet?: boolean;
}

/** How often a run without a terminal says what takes so long, in ms. */
const HEARTBEAT = 30_000;

/** How an operation of the engine reads as a participle and as done. */
const WORDS: { [operation: string]: readonly [string, string] | undefined } = {
  create: ["creating", "created"],
  update: ["updating", "updated"],
  delete: ["deleting", "deleted"],
  "delete-replaced": ["deleting", "deleted"],
  "create-replacement": ["replacing", "replaced"],
};

/** The display of one run. On a terminal the progress is one line, which is erased in the end. */
export class Progress {
  /** Whether anything was changed. */
  changed = false;
  private readonly running = new Map<string, string>();
  private readonly held: string[] = [];
  private readonly said = new Set<string>();
  private readonly started = Date.now();
  private readonly onTerminal = process.stderr.isTTY === true;
  private count = 0;
  private clock?: NodeJS.Timeout;

  constructor(private readonly shown: Shown) {}

  /** Starts the clock of the progress line. */
  start(): this {
    this.clock = setInterval(() => this.tick(), this.onTerminal ? 1000 : HEARTBEAT);
    return this;
  }

  take(event: EngineEvent | undefined): void {
    if (!event) return;
    if (event.kind === "message") this.message(event);
    else if (event.kind === "line") {
      if (!this.shown.quiet) this.write(event.text, process.stdout);
    } else if (event.kind === "summary") this.changed = event.changed > 0;
    else this.operation(event);
    this.draw();
  }

  /** Erases the progress line. */
  end(): void {
    clearInterval(this.clock);
    this.running.clear();
    this.erase();
  }

  private message({ severity, text, passing }: Extract<EngineEvent, { kind: "message" }>): void {
    if (text === "" || (this.shown.quiet && severity !== "error")) return;
    if (severity === "info") this.information(text, passing);
    else if (severity === "warning" && !this.shown.warnings && !this.shown.verbose) return;
    else if (!this.said.has(text)) {
      // The engine reports a failure once for the resource and once more for the program.
      this.said.add(text);
      this.write(text.startsWith(`${severity}: `) ? text : `${severity}: ${text}`, process.stderr);
    }
  }

  private information(text: string, passing: boolean): void {
    if (this.shown.verbose) this.write(text, process.stdout);
    else if (passing || !this.shown.information) return;
    // The program speaks before the engine knows whether anything changes.
    else if (!this.changed) this.held.push(text);
    else this.write(text, process.stdout);
  }

  private operation(event: Extract<EngineEvent, { operation: string }>): void {
    this.changed = true;
    for (const text of this.held.splice(0)) this.write(text, process.stdout);
    // A component says nothing that its resources do not say, unless it fails.
    if (event.component && event.kind !== "failed") return;
    const { kind, operation, resource } = event;
    const [doing, done] = WORDS[operation] ?? [operation, operation];
    if (kind === "begins") {
      this.running.set(resource, `${doing} ${resource}`);
      return;
    }
    this.running.delete(resource);
    this.count += 1;
    const failed = kind === "failed";
    if (failed || (!this.shown.quiet && (this.shown.verbose || !this.onTerminal)))
      this.write(`  ${failed ? `failed: ${doing}` : done} ${resource}`, process.stderr);
  }

  private write(text: string, stream: NodeJS.WriteStream): void {
    this.erase();
    stream.write(`${wrap(text, widthOf(stream))}\n`);
  }

  private tick(): void {
    if (this.onTerminal) this.draw();
    else if (this.running.size > 0) process.stderr.write(`${this.line()}\n`);
  }

  private draw(): void {
    if (this.onTerminal && this.running.size > 0) process.stderr.write(`\r\x1b[K${this.line()}`);
  }

  private erase(): void {
    if (this.onTerminal) process.stderr.write("\r\x1b[K");
  }

  private line(): string {
    const seconds = Math.round((Date.now() - this.started) / 1000);
    const text = `${seconds} s, ${this.count} done, ${[...this.running.values()].reverse().join(", ")}`;
    const room = widthOf(process.stderr) - 1;
    return text.length > room ? `${text.slice(0, room - 1)}…` : text;
  }
}
