/** What OpenStack's provider says when something goes wrong, as one sentence. */

/** Enough to tell what it was. */
const MAX_LENGTH = 300;

/** A provider's words without the names of functions, the lists around them, and what it was about to make. */
export function providerSentence({ message }: Error): string {
  const text = message.replace(/\s+/g, " ").replace(/^.*(errors? occurred:|returned an error:)/, "");
  const sentence = text.replace(/^[\s*]+|[\s*]+$/g, "").replace(/^Error creating OpenStack \w+ client: /, "");
  return sentence.slice(0, MAX_LENGTH);
}
