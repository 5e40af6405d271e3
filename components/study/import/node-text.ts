/** What a node's own tools print: `ip route`, `ip addr`, `ip link`, sysctl, and the firewall's rules. */
import type { Facts, HostFact } from "./facts";
import { isAddress, isIpv4 } from "./fields";
import type { NodeText } from "./node-status";

/** Reads the lines that are known. @returns what was found, in words; empty if nothing was. */
export function readNodeText(text: NodeText, facts: Facts): string[] {
  const counts = { routes: 0, devices: 0, settings: 0 };
  let device: Facts["links"][number] | undefined;
  const natLines: string[] = [];
  text.lines.forEach((raw, i) => {
    const line = raw.trim();
    const source = { file: text.file, line: text.first + i };
    const base = { hints: text.hints, table: text.table, source };
    const link = /^\d+: ([\w.@-]+):? .*\bmtu (\d+)\b/.exec(line);
    if (link) {
      const name = (link[1] ?? "").replace(/@.*/, "").replace(/:$/, "");
      device = { ...base, device: name, mtu: Number(link[2]), addresses: [] };
      facts.links.push(device);
      counts.devices++;
      return;
    }
    const address = /^inet (\d+(?:\.\d+){3}(?:\/\d+)?)/.exec(line)?.[1];
    if (address && isIpv4(address)) {
      device?.addresses.push(address);
      return;
    }
    const route = routeIn(line);
    if (route) {
      facts.routes.push({ ...base, ...route });
      counts.routes++;
      return;
    }
    const fault = faultIn(line);
    if (fault) {
      facts.hosts.push({ hints: text.hints, table: text.table, fault, shown: line.slice(0, 100), source });
      counts.settings++;
    }
    if (/cali-nat-outgoing/.test(line)) natLines.push(line);
    if (/plugin\/loop: Loop .* detected for zone/.test(line)) {
      facts.dnsDown ??= { value: "CoreDNS says that it asks itself", source };
      counts.settings++;
    }
  });
  missingNat(text, natLines, facts);
  return Object.entries(counts).flatMap(([what, count]) => (count > 0 ? [`${count} ${what}`] : []));
}

/** A line of `ip route`, also of `show table all`, which lists the kernel's own tables, too. */
function routeIn(line: string): Omit<Facts["routes"][number], "hints" | "table" | "source"> | undefined {
  const [, type, destination = ""] =
    /^(?:(blackhole|unreachable|unicast) )?(default|\d+(?:\.\d+){3}(?:\/\d+)?)(?= |$)/.exec(line) ?? [];
  if (destination !== "default" && !isIpv4(destination)) return undefined;
  if (/\btable (local|255)\b/.test(line)) return undefined;
  const word = (name: string) => new RegExp(`\\b${name} (\\S+)`).exec(line)?.[1];
  const [via, device, from] = [word("via"), word("dev"), word("src")];
  // A node's own pods: hundreds of lines that say nothing about other nodes.
  if (device?.startsWith("cali") && !via) return undefined;
  if (!via && !device && type !== "blackhole" && type !== "unreachable") return undefined;
  return {
    destination,
    ...(via && isAddress(via) && { via }),
    ...(device && { device }),
    ...(from && isAddress(from) && { from }),
    isBlackhole: type === "blackhole" || type === "unreachable",
  };
}

/** What breaks pods, whatever Calico does. A policy DROP of FORWARD does not: Calico's own rules accept before it. */
function faultIn(line: string): HostFact["fault"] | undefined {
  if (/^net\.ipv4\.ip_forward\s*=\s*0$/.test(line)) return "ip-forward-off";
  if (/^net\.ipv4\.conf\.all\.rp_filter\s*=\s*1$/.test(line)) return "rp-filter-strict";
  const reject = /^(?:\[\d+:\d+\] )?-A (INPUT|FORWARD) -j REJECT --reject-with icmp-host-prohibited$/.exec(
    line,
  )?.[1];
  if (reject === "INPUT") return "host-firewall-reject";
  if (reject === "FORWARD") return "host-firewall-forward-drop";
  return undefined;
}

/** Felix' chain is there and has no rule: what masquerades is gone. */
function missingNat(text: NodeText, lines: readonly string[], facts: Facts): void {
  const chain = text.lines.findIndex((line) => /^:cali-nat-outgoing\b/.test(line.trim()));
  if (chain === -1 || lines.some((line) => /^(\[\d+:\d+\] )?-A cali-nat-outgoing /.test(line))) return;
  facts.hosts.push({
    hints: text.hints,
    table: text.table,
    fault: "nat-missing",
    shown: "the chain cali-nat-outgoing has no rule",
    source: { file: text.file, line: text.first + chain },
  });
}
