/** The error of an import. */
import type { Problem } from "./source";

/** The facts make no lab. */
export class ImportError extends Error {
  override readonly name = "ImportError";
  /** @param problems what is wrong in the input, if it is in one place. */
  constructor(
    message: string,
    readonly problems: readonly Problem[] = [],
  ) {
    super(message);
  }
}
