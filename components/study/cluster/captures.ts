/** One packet of each path, taken from a node's device by tcpdump while the path's probe is sent. */
import { addressOf, fabricFacts, type LabPlan, nameOf, type Pair, toNumber } from "../../plan";
import { type CaptureOrder, captureOf } from "../capture";
import type { Evidence } from "../evidence";
import type { Measured, NodeFacts } from "../measured";
import { TCPDUMP } from "./capturing";
import { commandOf } from "./commands";
import type { Field } from "./field";
import { INTERNET, inReality } from "./probes";

/** Seconds in which the probe of a packet repeats it. */
const WINDOW = 1;

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
  const orders = rows.map(({ key, pair }): Order => {
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
  const at = (where: string, command: string) => ({ where, command });
  const [routes, packets] = await Promise.all([
    field.runEach(
      orders.map(({ node, route }) => at(node, `ip route get ${route} | head -n 1`)),
      2,
    ),
    field.captureDuring(
      orders.map((order) => at(order.node, captureCommand(real, order, facts))),
      () =>
        field.runEach(
          orders.map((order) => at(order.namespace, commandOf(order, WINDOW))),
          WINDOW + 2,
        ),
    ),
  ]);
  return Object.fromEntries(
    orders.map(({ id, example }, i) => [id, { ...tidy(routes[i], packets[i]), example }]),
  );
}

/** A capture of a pair with the cluster's addresses. */
interface Order extends CaptureOrder {
  pair: Pair;
  example: string;
}

function captureCommand(real: LabPlan, { node, pair, ...order }: Order, facts: readonly NodeFacts[]): string {
  const nic = facts.find((one) => one.node === node)?.nic?.device ?? fabricFacts(real).nic;
  // Inside a node, the packet is on the device of the pod that gets it.
  const device = pair.path === "same-node" ? deviceTo(addressOf(pair.to)) : nic;
  return `${TCPDUMP} -lnnt -e -c 1 -i ${device} '${filterOf(order)}'`;
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
const tidy = (route: Evidence | undefined, packet: Evidence | undefined) => ({
  route: (route?.exit === 0 ? route.output : "").replace(/ uid \d+.*$/, "").trim(),
  packet: (packet?.output ?? "")
    .split("\n")
    .filter((line) => line.trim() !== "")
    .join("\n"),
});
