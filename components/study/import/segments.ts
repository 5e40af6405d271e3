/** Divides a file into parts: what people paste has several commands and their output in one text, often in Markdown. */

/** A part of a file. */
export interface Segment {
  file: string;
  /** The line at which it begins, from 1. */
  first: number;
  lines: readonly string[];
  /** Whether it is YAML or JSON; otherwise it is the text of a command. */
  isData: boolean;
  /** What may tell which node it is from: the host in a prompt, parts of the file's path. */
  hints: readonly string[];
}

/** A shell's prompt with a command that prints something we read: `root@w1:~# ip route`, `$ calicoctl node status`. */
const PROMPT =
  /^\s*(?:\[?[\w.-]+@([\w.-]+)[^#$%>]*[#$%>]|[\w.-]*[#$%>])\s*(?:sudo\s+)?(?:kubectl|k|oc|calicoctl(?:\.sh)?|\.\/calicoctl|ip|aws|openstack|cat|sysctl|iptables(?:-save)?|curl|birdcl)\s/;
const FENCE = /^\s*(?:```|~~~)/;

/** More commands than this are in no text that somebody has pasted. The rest is one part. */
const MOST = 2_000;

/** The parts of a file, in order. Empty ones are left out. */
export function segmentsOf(file: string, text: string): Segment[] {
  const lines = text.split(/\r?\n/);
  const starts: { line: number; host?: string }[] = [{ line: 0 }];
  lines.forEach((line, i) => {
    if (starts.length >= MOST) return;
    const prompt = PROMPT.exec(line);
    if (prompt) starts.push({ line: i + 1, ...(prompt[1] && { host: prompt[1] }) });
    else if (FENCE.test(line))
      starts.push({ line: i + 1, ...(starts.at(-1)?.host && { host: starts.at(-1)?.host }) });
  });
  const path = file.split(/[\\/]/).flatMap((part) => [part, part.replace(/\.\w+$/, "")]);
  return starts.flatMap(({ line, host }, i) => {
    const next = starts[i + 1]?.line ?? lines.length + 1;
    // The line of the prompt or the fence itself belongs to no part.
    const own = lines.slice(line, i + 1 < starts.length ? next - 1 : lines.length);
    if (own.every((one) => one.trim() === "")) return [];
    return [
      { file, first: line + 1, lines: own, isData: isData(own), hints: [...(host ? [host] : []), ...path] },
    ];
  });
}

/** Whether lines are YAML or JSON of the tools that we read. */
function isData(lines: readonly string[]): boolean {
  const first = lines.find((line) => line.trim() !== "" && !line.trim().startsWith("#")) ?? "";
  if (/^\s*[[{]\s*($|["{[\]}])/.test(first)) return true;
  return lines.some((line) => /^\s*(- )?(apiVersion|kind|items):(\s|$)/.test(line));
}
