/** Follows a trace's packet through a real cluster, at the devices of its nodes. */
import { isIPv4 } from "node:net";
import {
  addressOf,
  type Endpoint,
  fabricFacts,
  INTERNET,
  type LabPlan,
  listenerOf,
  type Packet,
  SERVICE_PORTS,
  type Trace,
} from "../../plan";
import { decodeAll } from "../decode";
import type { Evidence } from "../evidence";
import type { Follower } from "../follower";
import { compareTrace, type ObservedTrace } from "../sighting";
import { placeOf, type Tap, tapsOf } from "../tap";
import { filterOf } from "./captures";
import { TCPDUMP } from "./capturing";
import { commandOf, resultOf } from "./commands";
import type { Field } from "./field";
import { LISTENER } from "./listener";
import { UDP_PORT } from "./manifest";
import type { ClusterProberArgs } from "./prober";
import { forget, missingEnd, INTERNET as OUTSIDE, WARM } from "./probes";
import { openStudy } from "./start";

/** Seconds in which the probe must be answered. One that should fail must fail throughout. */
const WINDOW = 2;

/** No more packets of one device are kept: what is asked for is among the first. */
const PACKETS = 40;

/**
 * Starts the study's pods, and follows traces from them and from the nodes. It sees what comes by on the nodes' own devices:
 * not what a cloud does under them, and not inside of pods, which have no right to capture.
 * @throws {ClusterError} when the cluster does not answer, or no pod starts.
 */
export async function clusterFollower(args: ClusterProberArgs, plan: LabPlan): Promise<Follower> {
  const { internet = OUTSIDE, forget: forgetGroups } = args;
  const {
    field,
    study: { real },
  } = await openStudy(args, plan);
  return {
    plan: real,
    follow: (trace, to) => follow(field, real, { trace, to, internet, forget: forgetGroups }),
  };
}

/** What is followed, and the host that stands for the internet. */
interface Followed {
  trace: Trace;
  to: Endpoint;
  internet: string;
  /** Makes the groups outside the nodes forget every connection, where they can be told to. */
  forget?: ClusterProberArgs["forget"];
}

/** Follows one trace. @param real the plan with the cluster's addresses. */
export async function follow(
  field: Pick<Field, "run" | "each" | "missing" | "captureDuring">,
  real: LabPlan,
  { trace, to, internet, forget: forgetGroups }: Followed,
): Promise<ObservedTrace> {
  const why =
    field.missing(trace.from) ??
    missingEnd(field, { to }) ??
    deafTo(trace, to) ??
    (await withoutInternet(field, { trace, to, internet }));
  if (why) return compareTrace(trace, [], { ...unmeasured(why), packets: {} });
  await forget(field, { plan: real, real, forget: forgetGroups });
  const taps = await tapsOnNodes(field, real, trace, to);
  const { protocol, size, port } = trace.probe;
  const destination = to.kind === "internet" ? internet : addressOf(to);
  const probe = commandOf({ probe: protocol, destination, size, port }, WINDOW);
  const listener = listenerOf({ to }, trace.probe);
  if (listener && to.kind !== "internet") await field.run(listener.namespace, [LISTENER(listener)], 1);
  const filter = filterFor(trace, to, internet);
  const places = [...new Map(taps.map((tap) => [placeOf(tap), tap]))];
  const commands = places.map(([, tap]) => ({
    where: tap.namespace,
    command: `${TCPDUMP} -lnnt -x -c ${PACKETS} -i ${tap.interface} '${filter}'`,
  }));
  let ran: Evidence | undefined;
  const seen = await field.captureDuring(commands, async () => {
    [ran] = await field.run(trace.from, [probe], WINDOW + 2);
  });
  const packets = Object.fromEntries(
    places.map(([id], i) => {
      const found = decodeAll(hexIn(seen[i]?.output ?? ""));
      return [id, found.map((packet) => asPlanned(packet, to, internet))];
    }),
  );
  return compareTrace(trace, taps, { ...outcomeOf(trace, ran, forgetGroups !== undefined), packets });
}

const unmeasured = (why: string) =>
  ({ works: false, detail: `not measured: ${why}`, unmeasured: true }) as const;

/** Why a study pod cannot listen where the packet goes: it has no privileges. */
function deafTo({ probe: { protocol, port } }: Trace, to: Endpoint): string | undefined {
  if (to.kind !== "pod" || protocol === "icmp" || (port ?? 0) >= 1024) return undefined;
  return `a study pod has no right to listen on port ${port}; choose one from 1024 on, such as ${SERVICE_PORTS.tcp.target}`;
}

/** A pod cannot reach an internet that its own node does not reach, which says nothing about the pod network. */
async function withoutInternet(
  field: Pick<Field, "run">,
  { trace: { probe, hops }, to, internet }: Followed,
): Promise<string | undefined> {
  const node = hops[0]?.node;
  if (to.kind !== "internet" || node === undefined) return undefined;
  const { protocol, size, port } = probe;
  const command = commandOf({ probe: protocol, destination: internet, size, port }, WINDOW);
  const [ran] = await field.run(node, [command], WINDOW + 1);
  return ran?.exit === 0 ? undefined : `${node} itself does not reach ${internet}`;
}

/** The taps that are on nodes, by the names that their devices have there. Of the internet's answers only the way is known. */
async function tapsOnNodes(
  field: Pick<Field, "run" | "each">,
  real: LabPlan,
  trace: Trace,
  to: Endpoint,
): Promise<Tap[]> {
  const nodes = new Map(real.nodes.map((node) => [node.name, node]));
  const taps = tapsOf(real, trace).filter(
    ({ namespace, hop }) =>
      nodes.has(namespace) && (to.kind !== "internet" || trace.hops[hop]?.direction === "there"),
  );
  const tapped = [...new Set(taps.map(({ namespace }) => namespace))];
  const nics = await field.each(tapped, async (name): Promise<[string, string | undefined]> => {
    const [ran] = await field.run(name, [`ip -4 -o addr show to ${nodes.get(name)?.address}`], 2);
    return [name, /^\d+: (\S+) /.exec(ran?.output ?? "")?.[1]];
  });
  const { nic } = fabricFacts(real);
  const devices = new Map(nics);
  return taps.map((tap) =>
    tap.interface === nic ? { ...tap, interface: devices.get(tap.namespace) ?? nic } : tap,
  );
}

/** The packets in what `tcpdump -x` prints: each a line, and then its bytes without the link's header. */
export function hexIn(output: string): string[] {
  const packets: string[] = [];
  for (const line of output.split("\n")) {
    const bytes = /^\s+0x[0-9a-f]+:\s+([0-9a-f ]+)$/.exec(line)?.[1]?.replaceAll(" ", "");
    if (bytes === undefined) packets.push("");
    else packets.push((packets.pop() ?? "") + bytes);
  }
  return packets.filter((hex) => hex !== "");
}

/**
 * Everything between the innermost ends that the trace's packets have on their way. Between two nodes there is much else, and
 * only the first packets of a device are kept: so also their ports. Only kube-proxy gives a datagram another port than the
 * plan's (see {@link asPlanned}).
 */
function filterFor({ hops }: Trace, to: Endpoint, internet: string): string {
  const terms = new Set<string>();
  const isReal = (address: string) => (address === INTERNET.address ? internet : address);
  for (const packet of hops.flatMap((hop) => [hop.in, hop.out])) {
    const inner = packet?.headers.findLast(({ kind }) => kind === "ipv4");
    if (inner?.kind !== "ipv4") continue;
    const { protocol } = inner;
    if (protocol === "4") continue;
    const [source, destination] = [isReal(inner.source), isReal(inner.destination)];
    // What a router beyond the lab translates to is a word in the trace. It is no longer on a node then.
    if (![source, destination].every((address) => isIPv4(address))) continue;
    const transport = packet?.headers[packet.headers.indexOf(inner) + 1];
    const isKnown = transport?.kind === "tcp" || (transport?.kind === "udp" && !isService(to));
    const match = { protocol, source, destination };
    const { destinationPort: port, sourcePort: fromPort } = isKnown ? transport : {};
    // Without data it is a SYN or its answer.
    const opens = transport?.kind === "tcp" && packet?.headers.at(-1) === transport;
    terms.add(`(${filterOf({ match, destination, port, fromPort, opens })})`);
  }
  return [...terms].join(" or ");
}

const isService = ({ kind }: Endpoint): boolean => kind === "service" || kind === "nodeport";

/** A packet as the plan would have it: the internet is one address there, and a Service's pod answers on the port for DNS. */
function asPlanned({ headers, length }: Packet, to: Endpoint, internet: string): Packet {
  const address = (real: string) => (real === internet && to.kind === "internet" ? INTERNET.address : real);
  const port = (real: number | undefined) =>
    isService(to) && real === UDP_PORT ? SERVICE_PORTS.udp.target : real;
  return {
    length,
    headers: headers.map((header) => {
      if (header.kind === "ipv4")
        return { ...header, source: address(header.source), destination: address(header.destination) };
      if (header.kind !== "udp") return header;
      return {
        ...header,
        sourcePort: port(header.sourcePort),
        destinationPort: port(header.destinationPort),
      };
    }),
  };
}

/** What came of the probe. A cloud's group cannot be told to forget what it has let through before. */
function outcomeOf(
  { hops, outcome }: Trace,
  ran: Pick<Evidence, "exit" | "output"> | undefined,
  fromCold: boolean,
) {
  const { works, detail, unmeasured: isUnmeasured } = resultOf(ran ?? { output: "it did not answer" });
  const refusal = hops.find(({ drop }) => drop)?.kind === "security-group";
  if (works && outcome === "fails" && refusal && !fromCold) return { ...unmeasured(""), detail: WARM.detail };
  return { works, detail, ...(isUnmeasured && { unmeasured: true as const }) };
}
