/** The lab as a drawing, with the packet on its way. */
import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import {
  arePeers,
  fabricFacts,
  type Hop,
  type LabPlan,
  linkFault,
  sessionUp,
  type Verdict,
} from "../../../components/plan";
import type { Observation } from "../../../components/study";
import { arcBetween, middleOf, pathOf, placeOf, wayOf } from "./geometry";
import { DETAILED_UP_TO, type Layout, layoutOf, routerOfSubnet } from "./layout";
import { memo } from "./memo";
import { LOCK, NodeFrame, NodeInside, SHIELD } from "./node-card";
import { inWords, sessions, tenantInShort } from "./words";
import "./topology.css";

interface Props {
  plan: LabPlan;
  verdict: Verdict;
  observation?: Observation;
  hops: readonly Hop[];
  hop: number;
}

/** The drawing, as wide as its card. */
export function Topology({ plan, verdict, observation, hops, hop }: Props) {
  const [figure, width] = useWidth();
  const layout = useMemo(() => layoutOf(plan, width), [plan, width]);
  const text = useMemo(() => inWords(plan), [plan]);
  return (
    <section class="card topology" aria-labelledby="topology">
      <div class="bar">
        <h2 id="topology">Topology</h2>
      </div>
      <figure ref={figure}>
        <svg
          viewBox={`0 0 ${layout.width} ${layout.height}`}
          role="img"
          aria-labelledby="drawing-title drawing-text"
        >
          <title id="drawing-title">The lab's network</title>
          <desc id="drawing-text">{text}</desc>
          <Below plan={plan} layout={layout} verdict={verdict} />
          <Way layout={layout} hops={hops} hop={hop} />
          <Above plan={plan} layout={layout} verdict={verdict} />
          <PacketDot layout={layout} hop={hops[hop]} />
        </svg>
        <figcaption>
          <Legend plan={plan} observation={observation} />
        </figcaption>
      </figure>
    </section>
  );
}

interface Still {
  plan: LabPlan;
  layout: Layout;
  verdict: Verdict;
}

const isReady = ({ notReady }: Verdict, name: string): boolean => notReady.every(({ node }) => node !== name);

/** What the packet's way is drawn on. */
const Below = memo(({ plan, layout, verdict }: Still) => (
  <g>
    <Subnets layout={layout} />
    <Trunks layout={layout} />
    {plan.bgp.enabled && layout.isDetailed && <Sessions plan={plan} layout={layout} />}
    {layout.nodes.map((card) => (
      <NodeFrame key={card.node.name} card={card} isReady={isReady(verdict, card.node.name)} />
    ))}
  </g>
));

/** What must be read through the packet's way. */
const Above = memo(({ plan, layout, verdict }: Still) => (
  <g>
    <Outside plan={plan} layout={layout} />
    {layout.nodes.map((card) => (
      <NodeInside
        key={card.node.name}
        plan={plan}
        card={card}
        isDetailed={layout.isDetailed}
        isReady={isReady(verdict, card.node.name)}
      />
    ))}
  </g>
));

/** An element's width, as it changes. On paper it stays what it was on the screen. */
function useWidth() {
  const figure = useRef<HTMLElement>(null);
  const [width, setWidth] = useState(640);
  useEffect(() => {
    const { current } = figure;
    if (!current) return;
    const observer = new ResizeObserver(([entry]) => {
      if (entry) setWidth(Math.max(300, Math.round(entry.contentRect.width)));
    });
    observer.observe(current);
    return () => observer.disconnect();
  }, []);
  return [figure, width] as const;
}

function Outside({ plan, layout: { internet, routers } }: { plan: LabPlan; layout: Layout }) {
  return (
    <g>
      <rect class="internet" {...internet} rx={13} />
      <text class="middle" x={middleOf(internet).x} y={middleOf(internet).y + 4.5}>
        internet
      </text>
      {routers.map(({ name, of: _, fork: __, ...box }) => (
        <g key={name}>
          <rect class="router" {...box} rx={8} />
          <text class="middle strong" x={middleOf(box).x} y={box.y + 16}>
            {name ?? fabricFacts(plan).gateway}
          </text>
          <text class="middle small muted" x={middleOf(box).x} y={box.y + 29}>
            {routerWords(plan, name !== undefined)}
          </text>
        </g>
      ))}
      {plan.link && <SiteLink plan={plan} routers={routers} />}
    </g>
  );
}

/** What a router knows. In a lab with sites its box may be narrow. */
function routerWords({ podRoutes, bgp }: LabPlan, isShort: boolean): string {
  if (isShort) return podRoutes.length > 0 ? "routes to pods" : "knows no pods";
  if (podRoutes.length > 0) return "routes to each node's pods";
  return bgp.gatewayAsNumber === undefined ? "knows subnets, no pods" : "routes to each node's pods, by BGP";
}

/** The tunnel between two sites, and whether it carries anything. */
function SiteLink({ plan, routers }: { plan: LabPlan; routers: Layout["routers"] }) {
  const [a, b] = routers;
  if (!a || !b) return null;
  const isUp = linkFault(plan) === undefined;
  const y = a.y + a.height / 2;
  return (
    <g class="sessions">
      <path class={isUp ? "up" : "down"} d={`M${a.x + a.width} ${y}H${b.x}`}>
        <title>{`IPsec ${a.name} – ${b.name}: ${isUp ? "up" : "carries nothing between the sites"}`}</title>
      </path>
      <text class="middle small" x={(a.x + a.width + b.x) / 2} y={y - 5}>
        IPsec
      </text>
    </g>
  );
}

function Subnets({ layout }: { layout: Layout }) {
  return (
    <g>
      {layout.subnets.map(({ name, cidr, lines, ...box }) => (
        <g key={name}>
          <rect class="subnet" {...box} rx={12} />
          <text class="small" x={box.x + 12} y={box.y + 19}>
            <tspan class="strong">{name}</tspan> {cidr}
          </text>
          {lines.map((line) => (
            <line class="wire" key={line.y} x1={line.x1} x2={line.x2} y1={line.y} y2={line.y} />
          ))}
        </g>
      ))}
    </g>
  );
}

/** From the internet through the routers to the lines of each subnet. */
function Trunks({ layout }: { layout: Layout }) {
  const { internet, routers, subnets, isBeside } = layout;
  const { x: middle } = middleOf(internet);
  const bottom = internet.y + internet.height;
  return (
    <g class="wire">
      {routers.map(({ name, y, fork }) => (
        <path key={name} d={`M${middle} ${bottom}V${(bottom + y) / 2}H${fork.x}V${fork.y}`} />
      ))}
      {subnets.map(({ name, x, width, lines }) => {
        const { fork } = routerOfSubnet(layout, name);
        const at = isBeside ? x + width / 2 : x - 14;
        const down = lines.map((line) => `M${at} ${fork.y}V${line.y}${isBeside ? "" : `H${line.x1}`}`);
        return <path key={name} d={`M${fork.x} ${fork.y}H${at}${down.join("")}`} />;
      })}
    </g>
  );
}

/** The BGP sessions: which of them come up. */
function Sessions({ plan, layout: { nodes } }: { plan: LabPlan; layout: Layout }) {
  return (
    <g class="sessions">
      {nodes.flatMap((a, i) =>
        nodes
          .slice(i + 1)
          .filter((b) => arePeers(plan, a.node, b.node))
          .map((b) => {
            const isUp = sessionUp(plan, a.node, b.node);
            return (
              <path key={`${a.node.name}-${b.node.name}`} class={isUp ? "up" : "down"} d={arcBetween(a, b)}>
                <title>{`BGP ${a.node.name} – ${b.node.name}: ${isUp ? "up" : "down"}`}</title>
              </path>
            );
          }),
      )}
    </g>
  );
}

/** The way of the packet, or of its answer, up to the hop that is shown, and what is ahead of it. */
function Way({ layout, hops, hop }: { layout: Layout; hops: readonly Hop[]; hop: number }) {
  const at = hops[hop];
  if (!at) return null;
  const leg = hops.filter(({ direction }) => direction === at.direction);
  return (
    <g class={`way ${at.direction}`}>
      <path class="ahead" d={pathOf(wayOf(layout, leg))} />
      <path class="behind" d={pathOf(wayOf(layout, leg.slice(0, leg.indexOf(at) + 1)))} />
    </g>
  );
}

/** The packet at its hop; a cross where it is lost. */
function PacketDot({ layout, hop }: { layout: Layout; hop?: Hop }) {
  if (!hop) return null;
  const { x, y } = placeOf(layout, hop).beside;
  return (
    <g class="packet-dot" style={{ transform: `translate(${x}px, ${y}px)` }}>
      <circle class={hop.drop ? "lost" : ""} r={hop.drop ? 11 : 7} />
      {hop.drop && <path class="cross" d="M-4.5 -4.5L4.5 4.5M4.5 -4.5L-4.5 4.5" />}
    </g>
  );
}

const Legend = memo(({ plan, observation }: { plan: LabPlan; observation?: Observation }) => {
  const { securityGroup, antiSpoofing } = fabricFacts(plan);
  const down = Object.keys(observation?.sessionsDown ?? {});
  return (
    <ul class="legend">
      <li>
        {plan.bgp.enabled && plan.nodes.length <= DETAILED_UP_TO && <span class="key bgp" />}
        {plan.bgp.enabled ? `BGP: ${sessions(plan)}` : "BGP is disabled"}
        {plan.bgp.enabled &&
          observation &&
          (down.length === 0 ? "; seen up" : `; seen down on ${down.join(", ")}`)}
      </li>
      {securityGroup && <Key sign={LOCK} text="security group" />}
      {antiSpoofing && <Key sign={SHIELD} text={antiSpoofing.name.replace(/^the /, "")} />}
      {plan.tenant && <li>{tenantInShort(plan.tenant)}</li>}
      {(securityGroup || antiSpoofing) && <li>red: drops what the lab needs</li>}
    </ul>
  );
});

const Key = ({ sign, text }: { sign: string; text: string }) => (
  <li>
    <svg viewBox="0 0 16 16" width="16" height="16" aria-hidden="true" class="icon">
      <path d={sign} />
    </svg>
    {text}
  </li>
);
