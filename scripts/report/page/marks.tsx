/** Signs that do not rely on colour alone. */

/** What a sign stands for. `partly`: some probes work and others do not. */
export type Mark = "works" | "fails" | "partly" | "differs" | "unknown";

const SHAPES: Record<Mark, preact.JSX.Element> = {
  works: <path d="M3.5 8.5l3 3 6-7" />,
  fails: <path d="M4 4l8 8M12 4l-8 8" />,
  partly: <path d="M3 8h10" />,
  differs: <path d="M3 6h10M3 10h10M11 3L5 13" />,
  unknown: <path d="M5.5 6a2.5 2.5 0 1 1 3.5 2.3c-.8.4-1 .9-1 1.7M8 12.5v.2" />,
};

/** A sign. It is named by the text beside it, or by its button. */
export function Sign({ mark, size = 16 }: { mark: Mark; size?: number }) {
  return (
    <svg class={`sign ${mark}`} viewBox="0 0 16 16" width={size} height={size} aria-hidden="true">
      {SHAPES[mark]}
    </svg>
  );
}

/** One sign for several probes. */
export function markOf(outcomes: readonly ("works" | "fails")[]): Mark {
  if (outcomes.every((one) => one === "works")) return "works";
  return outcomes.every((one) => one === "fails") ? "fails" : "partly";
}

/** What a sign says in a sentence. */
export const WORDS: Record<Mark, string> = {
  works: "works",
  fails: "fails",
  partly: "works in part",
  differs: "not as predicted",
  unknown: "not known",
};
