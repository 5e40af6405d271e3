// node official.mjs VERSION ROOT: the official release of the Pulumi CLI into ROOT/bin.
//
// Two ready-made installers exist: the npm package `pulumi` and the Automation API's PulumiCommand.install. Both run the
// vendor's own install script; the Automation API's is used because it comes with the SDK this project already pins, takes
// the folder to install to (the package writes to the user's ~/.pulumi, and takes any non-empty file it finds there for a
// finished one), and runs `pulumi version` on the result.
import { createRequire } from "node:module";

const require = createRequire(import.meta.url);
const INSTALLER = "https://get.pulumi.com/install.sh";
const PATIENCE_MS = 4000;

const [version, root] = process.argv.slice(2);
try {
  // The SDK waits two minutes for its first byte; a network that drops packets must be known for closed before that.
  const answer = await fetch(INSTALLER, { method: "HEAD", signal: AbortSignal.timeout(PATIENCE_MS) });
  if (!answer.ok) throw new Error(`it answered ${answer.status}`);
  const { PulumiCommand } = require("@pulumi/pulumi/automation");
  const { SemVer } = createRequire(require.resolve("@pulumi/pulumi/package.json"))("semver");
  await PulumiCommand.install({ version: new SemVer(version), root });
} catch (error) {
  const cause = error.cause?.code ?? error.message.trim().split("\n").at(-1);
  console.error(`engine: no official download of pulumi v${version} (${cause})`);
  process.exitCode = 1;
}
