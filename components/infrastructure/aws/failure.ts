/** Turns an error from EC2 or its provider into one sentence that names the config key to fix. */
import { ConfigError, type Problem } from "../../config";

/**
 * Waits for an answer from EC2.
 * @param absent the problem to report when EC2 says that the thing does not exist.
 * @param sign matches the provider's error message in that case.
 * @throws {ConfigError} on every error.
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
 * The answer, or undefined if the endpoint does not know this request: a private cloud, or a stand-in for EC2. The
 * check is then skipped, and a wrong value fails during the build.
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

/** Error codes of EC2 (EC2 API: "Error codes for the Amazon EC2 API") and of the SDK, each with its fix. */
const CAUSES: readonly [RegExp, key: string, value: "region" | "none", string][] = [
  [
    // The SDK's words for a token that has ended or was never made (aws-sdk-go-v2, credentials/ssocreds).
    /SSO (session|token)|cached SSO|ssocreds|SSOProviderInvalidToken|InvalidGrantException/i,
    "aws",
    "none",
    "the AWS SSO session has ended; log in again: aws sso login, with --profile and the profile's name if it is not the default",
  ],
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
    "the AWS credentials are valid, but do not permit this EC2 request; the lab needs the actions of stacks/aws-policy.json",
  ],
  [
    /invalid AWS Region|no such host|lookup .*amazonaws|could not resolve|dial tcp/i,
    "aws.region",
    "region",
    "EC2 cannot be reached in this region; check the region's name and the network connection",
  ],
];

/**
 * Regions that an account must enable before it can use them: all since 20 March 2019 (AWS Account Management: "Enable or
 * disable AWS Regions"). One that is not enabled answers as if the credentials were wrong.
 */
const OPT_IN =
  /^(af-south-1|ap-east-[12]|ap-south-2|ap-southeast-[34567]|ca-west-1|eu-central-2|eu-south-[12]|il-central-1|me-central-1|me-south-1|mx-central-1)$/;

function explain(region: string, said: string): Problem {
  const words = ownWords(said);
  if (/AuthFailure|InvalidClientTokenId|UnrecognizedClient/.test(said) && OPT_IN.test(region)) {
    const way = `aws account enable-region --region-name ${region}; if it is enabled, the credentials are wrong`;
    const message = `an account must enable this region before it can use it, and this one probably has not: choose another region, or ${way} (${words})`;
    return { key: "aws.region", value: region, message };
  }
  const cause = CAUSES.find(([sign]) => sign.test(said));
  if (!cause) return { key: "aws.region", value: region, message: `the request to EC2 failed: ${words}` };
  const [, key, value, message] = cause;
  return { key, value: value === "region" ? region : undefined, message: `${message} (${words})` };
}

/**
 * EC2's own message, without the text that the provider wraps around it: `invoking aws:…: 1 error occurred:`, then a
 * list, and in it EC2's `api error <code>: <message>`.
 */
function ownWords(said: string): string {
  const lines = said.split("\n").map((line) => line.trim());
  const line = lines.find((text) => text.startsWith("* ")) ?? lines.find((text) => text !== "") ?? "";
  return line
    .replace(/^.*\bapi error /, "")
    .replace(/^\* /, "")
    .slice(0, 300);
}
