/** What OpenStack's provider says when something goes wrong, as one sentence. */

/** Enough to tell what it was. */
const MAX_LENGTH = 300;

/** A provider's words without the names of functions and the lists around them. */
export function providerSentence({ message }: Error): string {
  const text = message.replace(/\s+/g, " ").replace(/^.*(errors? occurred:|returned an error:)/, "");
  return text.replace(/^[\s*]+|[\s*]+$/g, "").slice(0, MAX_LENGTH);
}
