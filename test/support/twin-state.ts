/**
 * Everything that a twin has in the kernel and in BIRD, by namespace, as text that is the same for two builds of one
 * plan.
 */
import type { TwinUnderTest } from "./twin";

const LIST = `
shopt -s nullglob
for file in /run/netns/*; do
  n=\${file##*/}
  echo "#### $n link";    ip -n $n -d link show
  echo "#### $n address"; ip -n $n -4 -o addr show
  echo "#### $n route";   ip -n $n -4 route show table all
  echo "#### $n rule";    ip -n $n -4 rule show
  echo "#### $n neigh";   ip -n $n -4 neigh show nud permanent
  echo "#### $n fdb";     bridge -n $n fdb show | grep ' dst ' || true
  echo "#### $n nft";     nsenter --net=$file nft list ruleset
  echo "#### $n sysctl"
  nsenter --net=$file bash -c 'shopt -s nullglob
    for s in /proc/sys/net/ipv4/ip_forward /proc/sys/net/bridge/* /proc/sys/net/ipv4/conf/*/{proxy_arp,rp_filter,forwarding,send_redirects} /proc/sys/net/ipv4/neigh/*/proxy_delay; do
      echo "\${s#/proc/sys/net/} $(< $s)"
    done'
done
for file in /run/bird/*; do
  n=\${file##*/}
  echo "#### file $n"
  case $n in
    *.conf) cat $file ;;
    *.ctl) birdc -s $file show protocols | awk 'NR > 2 { print $1, $2, $3, $4 }' | sort ;;
  esac
done
ls /run/encaplab/applied | sed 's/^/#### signature /'
`;

/** Reads the state. Sections by title, e.g. `w1 route`. */
export async function stateOf(twin: TwinUnderTest): Promise<Record<string, string>> {
  const sections = (await twin.run(LIST)).split(/^#### /m).slice(1);
  return Object.fromEntries(
    sections.map((section) => {
      const [title = "", ...lines] = section.split("\n");
      return [title, normal(title, lines)];
    }),
  );
}

/** Removes what differs between two builds of one plan and does not affect packets: link numbers, ages, counters. */
function normal(title: string, lines: readonly string[]): string {
  if (title.endsWith(" link")) return links(lines.join("\n"));
  const clean = lines
    .map((line) => line.replace(/counter packets \d+ bytes \d+/, "counter").trim())
    .filter((line) => line !== "")
    .map((line) => (title.endsWith(" address") ? line.replace(/^\d+: /, "") : line));
  // The order of a ruleset matters. Everything else is listed in the order of its creation.
  return (title.endsWith(" nft") || title.endsWith(".conf") ? clean : clean.sort()).join("\n");
}

/** Links whose MAC the twin sets. Every other link has a random one. */
const OWN_MAC = /^(ens\d|vxlan\.calico|cali)/;
const MAC = /\b(?:[0-9a-f]{2}:){5}[0-9a-f]{2}\b/g;

function links(text: string): string {
  return text
    .split(/^\d+: /m)
    .filter((link) => link.trim() !== "")
    .map((link) =>
      (OWN_MAC.test(link) ? link : link.replace(MAC, "MAC"))
        // Depends on whether a bridge has noticed its carrier yet.
        .replace(/ state (UP|UNKNOWN) /, " state UP ")
        .replace(/@if\d+/g, "@peer")
        .replace(/ link-netns(id)? \S+/g, "")
        .replace(/_timer +[\d.]+/g, "_timer")
        .replace(/ifindex \d+/g, "ifindex")
        .replace(/\b8000\.[0-9a-f:.]+/g, "8000.MAC")
        .replace(/\b(port_id|port_no) \S+/g, "$1")
        .replace(/\b(designated_port|tcn_seq|fdb_n_learned) \S+/g, "$1")
        .replace(/\s+/g, " ")
        .trim(),
    )
    .sort()
    .join("\n");
}

/** The lines that differ between two states, each with its section. Empty if they are equal. */
export function difference(now: Record<string, string>, fresh: Record<string, string>): string[] {
  const titles = [...new Set([...Object.keys(now), ...Object.keys(fresh)])];
  return titles.flatMap((title) => {
    const [here, there] = [
      now[title]?.split("\n") ?? ["(missing)"],
      fresh[title]?.split("\n") ?? ["(missing)"],
    ];
    return [
      ...here.filter((line) => !there.includes(line)).map((line) => `${title}: only in place: ${line}`),
      ...there.filter((line) => !here.includes(line)).map((line) => `${title}: only when fresh: ${line}`),
    ];
  });
}
