/** Shortens an error of the OpenStack provider to one sentence. */
import { reasonOf } from "./api";

/** Maximum length of the sentence. */
const MAX_LENGTH = 300;

/**
 * The provider's message without function names, list marks, and the name of the client that it was creating. Of a raw HTTP
 * answer (gophercloud, ErrUnexpectedResponseCode), only status and reason remain.
 */
export function providerSentence({ message }: Error): string {
  const text = message.replace(/\s+/g, " ").replace(/^.*(errors? occurred:|returned an error:)/, "");
  const sentence = text.replace(/^[\s*]+|[\s*]+$/g, "").replace(/^Error creating OpenStack \w+ client: /, "");
  return withoutAnswer(sentence).slice(0, MAX_LENGTH);
}

/** Whether OpenStack has refused the login itself. */
export const isRefusedLogin = ({ message }: Error): boolean =>
  /status 401|but got 401 instead|Authentication failed|requires authentication/.test(message);

/** `Expected HTTP response code [200] when accessing [GET https://…], but got 401 instead: {"error": {…}}`. */
function withoutAnswer(sentence: string): string {
  const [, status, answer = ""] =
    /Expected HTTP response code .*?but got (\d+) instead:? ?(.*)$/.exec(sentence) ?? [];
  if (status === undefined) return sentence;
  return `status ${status}${reasonOf(parsed(answer))}`;
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined; // a proxy's page; the status says enough
  }
}
