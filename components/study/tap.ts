/** Where a trace's packets can be seen on the twin, and whether they were. */
import { EXTERNAL, FABRIC, INTERNET_HOST, port, ROUTER, routerDevice } from "../infrastructure/twin/names";
import { runScript, type Sandbox } from "../infrastructure/twin/sandbox";
import {
  addressOf,
  type Endpoint,
  type Header,
  type Hop,
  type LabPlan,
  listenerOf,
  type Packet,
  type Trace,
  withFirewall,
} from "../plan";
import { decodePacket } from "./decode";
import { PATIENCE, program } from "./twin-prober";

/** A device at which a hop's packet should come by. */
export interface Tap {
  /** The hop's place in the trace, and whether the packet is on its way in or out. */
  hop: number;
  side: "in" | "out";
  namespace: string;
  interface: string;
  /** The packet that should be seen. Absent where none should: it was lost before. */
  expected?: Packet;
}

/** What was seen at a tap. */
export interface Sighting extends Tap {
  /** As predicted; else the nearest of what was seen there: a packet between the same two innermost ends. */
  seen?: Packet;
  agrees: boolean;
}

/** A trace with what was seen of it. */
export interface ObservedTrace {
  /** Whether the probe was answered, and what happened instead. */
  works: boolean;
  detail: string;
  /** Whether the probe and every tap are as predicted. */
  agrees: boolean;
  sightings: Sighting[];
}

/** What the measuring program answers. */
interface Tapped {
  works: boolean;
  detail: string;
  packets: Record<string, string[]>;
}

/**
 * Sends a trace's packet on a running twin, and takes it from every device that the trace names. From cold: the security
 * groups forget all connections before and after, except those of BGP.
 * @throws {SandboxError} when the twin is gone or the program fails.
 */
export async function followTrace(
  sandbox: Sandbox,
  plan: LabPlan,
  trace: Trace,
  to: Endpoint,
): Promise<ObservedTrace> {
  const taps = tapsOf(plan, trace);
  const listener = listenerOf({ to }, trace.probe);
  const places = new Map(taps.map((tap) => [placeOf(tap), tap]));
  const order = {
    patience: PATIENCE[sandbox.kind],
    stateful: [FABRIC, ...withFirewall(plan).map(({ name }) => name)],
    listeners: listener ? [listener] : [],
    probe: {
      id: "trace",
      namespace: trace.from,
      destination: addressOf(to),
      probe: trace.probe.protocol,
      size: trace.probe.size,
      port: trace.probe.port,
      expect: trace.outcome === "works",
    },
    taps: [...places].map(([id, tap]) => ({ id, namespace: tap.namespace, interface: tap.interface })),
  };
  const answer = JSON.parse(await runScript(sandbox, program(), JSON.stringify(order))) as Tapped;
  return compareTrace(trace, taps, answer);
}

const placeOf = (tap: Pick<Tap, "namespace" | "interface">): string => `${tap.namespace} ${tap.interface}`;

/** Holds what came by against the trace. Pure. */
export function compareTrace(
  trace: Trace,
  taps: readonly Tap[],
  { works, detail, packets }: Tapped,
): ObservedTrace {
  const sightings = taps.map((tap): Sighting => {
    const here = (packets[placeOf(tap)] ?? []).flatMap((hex) => decodePacket(Buffer.from(hex, "hex")) ?? []);
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

/** The devices at which each hop's packet comes by. */
export function tapsOf(plan: LabPlan, { hops }: Trace): Tap[] {
  const [first] = hops;
  // With ip_forward off, proxy_arp does not answer either: whether the pod sends at all depends on its neighbour's entry.
  const isUnsure =
    hops.at(-1)?.drop?.fault === "ip-forward-off" && hops.every(({ node }) => node === first?.node);
  if (isUnsure) return [];
  return hops.flatMap((hop, i) => {
    const [before, after] = [hops[i - 1], hops[i + 1]].map((other) =>
      other?.direction === hop.direction ? other : undefined,
    );
    const tap = (side: Tap["side"], namespace: string | undefined, device: string | undefined): Tap[] => {
      if (namespace === undefined || device === undefined) return [];
      const expected = side === "in" ? hop.in : hop.out;
      return [{ hop: i, side, namespace, interface: device, ...(expected && { expected }) }];
    };
    return devicesAt(plan, hop, before, after).flatMap(([side, namespace, device]) =>
      tap(side, namespace, device),
    );
  });
}

type Device = [side: Tap["side"], namespace: string | undefined, device: string | undefined];

/** Whether a hop rewrites packets: a device shows them before that on their way in, and after it on their way out. */
const rewrites = (hop: Hop | undefined): boolean => hop?.kind === "nat" || hop?.kind === "kube-proxy";

function devicesAt(plan: LabPlan, hop: Hop, before: Hop | undefined, after: Hop | undefined): Device[] {
  const { node = "", device = {} } = hop;
  const isHere = (other: Hop | undefined) => other?.node === node;
  // What is filtered on its way out is not yet on the device.
  const leaves = !(isHere(after) && (rewrites(after) || after?.kind === "firewall"));
  switch (hop.kind) {
    case "pod":
      return [
        ["in", hop.in && hop.name, device.in],
        ["out", hop.out && hop.name, device.out],
      ];
    case "internet":
      return hop.in ? [["in", INTERNET_HOST, "eth0"]] : [["out", INTERNET_HOST, "eth0"]];
    case "kernel":
    case "node":
    case "tunnel":
      return [
        ["in", hop.in && !rewrites(before) ? node : undefined, device.in],
        ["out", hop.out && leaves ? node : undefined, device.out],
      ];
    case "nat":
    case "kube-proxy":
      // Masquerading comes after the route, and everything else before it.
      return isHere(before) && before?.kind === "kernel"
        ? [["out", node, before.device?.out]]
        : [["in", isHere(after) ? node : undefined, after?.device?.in]];
    case "firewall":
      return [
        ["in", device.in && node, device.in],
        ["out", device.out && node, device.out],
      ];
    case "port":
      // Outwards from the node to the subnet, or inwards. What comes in has not passed the group yet.
      return isHere(before)
        ? [
            ["in", FABRIC, port(node).tap],
            ["out", FABRIC, port(node).outer],
          ]
        : [
            ["in", FABRIC, port(node).inner],
            ["out", hop.drop && FABRIC, port(node).tap],
          ];
    case "security-group":
      return [["out", FABRIC, port(node).tap]];
    case "gateway":
      return [
        ["in", ROUTER, routerAt(plan, before)],
        ["out", hop.out && ROUTER, routerAt(plan, after)],
      ];
    case "link":
      return [];
  }
}

/** The router's device on the side of the hop before it or after it. */
function routerAt(plan: LabPlan, beside: Hop | undefined): string | undefined {
  if (beside?.kind === "internet") return EXTERNAL;
  const subnet = plan.nodes.find(({ name }) => name === beside?.node)?.subnet;
  const at = plan.subnets.findIndex(({ name }) => name === subnet);
  return at === -1 ? undefined : routerDevice(at);
}
