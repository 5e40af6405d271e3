// node official.mjs VERSION ROOT: installs the official release of the Pulumi CLI into ROOT/bin.
//
// There are two installers: the npm package `pulumi` and the Automation API's PulumiCommand.install. Both run the vendor's
// install script. We use the Automation API: it comes with the SDK that this project already pins, installs into any folder,
// and runs `pulumi version` on the result. The npm package writes to the user's ~/.pulumi, and takes any non-empty file
// there for a finished installation.
import { createRequire } from "node:module";

const require = createRequire(import.meta.url);
const INSTALLER = "https://get.pulumi.com/install.sh";
const PATIENCE_MS = 4000;

const [version, root] = process.argv.slice(2);
try {
  // Check first, with a short timeout: on a network that drops packets, the SDK waits two minutes for its first byte.
  const answer = await fetch(INSTALLER, { method: "HEAD", signal: AbortSignal.timeout(PATIENCE_MS) });
  if (!answer.ok) throw new Error(`it answered ${answer.status}`);
  const { PulumiCommand } = require("@pulumi/pulumi/automation");
  const { SemVer } = createRequire(require.resolve("@pulumi/pulumi/package.json"))("semver");
  await PulumiCommand.install({ version: new SemVer(version), root });
} catch (error) {
  const cause = error.cause?.code ?? error.message.trim().split("\n").at(-1);
  // `fetch` throws a TypeError when it cannot connect, and a TimeoutError when the time is up.
  const unreachable = error instanceof TypeError || error.name === "TimeoutError";
  const host = new URL(INSTALLER).host;
  const why = unreachable ? `no network: ${host} cannot be reached (${cause})` : cause;
  console.error(`engine: no official download of pulumi v${version}: ${why}`);
  process.exitCode = 1;
}
