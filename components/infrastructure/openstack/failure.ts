/** Shortens an error of the OpenStack provider to one sentence. */

/** Maximum length of the sentence. */
const MAX_LENGTH = 300;

/** The provider's message without function names, list marks, and the name of the client that it was creating. */
export function providerSentence({ message }: Error): string {
  const text = message.replace(/\s+/g, " ").replace(/^.*(errors? occurred:|returned an error:)/, "");
  const sentence = text.replace(/^[\s*]+|[\s*]+$/g, "").replace(/^Error creating OpenStack \w+ client: /, "");
  return sentence.slice(0, MAX_LENGTH);
}
