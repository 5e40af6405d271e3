/** A trace as text for a terminal: every hop, what decides there, and the packet before and after it. */
import type { Header, Hop, Ipv4Header, Packet, Probe, Trace } from "../plan";
import { DEFAULT_WIDTH, wrap } from "./columns";
import type { ObservedTrace, Sighting } from "./sighting";
import type { ReportOptions } from "./verdict-report";

/**
 * The trace as text. What enters a hop and what leaves it are written with their lengths, and only once if they differ by
 * nothing but the TTL. With `verbose`, both are always written, as nested headers with the length of each.
 * @param observed what was captured at each hop, if anything was.
 */
export function formatTrace(trace: Trace, options: ReportOptions = {}, observed?: ObservedTrace): string {
  const { width = DEFAULT_WIDTH } = options;
  const { from, to, hops, failure, outcome } = trace;
  const lines = (direction: Hop["direction"]) =>
    hops.flatMap((hop, i) =>
      hop.direction === direction ? formatHop(hop, i + 1, options, observed && sightingsAt(observed, i)) : [],
    );
  const back = lines("back");
  return [
    wrap(`Trace (a prediction): ${describeProbe(trace.probe)} from ${from} to ${to} ${outcome}.`, { width }),
    "The packet:",
    ...lines("there"),
    ...(back.length > 0 ? ["Its answer:", ...back] : []),
    ...(failure
      ? [
          wrap(`Lost at ${failure.hop}: ${failure.cause}.`, { width }),
          wrap(`  fix: ${failure.fix}.`, { width }),
          wrap(`  see: ${failure.reference}`, { width }),
        ]
      : []),
    ...(observed ? [wrap(summaryOf(trace, observed), { width })] : []),
  ].join("\n");
}

/** What was seen at a hop, a line for each of its devices. */
const sightingsAt = ({ sightings }: ObservedTrace, hop: number): string[] => [
  ...new Set(sightings.filter((one) => one.hop === hop).map(describeSighting)),
];

function describeSighting({ namespace, interface: device, expected, seen, agrees }: Sighting): string {
  const where = `${device} of ${namespace}`;
  if (agrees) return expected ? `seen on ${where}` : `not seen on ${where}, as predicted`;
  if (!seen) return `!! NOT seen on ${where}`;
  return expected
    ? `!! seen on ${where}, but otherwise: ${describePacket(seen)}`
    : `!! seen on ${where}, although it should be lost before: ${describePacket(seen)}`;
}

/** Whether the packet did what was predicted, in a sentence. */
function summaryOf(
  { outcome }: Trace,
  { works, detail, unmeasured, agrees, sightings }: ObservedTrace,
): string {
  if (unmeasured) return `Predicted ${outcome}; ${detail}.`;
  const places = `${sightings.filter((one) => one.agrees).length} of ${sightings.length} devices`;
  const observed = works ? "works" : `fails${detail && `: ${detail}`}`;
  const verdict = agrees ? "Predicted and observed agree" : "!! Predicted and observed DISAGREE";
  return `${verdict}: predicted ${outcome}, observed ${observed}; ${places} show what was predicted.`;
}

/** A probe in words, e.g. `a ping of 84 bytes`, `TCP to port 8080`. */
export function describeProbe({ protocol, port, size }: Probe): string {
  if (protocol === "icmp") return `a ping of ${size} bytes`;
  if (protocol === "tcp") return `TCP to port ${port}`;
  return `a datagram of ${size} bytes to UDP port ${port}`;
}

function formatHop(
  hop: Hop,
  number: number,
  { width = DEFAULT_WIDTH, verbose = false }: ReportOptions,
  seen: readonly string[] = [],
): string[] {
  const { device, name, decision, drop } = hop;
  const by = [device?.in && `in by ${device.in}`, device?.out && `out by ${device.out}`].filter(Boolean);
  const indented = (text: string) => wrap(`     ${text}`, { width });
  return [
    wrap(`${String(number).padStart(3)}  ${[name, ...by].join(", ")}${drop ? "  X" : ""}`, {
      width,
      hang: 3,
    }),
    indented(decision),
    ...packetsOf(hop, verbose).map(indented),
    ...seen.map(indented),
  ];
}

/** What enters, and what leaves if it is another packet. A lower TTL alone makes no other packet. */
function packetsOf({ in: entered, out }: Hop, verbose: boolean): string[] {
  const describe = verbose ? describePacket : inShort;
  if (entered && out && (verbose || textOf(entered) !== textOf(out)))
    return [`in   ${describe(entered)}`, `out  ${describe(out)}`];
  const packet = out ?? entered;
  return packet ? [describe(packet)] : [];
}

/** The word for the tunnel whose outer header this is. */
function tunnelOf({ headers }: Packet, outer: Ipv4Header): string {
  if (outer.protocol === "4") return "IPIP";
  return headers[headers.indexOf(outer) + 2]?.kind === "esp" ? "ESP" : "VXLAN";
}

/** A packet without its TTL, e.g. `10.0.3.11 > 10.0.4.10 IPIP [172.16.0.65 > 172.16.0.129 ICMP]`. */
function textOf(packet: Packet): string {
  const { headers } = packet;
  const outer = headers.filter((header) => header.kind === "ipv4");
  const last = outer.at(-1) as Ipv4Header;
  const transport = headers.find(({ kind }, i) => i > headers.indexOf(last) && kind !== "data");
  const ports = transport && "destinationPort" in transport ? transport.destinationPort : undefined;
  const port = transport && "sourcePort" in transport ? transport.sourcePort : undefined;
  const [from, to] = [port === undefined ? "" : `:${port}`, ports === undefined ? "" : `:${ports}`];
  const core = `${last.source}${from} > ${last.destination}${to} ${last.protocol.toUpperCase()}`;
  return outer
    .slice(0, -1)
    .reduceRight(
      (text, one) => `${one.source} > ${one.destination} ${tunnelOf(packet, one)} [${text}]`,
      core,
    );
}

const inShort = (packet: Packet): string => `${packet.length} B, ttl ${ttlOf(packet)}: ${textOf(packet)}`;

const ttlOf = ({ headers: [first] }: Packet): number | undefined =>
  first?.kind === "ipv4" ? first.ttl : undefined;

/** A packet as its headers, outermost first: `84 bytes: IPv4 20 (10.0.3.11 > 10.0.4.10, ttl 64, DF) | ICMP 8 | data 56`. */
export const describePacket = ({ headers, length }: Packet): string =>
  `${length} bytes: ${headers.map(describeHeader).join(" | ")}`;

function describeHeader(header: Header): string {
  switch (header.kind) {
    case "ipv4": {
      const { source, destination, ttl, dontFragment } = header;
      return `IPv4 20 (${source} > ${destination}, ttl ${ttl}${dontFragment ? ", DF" : ""})`;
    }
    case "icmp":
      return `ICMP 8 (${header.type})`;
    case "tcp":
    case "udp": {
      const { kind, bytes, sourcePort, destinationPort } = header;
      const port = destinationPort === undefined ? `from port ${sourcePort}` : `to port ${destinationPort}`;
      return `${kind.toUpperCase()} ${bytes} (${port})`;
    }
    case "vxlan":
      return `VXLAN 8 (VNI ${header.vni})`;
    case "esp":
      return `ESP ${header.bytes}`;
    case "ethernet":
      return "Ethernet 14";
    case "data":
      return `data ${header.bytes}`;
  }
}
