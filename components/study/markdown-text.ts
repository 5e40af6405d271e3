/** Pieces of GitHub's Markdown, for all that is written into issues, pull requests and the summaries of CI. */

/** Text in which Markdown and HTML find nothing to interpret. Line breaks become blanks. */
export const plain = (text: string): string =>
  text
    .replace(/[\\`*_[\]|#~]/g, "\\$&")
    .replace(/</g, "&lt;")
    .replace(/\n/g, " ");

/** A list of texts, each made {@link plain}. */
export const list = (texts: readonly string[]): string => texts.map((text) => `- ${plain(text)}`).join("\n");

/** A table. Its cells are Markdown: make text {@link plain} first. */
export const table = (heads: readonly string[], rows: readonly (readonly string[])[]): string =>
  [heads, heads.map(() => "---"), ...rows].map((cells) => `| ${cells.join(" | ")} |`).join("\n");

/** Text as it is, in a block that is folded away. */
export const folded = (title: string, text: string): string =>
  `<details><summary>${title}</summary>\n\n\`\`\`text\n${text.replace(/```/g, "'''")}\n\`\`\`\n\n</details>`;
