/** Lines in the drawing of a topology: the packet's way from hop to hop, and the arcs of BGP sessions. */
import { type Hop, TENANT_TUNNEL } from "../../../components/plan";
import { type Box, type Layout, type NodeBox, type Point, routerAtHop, routerOfSubnet } from "./layout";

/** The middle of a rectangle. */
export const middleOf = ({ x, y, width, height }: Box): Point => ({ x: x + width / 2, y: y + height / 2 });

/** Where the security group and the anti-spoofing check are drawn: on the card's upper edge. */
export const portOf = (card: NodeBox): { group: Point; check: Point } => ({
  group: { x: card.bus.x - 11, y: card.y },
  check: { x: card.bus.x + 11, y: card.y },
});

const cardOf = (layout: Layout, { node }: Pick<Hop, "node">): NodeBox | undefined =>
  layout.nodes.find((one) => one.node.name === node);

/** Where a hop is: the point that the packet's way passes, and the one where the packet is shown, beside the text. */
export function placeOf(
  layout: Layout,
  hop: Pick<Hop, "kind" | "name" | "node">,
): { on: Point; beside: Point } {
  const card = cardOf(layout, hop);
  if (!card) return atEdge(hop.kind === "internet" ? layout.internet : routerAtHop(layout, hop.name));
  if (!layout.isDetailed) return atEdge(card);
  const { group, check } = portOf(card);
  const point = (at: Point) => ({ on: at, beside: at });
  switch (hop.kind) {
    case "pod":
      return atEdge(card.pods.find(({ name }) => name === hop.name) ?? card);
    case "security-group":
      return point(group);
    case "port":
      return point(check);
    case "link":
      return point(card.bus);
    case "firewall":
      return point({ x: card.bus.x, y: card.y + 12 });
    case "instance":
      return atEdge(card.instances.find(({ name }) => name === hop.name) ?? card);
    case "bridge":
      return atEdge(card.bridge ?? card);
    case "tunnel":
      // A tenant network's tunnel is br-int's, and not Calico's.
      return atEdge((hop.name.startsWith(TENANT_TUNNEL.device) ? card.bridge : undefined) ?? card.tunnel);
    default:
      return atEdge(card.kernel);
  }
}

const atEdge = (box: Box) => ({ on: middleOf(box), beside: { x: middleOf(box).x, y: box.y - 4 } });

/** The line from one hop to the next, along the subnets' lines and between the boxes of a card. */
export function lineBetween(layout: Layout, a: Hop, b: Hop): Point[] {
  const [from, to] = [cardOf(layout, a), cardOf(layout, b)];
  const [start, end] = [placeOf(layout, a).on, placeOf(layout, b).on];
  if (from && from === to) return [...inside(from, start, end), end];
  const isNear = from && to && from.bus.y === to.bus.y && from.node.subnet === to.node.subnet;
  const out = from ? [...toBus(from, start), ...(isNear ? [] : trunk(layout, from))] : [];
  const into = to ? [...toBus(to, end), ...(isNear ? [] : trunk(layout, to))].reverse() : [];
  return [...out, ...into, end];
}

/** Between two boxes of a card: through the gaps above and below its kernel. */
function inside(card: NodeBox, start: Point, end: Point): Point[] {
  const [above, below] = [card.kernel.y - 6, card.kernel.y + card.kernel.height + 6];
  const between = (y: number) => [
    { x: start.x, y },
    { x: end.x, y },
  ];
  if (start.y === end.y) return [];
  if (Math.max(start.y, end.y) > below) return between(below);
  return Math.min(start.y, end.y) < above ? between(above) : [];
}

/** From a box of a card to its subnet's line. */
const toBus = (card: NodeBox, start: Point): Point[] => {
  const { bus, kernel } = card;
  if (start.y <= card.y + 12) return [bus];
  const y = kernel.y - 6;
  return [{ x: start.x, y }, { x: bus.x, y }, bus];
};

/** From a node on its subnet's line to where the router's line divides. */
function trunk(layout: Layout, { node, bus }: NodeBox): Point[] {
  const { subnets, isBeside } = layout;
  const { fork } = routerOfSubnet(layout, node.subnet);
  const subnet = subnets.find(({ name }) => name === node.subnet);
  if (!subnet) return [];
  const x = isBeside ? subnet.x + subnet.width / 2 : subnet.x - 14;
  return [{ x, y: bus.y }, { x, y: fork.y }, fork];
}

/** Points as the path of an SVG. */
export const pathOf = (points: readonly Point[]): string =>
  points.map(({ x, y }, i) => `${i === 0 ? "M" : "L"}${x} ${y}`).join("");

/** The way over several hops. */
export function wayOf(layout: Layout, hops: readonly Hop[]): Point[] {
  const [first, ...rest] = hops;
  if (!first) return [];
  return [placeOf(layout, first).on, ...rest.flatMap((next, i) => lineBetween(layout, hops[i] as Hop, next))];
}

/** The arc of a session: below two cards of one line, else at the right of both. */
export function arcBetween(a: NodeBox, b: NodeBox): string {
  if (a.y === b.y) {
    const [x1, x2, y] = [a.bus.x, b.bus.x, a.y + a.height];
    const depth = Math.min(56, 16 + Math.abs(x2 - x1) * 0.1);
    return `M${x1} ${y}C${x1} ${y + depth} ${x2} ${y + depth} ${x2} ${y}`;
  }
  const [x1, y1] = [a.x + a.width, a.y + a.height / 2];
  const [x2, y2] = [b.x + b.width, b.y + b.height / 2];
  const far = Math.max(x1, x2) + Math.min(96, 14 + Math.abs(y2 - y1) * 0.16);
  return `M${x1} ${y1}C${far} ${y1} ${far} ${y2} ${x2} ${y2}`;
}
