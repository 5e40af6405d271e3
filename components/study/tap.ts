/** Where a trace's packets can be seen on the twin. */
import { EXTERNAL, FABRIC, INTERNET_HOST, port, ROUTER, routerDevice } from "../infrastructure/fabric";
import { type Hop, IPSEC_DEVICE, type LabPlan, type Packet, type Trace } from "../plan";

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

/** A tap's place in one word. */
export const placeOf = (tap: Pick<Tap, "namespace" | "interface">): string =>
  `${tap.namespace} ${tap.interface}`;

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
    case "gateway": {
      const router = plan.sites ? hop.name : ROUTER;
      return [
        ["in", router, routerAt(plan, before)],
        ["out", hop.out && router, routerAt(plan, after)],
      ];
    }
    case "instance":
      return [hop.in ? ["in", hop.name, device.in] : ["out", hop.name, device.out]];
    // Its packets are seen where the router routes them, and in between they are encrypted.
    case "ipsec":
      return [];
    case "bridge":
    case "link":
      return [];
  }
}

/** The router's device on the side of the hop before it or after it. */
function routerAt(plan: LabPlan, beside: Hop | undefined): string | undefined {
  if (beside?.kind === "internet") return EXTERNAL;
  if (beside?.kind === "ipsec") return IPSEC_DEVICE;
  const subnet = plan.nodes.find(({ name }) => name === beside?.node)?.subnet;
  const at = plan.subnets.findIndex(({ name }) => name === subnet);
  return at === -1 ? undefined : routerDevice(at);
}
