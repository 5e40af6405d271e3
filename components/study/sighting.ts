/** What was seen of a trace's packet, held against the trace. */
import type { Header, Hop, Packet, Trace } from "../plan";
import { placeOf, type Tap } from "./tap";

/** What was seen at a tap. */
export interface Sighting extends Tap {
  /** As predicted; else the nearest of what was seen there: a packet between the same two innermost ends. */
  seen?: Packet;
  agrees: boolean;
}

/** A trace with what was seen of it. What was not measured agrees with anything. */
export interface ObservedTrace {
  /** Whether the probe was answered, and what happened instead. */
  works: boolean;
  detail: string;
  /** Set if nothing was measured; `detail` says why. */
  unmeasured?: true;
  /** Whether the probe and every tap are as predicted. */
  agrees: boolean;
  sightings: Sighting[];
}

/** What came of a trace's packet: whether it was answered, and by {@link placeOf} what came by at each tap. */
export interface Tapped {
  works: boolean;
  detail: string;
  unmeasured?: true;
  packets: Readonly<Record<string, readonly Packet[]>>;
}

/** Holds what came by against the trace. Pure. */
export function compareTrace(
  trace: Trace,
  taps: readonly Tap[],
  { works, detail, unmeasured, packets }: Tapped,
): ObservedTrace {
  if (unmeasured) return { works, detail, unmeasured, agrees: true, sightings: [] };
  const sightings = taps.map((tap): Sighting => {
    const here = packets[placeOf(tap)] ?? [];
    const { expected } = tap;
    const direction = trace.hops[tap.hop]?.direction;
    const hop = trace.hops[tap.hop];
    const wanted = expected ?? hop?.in;
    const near = here.filter((packet) => wanted && endsOf(packet) === endsOf(wanted));
    const seen = near.find((packet) => wanted && isSame(wanted, packet, direction)) ?? near[0];
    const agrees = expected ? seen !== undefined && isSame(expected, seen, direction) : seen === undefined;
    return { ...tap, ...(seen && { seen }), agrees };
  });
  const asPredicted = works === (trace.outcome === "works");
  return { works, detail, agrees: asPredicted && sightings.every(({ agrees }) => agrees), sightings };
}

/** The innermost protocol and addresses. */
function endsOf({ headers }: Packet): string {
  const inner = headers.findLast(({ kind }) => kind === "ipv4");
  return inner?.kind === "ipv4" ? `${inner.protocol} ${inner.source} ${inner.destination}` : "";
}

/**
 * Not predicted: a client's port, the length of the listeners' answer to a datagram, and the outer DF of IP-in-IP, which
 * depends on how the tunnel's device was made (`pmtudisc` of ip-link(8)).
 */
function isSame(expected: Packet, seen: Packet, direction: Hop["direction"] | undefined): boolean {
  const isTunnel = (header: Header) => header.kind === "ipv4" && header.protocol === "4";
  return (
    expected.headers.length === seen.headers.length &&
    expected.headers.every((header, i) => {
      const other = seen.headers[i] as Header;
      const isAnswered = direction === "back" && expected.headers[i - 1]?.kind === "udp";
      if (header.kind === "data" && isAnswered) return other.kind === "data";
      const known = Object.entries(header).filter(
        ([key, value]) => value !== undefined && !(key === "dontFragment" && isTunnel(header)),
      );
      return known.every(([key, value]) => Object.entries(other).some(([k, v]) => k === key && v === value));
    })
  );
}
