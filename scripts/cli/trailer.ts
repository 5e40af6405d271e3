/** An exit code at the end of a program's output, for programs whose exit code cannot be read otherwise. */
import { randomUUID } from "node:crypto";

/** Passes output on as it comes, holds back what may be the trailer, and reads the exit code from the trailer. */
export class Trailer {
  readonly marker = randomUUID();
  /** The exit code; undefined when the output ended without one. */
  status?: number;
  private held = Buffer.alloc(0);
  /** Longest trailer: a line feed, the marker, a space, an exit code of up to three digits, a line feed. */
  private readonly length = this.marker.length + 6;

  /** Takes the next output and returns what can be shown by now. */
  take(chunk: Buffer): Buffer {
    const all = Buffer.concat([this.held, chunk]);
    const keep = Math.min(all.length, this.length);
    this.held = all.subarray(all.length - keep);
    // The trailer begins with a line feed, so do not hold back a prompt or a packet without one.
    const start = this.held.indexOf("\n");
    const free = start < 0 ? keep : this.mayStart(start);
    this.held = this.held.subarray(free);
    return all.subarray(0, all.length - keep + free);
  }

  /** Returns what is left to show when the output has ended. */
  rest(): Buffer {
    const text = this.held.toString("latin1");
    const found = new RegExp(`\\n${this.marker} (\\d{1,3})\\n$`).exec(text);
    if (!found) return this.held;
    this.status = Number(found[1]);
    return this.held.subarray(0, found.index);
  }

  /** The first line feed after which everything that is held back matches the marker. */
  private mayStart(from: number): number {
    for (let at = from; at >= 0; at = this.held.indexOf("\n", at + 1)) {
      const after = this.held.subarray(at + 1).toString("latin1");
      const wanted = `${this.marker} `;
      if (wanted.startsWith(after.slice(0, wanted.length))) return at;
    }
    return this.held.length;
  }
}
