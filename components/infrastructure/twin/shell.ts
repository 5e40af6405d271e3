/** Bash that programs a namespace: one process for many changes, not a process per route. */

/** One `ip -batch` for all lines; in the realm's own namespace when none is named. */
export function batch(namespace: string | undefined, lines: readonly string[], options = ""): string {
  return heredoc(`ip ${namespace ? `-n ${namespace} ` : ""}${options}-batch -`, lines);
}

/** One `bridge -batch` in a namespace, for forwarding entries. */
export function bridgeBatch(namespace: string, lines: readonly string[]): string {
  return heredoc(`bridge -n ${namespace} -batch -`, lines);
}

/** One `nft -f` in a namespace. */
export function nft(namespace: string, text: string): string {
  return heredoc(`${enter(namespace)} nft -f -`, text.split("\n"));
}

/** Runs commands inside a network namespace. Not `ip netns exec`, which mounts a /sys each time. */
export function inside(namespace: string, commands: string): string {
  return heredoc(`${enter(namespace)} bash -e`, commands.split("\n"), "INSIDE");
}

const enter = (namespace: string): string => `nsenter --net=/run/netns/${namespace}`;

/** Writes kernel settings of the namespace it runs in, by path under /proc/sys; `optional` ones may not exist. */
export function sysctl(settings: Readonly<Record<string, string>>, optional = false): string {
  return Object.entries(settings)
    .map(([path, value]) => {
      const write = `echo ${value} > /proc/sys/${path}`;
      return optional ? `if [[ -e /proc/sys/${path} ]]; then ${write}; fi` : write;
    })
    .join("\n");
}

/** `marker` differs where one stands inside another. */
function heredoc(command: string, lines: readonly string[], marker = "END"): string {
  if (lines.length === 0) return "";
  return `${command} <<'${marker}'\n${lines.join("\n")}\n${marker}`;
}
