/** Input of the import, as people have it. */
import type { RawConfig } from "../../components/config";
import { type ImportedLab, labOf, readFacts } from "../../components/study/import";

/** A node as `kubectl get nodes -o yaml` has it. */
export interface SampleNode {
  name: string;
  ip?: string;
  /** What Calico has recorded. Default: `ip` in a /24. */
  recorded?: string;
  controlPlane?: boolean;
  providerId?: string;
}

export function nodeYaml({
  name,
  ip,
  recorded = ip && `${ip}/24`,
  controlPlane,
  providerId,
}: SampleNode): string {
  const role = controlPlane ? '\n  labels: {node-role.kubernetes.io/control-plane: ""}' : "";
  return `apiVersion: v1
kind: Node
metadata:
  name: ${name}${role}${recorded ? `\n  annotations: {projectcalico.org/IPv4Address: ${recorded}}` : ""}
spec:${providerId ? `\n  providerID: ${JSON.stringify(providerId)}` : " {}"}
status:${ip ? `\n  addresses: [{type: InternalIP, address: ${ip}}]` : " {}"}
`;
}

export const nodesYaml = (nodes: readonly SampleNode[]): string => nodes.map(nodeYaml).join("---\n");

/** Three nodes, two of them in one subnet. */
export const NODES: readonly SampleNode[] = [
  { name: "cp1", ip: "10.20.1.10", controlPlane: true },
  { name: "w1", ip: "10.20.1.11" },
  { name: "w2", ip: "10.20.2.12" },
];

/** An IPPool. @param spec in YAML's flow style. */
export const poolYaml = (
  spec = "cidr: 172.16.0.0/16, ipipMode: Always, natOutgoing: true",
  name = "default-ipv4-ippool",
): string =>
  `apiVersion: crd.projectcalico.org/v1\nkind: IPPool\nmetadata: {name: ${name}}\nspec: {${spec}}\n`;

/** Imports texts, each as a file: by its name, or `1.yaml`, `2.yaml`. */
export const imported = (...texts: (string | { file: string; text: string })[]): ImportedLab =>
  labOf(factsOf(...texts));

export const factsOf = (...texts: (string | { file: string; text: string })[]) =>
  readFacts(texts.map((text, i) => (typeof text === "string" ? { file: `${i + 1}.yaml`, text } : text)));

/** What could not be read, as it is shown. */
export const problemsIn = (...texts: Parameters<typeof factsOf>): string[] =>
  factsOf(...texts).problems.map(({ source, message }) => `${source.file}:${source.line ?? "-"}: ${message}`);

/** What the lab has no place for. */
export const notExpressed = (...texts: Parameters<typeof factsOf>): string =>
  imported(...texts)
    .facts.notExpressed.map(({ what, source }) => `${what} (${source.file}:${source.line})`)
    .join("\n");

/** The keys of an imported config that a test is about. */
export const keysOf = (lab: ImportedLab, ...keys: (keyof RawConfig)[]): unknown[] =>
  keys.map((key) => lab.config[key]);
