/** What EC2 or its provider says when it cannot be asked, as one sentence that names the key to mend. */
import { ConfigError, type Problem } from "../../config";

/**
 * Waits for an answer of EC2's.
 * @param absent what to say when the answer is that there is no such thing…
 * @param sign …which is so when the provider's words match this.
 * @throws {ConfigError} whatever goes wrong.
 */
export async function asking<T>(
  region: string,
  absent: Problem,
  sign: RegExp,
  answer: Promise<T>,
): Promise<T> {
  try {
    return await answer;
  } catch (error) {
    const said = error instanceof Error ? error.message : String(error);
    throw new ConfigError([sign.test(said) ? absent : explain(region, said)]);
  }
}

/**
 * An answer, or undefined from what speaks EC2's API but does not know this question: a private cloud, a stand-in. What
 * cannot be checked beforehand is then left to the building.
 */
export function ifAnswered<T>(answer: Promise<T>): Promise<T | undefined> {
  return answer.catch((error: Error) => {
    if (
      /InvalidAction|UnknownOperation|UnsupportedOperation|not.?implemented|StatusCode: 501/i.test(
        error.message,
      )
    )
      return undefined;
    throw error;
  });
}

/** EC2's error codes (EC2 API: "Error codes for the Amazon EC2 API") and the SDK's, and what is to be done about them. */
const CAUSES: readonly [RegExp, key: string, value: "region" | "none", string][] = [
  [
    /ExpiredToken|token.{0,40}expired|RequestExpired/i,
    "aws",
    "none",
    "the AWS credentials have expired; log in again, e.g. aws sso login",
  ],
  [
    /AuthFailure|InvalidClientTokenId|SignatureDoesNotMatch|UnrecognizedClient|Invalid credentials/i,
    "aws",
    "none",
    "AWS does not accept the credentials; check AWS_PROFILE, or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, with aws sts get-caller-identity",
  ],
  [
    /no valid credential|NoCredential|failed to refresh cached credentials|no EC2 IMDS role/i,
    "aws",
    "none",
    "there are no AWS credentials; set AWS_PROFILE, or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY",
  ],
  [
    /OptInRequired/i,
    "aws.region",
    "region",
    "the account has not opted in to this region; choose another, or enable it in the AWS console",
  ],
  [
    /UnauthorizedOperation|AccessDenied|not authorized/i,
    "aws",
    "none",
    "the AWS credentials are valid, but may not ask EC2 for this; the lab needs the EC2 actions of AmazonEC2FullAccess",
  ],
  [
    /invalid AWS Region|no such host|lookup .*amazonaws|could not resolve|dial tcp/i,
    "aws.region",
    "region",
    "EC2 cannot be reached there; check the region's name and the connection",
  ],
];

function explain(region: string, said: string): Problem {
  const cause = CAUSES.find(([sign]) => sign.test(said));
  const words = ownWords(said);
  if (!cause) return { key: "aws.region", value: region, message: `EC2 could not be asked: ${words}` };
  const [, key, value, message] = cause;
  return { key, value: value === "region" ? region : undefined, message: `${message} (${words})` };
}

/**
 * The provider's words without what it wraps around them: `invoking aws:…: 1 error occurred:`, a list, and in it EC2's own
 * `api error <code>: <message>`.
 */
function ownWords(said: string): string {
  const lines = said.split("\n").map((line) => line.trim());
  const line = lines.find((text) => text.startsWith("* ")) ?? lines.find((text) => text !== "") ?? "";
  return line
    .replace(/^.*\bapi error /, "")
    .replace(/^\* /, "")
    .slice(0, 300);
}
