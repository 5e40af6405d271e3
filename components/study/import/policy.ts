/** Policies, which the lab has no config for. */
import type { Document } from "./documents";
import type { Facts } from "./facts";

/** Lists a policy, or an end that policies protect (HostEndpoint). */
export function readPolicy(document: Document, facts: Facts): void {
  const { kind, metadata } = document.value as {
    kind?: string;
    metadata?: { name?: unknown; namespace?: unknown };
  };
  const name = [metadata?.namespace, metadata?.name].filter((part) => typeof part === "string").join("/");
  facts.notExpressed.push({ what: `${kind} ${name}: the lab has no policies`, source: document.at([]) });
}
