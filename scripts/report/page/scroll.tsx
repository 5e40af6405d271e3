/** What may be wider than the screen. */
import type { ComponentChildren } from "preact";

/** A part that scrolls by itself. The keyboard must reach it, or its right side could not be seen without a mouse. */
export const Scroll = ({ label, children }: { label: string; children: ComponentChildren }) => (
  // biome-ignore lint/a11y/noNoninteractiveTabindex: see above; axe-core asks for it (scrollable-region-focusable)
  <section class="scroll" aria-label={label} tabIndex={0}>
    {children}
  </section>
);
