/** Bash that programs a namespace, with one process for many changes instead of a process per route. */

/** One `ip -batch` for all lines, in a namespace. Default: the sandbox's own namespace. */
export function batch(namespace: string | undefined, lines: readonly string[], options = ""): string {
  return heredoc(`ip ${namespace ? `-n ${namespace} ` : ""}${options}-batch -`, lines);
}

/**
 * Lines of an `ip -batch` that make a bridge which forwards at once. The MTU is set after the bridge is made: only a
 * change of it reaches the route with which br_netfilter fragments, which else keeps 1500 (`br_change_mtu` and
 * `br_dst_default_metrics` in the kernel's net/bridge). A security group then loses packets that arrive in larger
 * fragments.
 * @param mtu in bytes.
 */
export const addBridge = (name: string, mtu: number, options = ""): string[] => [
  `link add ${name} type bridge stp_state 0 forward_delay 0 mcast_snooping 0${options}`,
  `link set ${name} mtu ${mtu}`,
];

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

/** Begins a command in a namespace. */
export const enter = (namespace: string): string => `nsenter --net=/run/netns/${namespace}`;

/** Writes the current namespace's kernel settings, by path under /proc/sys. `optional` ones may be missing. */
export function sysctl(settings: Readonly<Record<string, string>>, optional = false): string {
  return Object.entries(settings)
    .map(([path, value]) => {
      const write = `echo ${value} > /proc/sys/${path}`;
      return optional ? `if [[ -e /proc/sys/${path} ]]; then ${write}; fi` : write;
    })
    .join("\n");
}

/** A here-document. `marker` must differ if one contains another. */
function heredoc(command: string, lines: readonly string[], marker = "END"): string {
  if (lines.length === 0) return "";
  return `${command} <<'${marker}'\n${lines.join("\n")}\n${marker}`;
}
