/** Ctrl-C during work that must be brought to an end in good order. */

/** The user has interrupted the work. */
export class Interrupted extends Error {
  override readonly name = "Interrupted";
}

const SIGNALS = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

/** Holds the signals that would end this process, from its creation to {@link end}. */
export class Interruption {
  private isOver = false;
  private tell: () => void = () => {};
  private readonly told: Promise<void>;
  private readonly note = () => {
    this.isOver = true;
    this.tell();
  };

  constructor() {
    this.told = new Promise((resolve) => {
      this.tell = resolve;
    });
    for (const signal of SIGNALS) process.on(signal, this.note);
  }

  /** @throws {Interrupted} once there was a signal. */
  check(): void {
    if (this.isOver) throw new Interrupted();
  }

  /** What the work comes to. @throws {Interrupted} at a signal, also where the signal has made the work fail. */
  async race<T>(work: Promise<T>): Promise<T> {
    try {
      return await Promise.race([
        work,
        this.told.then((): never => {
          throw new Interrupted();
        }),
      ]);
    } catch (error) {
      work.catch(() => {});
      this.check();
      throw error;
    }
  }

  /** Signals end this process again. */
  end(): void {
    for (const signal of SIGNALS) process.off(signal, this.note);
  }
}
