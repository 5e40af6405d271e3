/** Where everything of a topology is drawn, in units of the drawing. Its shape is always the same, so this is arithmetic. */
import type { LabPlan, NodePlan, TenantPlan } from "../../../components/plan";

/** A place in the drawing. */
export interface Point {
  x: number;
  y: number;
}

/** A rectangle by its upper left corner. */
export interface Box extends Point {
  width: number;
  height: number;
}

/** A node's card. Without details it shows the name alone. */
export interface NodeBox extends Box {
  node: NodePlan;
  /** Where the node's line meets its subnet's. */
  bus: Point;
  kernel: Box;
  tunnel: Box;
  pods: End[];
  /** With a tenant network: br-int, and the instances of which the node is the host. */
  bridge?: Box;
  instances: End[];
}

/** A pod or an instance. */
export type End = Box & { name: string; address: string };

/** A subnet, with one line of nodes, or several below each other. */
export interface SubnetBox extends Box {
  name: string;
  cidr: string;
  lines: { y: number; x1: number; x2: number }[];
}

/** A router: the one of the lab, or of a site. */
export interface RouterBox extends Box {
  /** The router's name in a lab with sites. */
  name?: string;
  /** The names of its subnets; undefined for all. */
  of?: readonly string[];
  /** Where the line from it divides. */
  fork: Point;
}

/** The drawing of a plan. */
export interface Layout {
  width: number;
  height: number;
  internet: Box;
  routers: RouterBox[];
  subnets: SubnetBox[];
  nodes: NodeBox[];
  /** Whether the subnets stand side by side. Else they stand below each other, and a line at their left joins them. */
  isBeside: boolean;
  /** Whether each pod and each BGP session is drawn. */
  isDetailed: boolean;
}

const ROUTER = { width: 190, height: 36 };
/** Between two routers, for the word on their link. */
const LINK = 60;
const INTERNET = { width: 110, height: 26 };
const DETAILED = { width: 146, height: 118 };
const PLAIN = { width: 74, height: 30 };
const GAP = 12;
const PAD = 10;
/** Left of subnets that stand below each other, for the line that joins them. */
const MARGIN = 22;
/** From a subnet's upper edge to its first line, from a line to its cards, and from these on. */
const HEAD = 34;
const DROP = 26;
const BELOW = 14;
/** Below the cards of a line, for the arcs of BGP sessions. */
const ARCS = 48;

/** Number of nodes above which a card shows the node's name alone. */
export const DETAILED_UP_TO = 12;

/** Draws a plan into a width. Subnets stand side by side where there is room. */
export function layoutOf(plan: LabPlan, width: number): Layout {
  const { subnets, nodes, bgp, tenant } = plan;
  const isDetailed = nodes.length <= DETAILED_UP_TO;
  const height = DETAILED.height + (tenant ? rowsFor(tenant) * TENANT_ROW : 0);
  const card = isDetailed ? { ...DETAILED, height } : PLAIN;
  const members = subnets.map(({ name }) => nodes.filter((node) => node.subnet === name));
  const wide = members.map((own) => Math.max(170, 2 * PAD + spanOf(own.length, card.width)));
  const total = wide.reduce((sum, one) => sum + one + GAP, -GAP);
  const isBeside = total <= width;
  const room = Math.floor((width - MARGIN - 2 * PAD + GAP) / (card.width + GAP));
  const perLine = isBeside ? Number.POSITIVE_INFINITY : Math.max(1, room);
  // In a single column, the arcs have room at the right of the cards.
  const below = bgp.enabled && isDetailed && perLine > 1 ? ARCS : BELOW;
  const internet = { x: (width - INTERNET.width) / 2, y: 4, ...INTERNET };
  const routers = routersOf(plan, width);
  const lowest = Math.max(...routers.map(({ fork }) => fork.y));

  const drawn: SubnetBox[] = [];
  const cards: NodeBox[] = [];
  let [x, y] = [isBeside ? (width - total) / 2 : MARGIN, lowest + 14];
  subnets.forEach(({ name, cidr }, i) => {
    const own = members[i] ?? [];
    const columns = Math.max(1, Math.min(perLine, own.length));
    const rows = Math.max(1, Math.ceil(own.length / columns));
    const boxWidth = isBeside ? (wide[i] as number) : width - MARGIN;
    const rowHeight = DROP + card.height + below;
    const lines = Array.from({ length: rows }, (_, r) => ({
      y: y + HEAD + r * rowHeight,
      x1: x + PAD,
      x2: x + boxWidth - PAD,
    }));
    own.forEach((node, at) => {
      const [r, c] = [Math.floor(at / columns), at % columns];
      const span = spanOf(Math.min(columns, own.length - r * columns), card.width);
      const left = columns === 1 && !isBeside ? x + PAD : x + (boxWidth - span) / 2;
      const line = (lines[r] as (typeof lines)[number]).y;
      cards.push(
        cardOf(node, { x: left + c * (card.width + GAP), y: line + DROP, ...card }, line, isDetailed, tenant),
      );
    });
    drawn.push({ x, y, width: boxWidth, height: HEAD + rows * rowHeight, name, cidr, lines });
    if (isBeside) x += boxWidth + GAP;
    else y += HEAD + rows * rowHeight + GAP;
  });
  const whole = Math.max(...drawn.map((one) => one.y + one.height)) + 2;
  return { width, height: whole, internet, routers, subnets: drawn, nodes: cards, isBeside, isDetailed };
}

/** One router in the middle, or one for each site, side by side. */
function routersOf({ sites }: LabPlan, width: number): RouterBox[] {
  const y = 48;
  const below = y + ROUTER.height + 16;
  if (!sites) return [{ x: (width - ROUTER.width) / 2, y, ...ROUTER, fork: { x: width / 2, y: below } }];
  const own = Math.min(ROUTER.width, (width - LINK) / 2);
  return sites.map(({ router, subnets }, i) => {
    const x = width / 2 + (i === 0 ? -LINK / 2 - own : LINK / 2);
    // Their lines to the subnets must not lie on each other.
    const fork = { x: x + own / 2, y: below - 6 * i };
    return { x, y, width: own, height: ROUTER.height, name: router, of: subnets, fork };
  });
}

/** The router of a subnet. */
export const routerOfSubnet = ({ routers }: Layout, subnet: string): RouterBox =>
  routers.find((one) => !one.of || one.of.includes(subnet)) ?? (routers[0] as RouterBox);

/** The router at which a packet is, by the name of the hop: `router-a`, or its device. */
export const routerAtHop = ({ routers }: Layout, hop: string): RouterBox =>
  routers.find(({ name }) => name !== undefined && (hop === name || hop.endsWith(` of ${name}`))) ??
  (routers[0] as RouterBox);

const spanOf = (cards: number, width: number): number => cards * width + Math.max(0, cards - 1) * GAP;

/** A card's inside: name and address, then the kernel and the tunnel's device, then the pods. */
function cardOf(
  node: NodePlan,
  box: Box,
  line: number,
  isDetailed: boolean,
  tenant: TenantPlan | undefined,
): NodeBox {
  const { x, y, width } = box;
  const { height } = DETAILED;
  const bus = { x: x + width / 2, y: line };
  if (!isDetailed) return { ...box, node, bus, kernel: box, tunnel: box, pods: [], instances: [] };
  // Above the first pod and the second, so that the way between them is straight.
  const kernel = { x: x + 10, y: y + 48, width: 56, height: 18 };
  const tunnel = { x: x + 73, y: y + 48, width: 70, height: 18 };
  const each = (width - 3 * 6) / 2;
  const pods = node.pods.map(({ name, address }, i) => ({
    name,
    address,
    x: x + 6 + i * (each + 6),
    y: y + height - 38,
    width: each,
    height: 32,
  }));
  if (!tenant) return { ...box, node, bus, kernel, tunnel, pods, instances: [] };
  // Below the pods: br-int at the left, and at its right the instances, one below the other.
  const own = tenant.instances.filter(({ host }) => host === node.name);
  const instances = own.map(({ name, address }, i) => ({
    name,
    address,
    x: x + 12 + each,
    y: y + height + i * TENANT_ROW,
    width: each,
    height: 32,
  }));
  const bridge = { x: x + 10, y: y + height + 7, width: 56, height: 18 };
  return { ...box, node, bus, kernel, tunnel, pods, bridge, instances };
}

/** Below the pods of a card: one row for br-int and each instance of a host. */
const TENANT_ROW = 38;

/** The rows of a tenant network in every card: as many as the host with the most instances needs. */
const rowsFor = ({ instances }: TenantPlan): number =>
  Math.max(...instances.map(({ host }) => instances.filter((one) => one.host === host).length));
