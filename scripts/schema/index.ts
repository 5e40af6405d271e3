/**
 * Writes what the config's schema says into Pulumi.yaml, for the engine, and stacks/schema.json, for editors; and the
 * catalogue of faults into stacks/faults.md, and the IAM policy for AWS into stacks/aws-policy.json.
 */
import { readFileSync, writeFileSync } from "node:fs";
import * as path from "node:path";
import { awsPolicy } from "./aws-policy";
import { faultsPage } from "./faults";
import { withKeys } from "./project";
import { keySchemas, stackSchema } from "./stack-schema";

const ROOT = path.resolve(__dirname, "../..");

/** The files that are generated, and what must be in them. */
export function render(): { file: string; text: string }[] {
  const keys = keySchemas();
  const project = path.join(ROOT, "Pulumi.yaml");
  return [
    { file: project, text: withKeys(readFileSync(project, "utf8"), keys) },
    {
      file: path.join(ROOT, "stacks/schema.json"),
      text: `${JSON.stringify(stackSchema(keys), null, 2)}\n`,
    },
    { file: path.join(ROOT, "stacks/faults.md"), text: faultsPage() },
    { file: path.join(ROOT, "stacks/aws-policy.json"), text: awsPolicy() },
  ];
}

if (require.main === module) for (const { file, text } of render()) writeFileSync(file, text);
