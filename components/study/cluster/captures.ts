/** One packet of each path, taken from a node's device by tcpdump while the path's probe is sent. */
import { addressOf, fabricFacts, type LabPlan, nameOf, type Pair, toNumber } from "../../plan";
import { type CaptureOrder, captureOf } from "../capture";
import type { Measured, NodeFacts } from "../measured";
import { commandOf } from "./commands";
import type { Field } from "./field";
import { INTERNET, inReality } from "./probes";

/** Seconds until a packet must have come, and until tcpdump listens. */
const LIMIT = 3;
export const READY = 0.8;

/** With -Z root where tcpdump knows it: else Debian's changes its user, which it has no right to. */
export const TCPDUMP = "tcpdump $(tcpdump -Z root --version >/dev/null 2>&1 && echo -Z root)";

/** The device by which a node reaches an address, as a shell finds it. */
export const deviceTo = (address: string): string =>
  `$(ip route get ${address} | sed -n 's/.* dev \\([^ ]*\\).*/\\1/p')`;

/** A row of the verdict, and the pair of the sample that stands for it. */
export interface CapturedRow {
  key: string;
  pair: Pair;
}

/** Takes the packet of each row. Sends each row's probe once more for it. */
export async function takeCaptures(
  field: Field,
  real: LabPlan,
  {
    rows,
    facts,
    internet = INTERNET,
  }: { rows: readonly CapturedRow[]; facts: readonly NodeFacts[]; internet?: string },
): Promise<Measured["captures"]> {
  const inCluster = inReality(real);
  const orders = rows.map(({ key, pair }) => {
    const order = captureOf(real, key, inCluster(pair));
    const isOutside = pair.to.kind === "internet";
    const end = isOutside ? { destination: internet, route: internet } : {};
    return {
      ...order,
      ...end,
      match: isOutside ? { ...order.match, destination: internet } : order.match,
      example: `${pair.from.name} > ${nameOf(pair.to)}`,
      pair: inCluster(pair),
    };
  });
  const [routes] = await Promise.all([
    perPlace(
      field,
      orders,
      ({ node }) => node,
      (order) => captureCommand(real, order, facts),
      LIMIT + 3,
    ),
    perPlace(
      field,
      orders,
      ({ namespace }) => namespace,
      (order) => `sleep ${READY}; ${commandOf(order, 1)}`,
      6,
    ),
  ]);
  return Object.fromEntries(
    orders.map((order, i) => {
      const [route = "", ...packet] = (routes[i] ?? "").split("\n");
      return [order.id, { ...tidy(route, packet), example: order.example }];
    }),
  );
}

/** Runs a command for each order in its place. @returns the outputs, in the order of `orders`. */
async function perPlace<Order>(
  field: Field,
  orders: readonly Order[],
  placeOf: (order: Order) => string,
  commandFor: (order: Order) => string,
  seconds: number,
): Promise<string[]> {
  const outputs: string[] = [];
  const places = [...new Set(orders.map(placeOf))];
  await field.each(places, async (place) => {
    const own = orders.flatMap((order, i) => (placeOf(order) === place ? [i] : []));
    const ran = await field.run(
      place,
      own.map((i) => commandFor(orders[i] as Order)),
      seconds,
    );
    own.forEach((i, n) => {
      const { exit, output = "" } = ran[n] ?? {};
      outputs[i] = exit === undefined ? `\n${output}` : output;
    });
  });
  return outputs;
}

/** The route in the first line, the packet after it. */
function captureCommand(
  real: LabPlan,
  order: CaptureOrder & { pair: Pair },
  facts: readonly NodeFacts[],
): string {
  const { node, route, pair } = order;
  const nic = facts.find((one) => one.node === node)?.nic?.device ?? fabricFacts(real).nic;
  // Inside a node, the packet is on the device of the pod that gets it.
  const device = pair.path === "same-node" ? deviceTo(addressOf(pair.to)) : nic;
  return `ip route get ${route} | head -n 1; timeout ${LIMIT} ${TCPDUMP} -lnnt -e -c 1 -i ${device} '${filterOf(order)}' 2>/dev/null`;
}

/** The numbers of the protocols in an IP header. */
const NUMBERS = { icmp: 1, tcp: 6, udp: 17 } as const;

/**
 * The packet as a filter of tcpdump: on its own, in IP protocol 4, or in VXLAN. The offsets are those of protocol, source
 * and destination in the inner IP header: behind 20 bytes of IP, and behind the headers of UDP, VXLAN and Ethernet (8, 8
 * and 14 bytes).
 * @param order `fromPort`: the port of an answer. `opens`: only what opens a connection, answers that, or refuses it. Between
 * two nodes the API server has connections of its own, to the kubelet's port as well.
 */
export function filterOf({
  match: { protocol, destination, source },
  destination: sent,
  port,
  fromPort,
  opens,
}: Pick<CaptureOrder, "match" | "destination" | "port"> & {
  fromPort?: number | undefined;
  opens?: boolean;
}): string {
  const number = NUMBERS[protocol];
  // Behind a Service the port is another one. To a node there is much else.
  const toPort = port && sent === destination ? ` and dst port ${port}` : "";
  const ofPort = fromPort ? ` and src port ${fromPort}` : "";
  const to = `0x${toNumber(destination).toString(16)}`;
  const from = source && `0x${toNumber(source).toString(16)}`;
  const fromHost = source ? ` and src host ${source}` : "";
  const flags = opens ? " and tcp[tcpflags] & (tcp-syn|tcp-rst) != 0" : "";
  const plain = `(ip proto ${number} and dst host ${destination}${fromHost}${toPort}${ofPort}${flags})`;
  const inner = (outer: string, at: string, start: number) => {
    const field = (offset: number, length: number) => `${at}[${start + offset}:${length}]`;
    const parts = [
      `${field(9, 1)} = ${number}`,
      `${field(16, 4)} = ${to}`,
      ...(from ? [`${field(12, 4)} = ${from}`] : []),
    ];
    return `(${[outer, ...parts].join(" and ")})`;
  };
  const ipip = inner("ip proto 4", "ip", 20);
  const vxlan = inner("udp dst port 4789", "udp", 30);
  return `${plain} or ${ipip} or ${vxlan}`;
}

/** As the twin writes them: the route without the cache's remarks, the packet without empty lines. */
const tidy = (route: string, packet: readonly string[]) => ({
  route: route.replace(/ uid \d+.*$/, "").trim(),
  packet: packet.filter((line) => line.trim() !== "").join("\n"),
});
