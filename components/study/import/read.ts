/** Reads files of any kind into facts: finds out what each part of a file is, and gives it to that part's reader. */
import { readAws } from "./aws";
import { readBgpConfiguration, readBgpPeer } from "./bgp";
import { readBlock } from "./block";
import { readClusterInformation } from "./cluster-information";
import { readConfigMap, readDaemonSet, readEndpoints } from "./cluster-settings";
import { type Budget, budget, type Document, documentsIn } from "./documents";
import { type Facts, noFacts } from "./facts";
import { readFelixConfiguration } from "./felix";
import { readInstallation } from "./installation";
import { readIpPool } from "./ip-pool";
import { readNodeStatus } from "./node-status";
import { readNodeText } from "./node-text";
import { readCalicoNode, readNode } from "./nodes";
import { readOpenstack } from "./openstack";
import { readPolicy } from "./policy";
import { type Segment, segmentsOf } from "./segments";
import { excerpt } from "./source";

/** A file of the input, or an answer of a cluster's API or a cloud. */
export interface Input {
  /** The name that is shown. Parts of its path may name a node. */
  file: string;
  text: string;
  /** A file among others in a folder or an archive: what is in it may be of no use, which is no error. */
  isOneOfMany?: boolean;
}

type Reader = (document: Document, facts: Facts) => unknown;

/** The readers by kind. A reader that returns false has found nothing of use. */
const READERS: Record<string, Reader> = {
  IPPool: readIpPool,
  FelixConfiguration: readFelixConfiguration,
  BGPConfiguration: readBgpConfiguration,
  BGPPeer: readBgpPeer,
  IPAMBlock: readBlock,
  BlockAffinity: readBlock,
  ClusterInformation: readClusterInformation,
  Installation: readInstallation,
  ConfigMap: readConfigMap,
  DaemonSet: readDaemonSet,
  Endpoints: readEndpoints,
  NetworkPolicy: readPolicy,
  GlobalNetworkPolicy: readPolicy,
  StagedNetworkPolicy: readPolicy,
  StagedGlobalNetworkPolicy: readPolicy,
  AdminNetworkPolicy: readPolicy,
  BaselineAdminNetworkPolicy: readPolicy,
  HostEndpoint: readPolicy,
};

/** A line that begins an object that would be of use. */
const USEFUL = new RegExp(`kind"?: "?(Node|${Object.keys(READERS).join("|")})"?,?$`);

/** What is expected, for the message about input that is something else. */
const EXPECTED =
  "expected objects of kubectl or calicoctl (-o yaml, -o json), text of `calicoctl node status`, `ip route` or `ip addr`, or JSON of aws ec2 describe-… or openstack … -f json";

/** Reads all input. Never throws: what cannot be read is one of the facts' problems. */
export function readFacts(inputs: readonly Input[]): Facts {
  const facts = noFacts();
  const left = budget();
  let table = 0;
  for (const input of inputs) {
    const segments = segmentsOf(input.file, input.text);
    const before = facts.problems.length;
    const found = segments.map((segment) => readSegment({ ...segment, table: ++table, left }, facts, input));
    limit(facts, input.file);
    const isEmpty = input.text.trim() === "";
    if (found.some((one) => one) || facts.problems.length > before || input.isOneOfMany) continue;
    const first = input.text.split("\n").find((line) => line.trim() !== "") ?? "";
    const there = isEmpty
      ? "the file is empty"
      : `there is nothing like that: ${excerpt(first) || "no text"}`;
    facts.problems.push({ source: { file: input.file, line: 1 }, message: `${EXPECTED}; ${there}` });
  }
  return facts;
}

/** How many facts of a kind are kept. A cluster that a lab can have, with a hundred nodes, has far fewer. */
const MOST = {
  nodes: 1_000,
  pools: 200,
  blocks: 5_000,
  sessions: 20_000,
  peers: 1_000,
  reflectors: 1_000,
  routes: 20_000,
  links: 10_000,
  hosts: 2_000,
  ports: 3_000,
  rules: 5_000,
  groups: 1_000,
  subnets: 2_000,
  cloudRoutes: 5_000,
  notExpressed: 20_000,
  read: 10_000,
} as const;

function limit(facts: Facts, file: string): void {
  for (const [key, most] of Object.entries(MOST) as [keyof typeof MOST, number][]) {
    if (facts[key].length <= most) continue;
    facts[key].length = most;
    if (key !== "notExpressed" && key !== "read")
      facts.problems.push({
        source: { file },
        message: `there are more than ${most} ${key}; give only this cluster's`,
      });
  }
}

/** @returns whether anything was found. */
function readSegment(
  segment: Segment & { table: number; left: Budget },
  facts: Facts,
  { isOneOfMany }: Input,
): boolean {
  const { file, first, lines, isData } = segment;
  if (!isData) {
    const sessions = readNodeStatus(segment, facts);
    const others = sessions > 0 ? [] : readNodeText(segment, facts);
    const what = sessions > 0 ? `${sessions} BGP sessions` : others.join(", ");
    if (what) facts.read.push({ what, source: { file, line: first } });
    return what !== "";
  }
  const { documents, problems } = documentsIn(lines.join("\n"), file, first, segment.left);
  // Among many files, one that only looks like YAML is no problem.
  if (!isOneOfMany || lines.some((line) => USEFUL.test(line))) facts.problems.push(...problems);
  const counts = new Map<string, { count: number; source: Facts["read"][number]["source"] }>();
  for (const document of documents) {
    const what = readDocument(document, facts, isOneOfMany ?? false);
    if (!what) continue;
    const source = document.at([]);
    counts.set(what, {
      count: (counts.get(what)?.count ?? 0) + 1,
      source: counts.get(what)?.source ?? source,
    });
  }
  for (const [what, { count, source }] of counts)
    facts.read.push({ what: count > 1 ? `${count} × ${what}` : what, source });
  return counts.size > 0;
}

/** @returns what the object is; undefined if nothing in it is of use. */
function readDocument(document: Document, facts: Facts, isOneOfMany: boolean): string | undefined {
  const { value } = document;
  if (value === null || typeof value !== "object") return undefined;
  const { kind, apiVersion } = value as { kind?: unknown; apiVersion?: unknown };
  if (typeof kind !== "string") return readAws(document, facts) ?? readOpenstack(document, facts);
  if (kind === "Node") {
    if (/calico/.test(String(apiVersion))) readCalicoNode(document, facts);
    else readNode(document, facts);
    return "Node";
  }
  const reader = Object.hasOwn(READERS, kind) ? READERS[kind] : undefined;
  if (reader) return reader(document, facts) === false ? undefined : kind;
  // Silence about an object that the user gave on purpose would look as if it were in the lab.
  if (!isOneOfMany && !/^(Pod|Service|Deployment|ReplicaSet|Secret|Namespace|Event|List)$/.test(kind)) {
    facts.notExpressed.push({
      what: `${excerpt(kind, 40)}: the import does not read this kind`,
      source: document.at([]),
    });
  }
  return undefined;
}
