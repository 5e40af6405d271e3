/** The comparison of all nodes before any worker joins. */
import type { remote } from "@pulumi/command";
import * as pulumi from "@pulumi/pulumi";
import { compareFacts, parseLook } from "./check";

/**
 * A value, when all nodes have been compared: what two nodes must not have in common is only known when all are prepared.
 * @param prepared the step that prepared each node; its output has the node's facts.
 * @returns an output that fails with a sentence when two nodes cannot be in one cluster. What is only odd is a warning.
 */
export function whenDistinct<T>(
  value: pulumi.Output<T>,
  prepared: ReadonlyMap<{ name: string }, Pick<remote.Command, "stdout">>,
  resource?: pulumi.Resource,
): pulumi.Output<T> {
  const facts = [...prepared].map(([{ name }, { stdout }]) =>
    // Nothing in a state from before nodes were compared.
    pulumi.unsecret(stdout).apply((text) => [name, parseLook(name, text ?? "").facts] as const),
  );
  return pulumi.all([value, pulumi.all(facts)]).apply(([result, known]) => {
    const findings = compareFacts(Object.fromEntries(known));
    for (const { severity, sentence } of findings)
      if (severity === "warn") void pulumi.log.warn(sentence, resource);
    const refused = findings.filter(({ severity }) => severity === "refuse");
    if (refused.length > 0) throw new pulumi.RunError(refused.map(({ sentence }) => sentence).join("\n"));
    return result as T;
  });
}
