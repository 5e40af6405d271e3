/** Divides YAML into documents, and a large List into its items, so that only what counts gets to the parser. */

/** A part of a text. */
export interface Part {
  text: string;
  /** The line of the text at which it begins, from 0. */
  line: number;
}

/** Kinds that say something about a network. A diagnosis folder has megabytes of others. */
const USEFUL =
  /^(?: {2}|- )kind: (?:Node|IPPool|\w*Configuration|BGP\w*|IPAM\w*|BlockAffinity|ConfigMap|Installation|ClusterInformation|DaemonSet|\w*NetworkPolicy|HostEndpoint|List|\w+List)\s*$/m;
const HAS_KIND = /^(?: {2}|- )kind: /m;
/** Of these kinds, only those with these names. */
const NAMED: readonly [RegExp, RegExp][] = [
  [/^(?: {2}|- )kind: ConfigMap\s*$/m, /^ {4}name: (?:kube-proxy|kubeadm-config|calico-config)\s*$/m],
  [/^(?: {2}|- )kind: DaemonSet\s*$/m, /^ {4}name: calico-node\s*$/m],
];

/** @param large a document with more characters is divided into its items. */
export function partsOf(text: string, large: number): Part[] {
  const found: Part[] = [];
  const lines = text.split("\n");
  let begin = 0;
  const cut = (end: number) => {
    const part = lines.slice(begin, end);
    if (part.some((line) => line.trim() !== "" && !/^(#|---\s*$)/.test(line)))
      found.push({ text: part.join("\n"), line: begin });
    begin = end;
  };
  lines.forEach((line, i) => {
    if (/^---(\s|$)/.test(line) && i > begin) cut(i);
  });
  cut(lines.length);
  return found.flatMap((part) => (part.text.length > large ? itemsOf(part) : [part]));
}

/** The items of a List as kubectl prints it: `items:` and then each begun by a dash in the first column. */
function itemsOf(part: Part): Part[] {
  const lines = part.text.split("\n");
  const head = lines.findIndex((line) => /^items:\s*$/.test(line));
  if (head === -1) return [part];
  const starts = lines.flatMap((line, i) => (i > head && line.startsWith("- ") ? [i] : []));
  const after = lines.findIndex((line, i) => i > head && /^[a-zA-Z]/.test(line));
  const end = after === -1 ? lines.length : after;
  return starts
    .filter((start) => start < end)
    .map((start, i, all) => ({
      text: lines.slice(start, Math.min(all[i + 1] ?? end, end)).join("\n"),
      line: part.line + start,
    }))
    .filter(({ text }) => isUseful(text))
    .map(({ text, line }) => ({ text: `kind: List\nitems:\n${text}`, line: line - 2 }));
}

const isUseful = (item: string): boolean =>
  (!HAS_KIND.test(item) || USEFUL.test(item)) &&
  NAMED.every(([kind, name]) => !kind.test(item) || name.test(item));
