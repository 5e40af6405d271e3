/** A server that cannot be reached is not the fault of the config, and must not read as one. */
import { RunError } from "@pulumi/pulumi";

/** What Node says when a connection fails, by `error.code` (Node's errors, and undici's for `fetch`). */
const CODES =
  /^(E(AI_AGAIN|CONN(REFUSED|RESET|ABORTED)|HOSTUNREACH|NET(DOWN|UNREACH)|NOTFOUND|PIPE|TIMEDOUT)|UND_ERR_.*)$/;

/**
 * The error to show when a request has failed because of the network: one sentence, without a stack trace.
 * @param way what the user can do without a network, as the end of the sentence.
 * @returns undefined when the server was reached: something else is wrong then.
 */
export function unreachable(url: string, error: Error, way: string): RunError | undefined {
  const cause = (error.cause ?? error) as NodeJS.ErrnoException;
  const timedOut = /^(Timeout|Abort)Error$/.test(error.name);
  if (!timedOut && !CODES.test(cause.code ?? "")) return undefined;
  const why = timedOut ? "it does not answer" : cause.code;
  return new RunError(`no network: ${new URL(url).host} cannot be reached (${why}); ${way}`);
}
