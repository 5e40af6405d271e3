/** An exit code that travels at the end of a program's output, where there is no other way for it. */
import { randomUUID } from "node:crypto";

/** Lets output pass as it comes, holds back what may be the trailer, and reads the exit code from it. */
export class Trailer {
  readonly marker = randomUUID();
  /** The exit code; undefined when the output ended without one. */
  status?: number;
  private held = Buffer.alloc(0);
  /** A line feed, the marker, a blank, an exit code of up to three digits, a line feed. */
  private readonly length = this.marker.length + 6;

  /** What of the output so far can be shown. */
  take(chunk: Buffer): Buffer {
    const all = Buffer.concat([this.held, chunk]);
    const keep = Math.min(all.length, this.length);
    this.held = all.subarray(all.length - keep);
    // Only from a line feed on can it be the trailer: a prompt or a packet is not held back for it.
    const start = this.held.indexOf("\n");
    const free = start < 0 ? keep : this.mayStart(start);
    this.held = this.held.subarray(free);
    return all.subarray(0, all.length - keep + free);
  }

  /** What is left to show once the output has ended. */
  rest(): Buffer {
    const text = this.held.toString("latin1");
    const found = new RegExp(`\\n${this.marker} (\\d{1,3})\\n$`).exec(text);
    if (!found) return this.held;
    this.status = Number(found[1]);
    return this.held.subarray(0, found.index);
  }

  /** The first line feed after which everything held agrees with the marker. */
  private mayStart(from: number): number {
    for (let at = from; at >= 0; at = this.held.indexOf("\n", at + 1)) {
      const after = this.held.subarray(at + 1).toString("latin1");
      const wanted = `${this.marker} `;
      if (wanted.startsWith(after.slice(0, wanted.length))) return at;
    }
    return this.held.length;
  }
}
