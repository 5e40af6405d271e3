/** What a terminal shows. */
import type { Terminal } from "../../components/remote";

/** Collects what a terminal shows from now on. @returns gives all of it so far. */
export function shownBy({ output }: Terminal): () => string {
  let text = "";
  output.on("data", (part: Buffer) => {
    text += part;
  });
  return () => text;
}
