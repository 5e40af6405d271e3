/** How far a benchmark has come: one line on a terminal, else a line for each encapsulation. */
import { say, widthOf } from "./terminal";

export class BenchProgress {
  private readonly began = Date.now();
  private readonly onTerminal = process.stderr.isTTY === true;
  private last = "";

  /** @param done how much of the whole, from 0 to 1. */
  show(what: string, done: number): void {
    const passed = (Date.now() - this.began) / 1000;
    const left = done > 0 ? `, ${inMinutes((passed / done) * (1 - done))} left` : "";
    if (!this.onTerminal) {
      // The paths of an encapsulation follow each other within seconds.
      const [step = ""] = what.split(",");
      if (step !== this.last) say(`${step}${left}`);
      this.last = step;
      return;
    }
    const text = `${what} (${Math.round(done * 100)} %${left})`;
    process.stderr.write(`\r\x1b[K${text.slice(0, widthOf(process.stderr) - 1)}`);
  }

  /** Erases the line. */
  end(): void {
    if (this.onTerminal) process.stderr.write("\r\x1b[K");
  }
}

const inMinutes = (seconds: number): string =>
  seconds < 90 ? `${Math.round(seconds)} s` : `${Math.round(seconds / 60)} minutes`;
