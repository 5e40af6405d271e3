/** A node in the drawing: its port with what guards it, its kernel and tunnel device, its pods. */
import {
  fabricFacts,
  INTEGRATION_BRIDGE,
  type LabPlan,
  pluggedPort,
  TUNNELS,
  tunnelEndOf,
  tunnelsOf,
} from "../../../components/plan";
import { middleOf, portOf } from "./geometry";
import type { Box, End, NodeBox } from "./layout";

interface Props {
  plan: LabPlan;
  card: NodeBox;
  isDetailed: boolean;
  isReady: boolean;
}

/** The card's frame and its line to the subnet. It is drawn below the packet's way. */
export function NodeFrame({ card: { x, y, width, height, bus }, isReady }: Pick<Props, "card" | "isReady">) {
  return (
    <g>
      <line class="wire" x1={bus.x} x2={bus.x} y1={bus.y} y2={y} />
      <rect class={`node ${isReady ? "" : "unready"}`} x={x} y={y} width={width} height={height} rx={9} />
    </g>
  );
}

/** The card's inside. It is drawn above the packet's way, so that every text can be read. */
export function NodeInside({ plan, card, isDetailed, isReady }: Props) {
  const { node, x, y, kernel, tunnel, pods } = card;
  if (!isDetailed) return <Label box={card} text={node.name} />;
  const kinds = tunnelsOf(plan).filter((one) => tunnelEndOf(node, one));
  const [kind] = kinds;
  return (
    <g>
      <text class="strong halo" x={x + 8} y={y + 22}>
        {node.name}
        {node.role === "control-plane" && <tspan class="tiny role"> control plane</tspan>}
      </text>
      <text class="small mono halo" x={x + 8} y={y + 37}>
        {node.address}
      </text>
      <Label box={kernel} text="kernel" kind="kernel" />
      {kind ? (
        <Label box={tunnel} text={kinds.map((one) => TUNNELS[one].device).join(" ")} kind={kind} />
      ) : (
        <text class="tiny muted middle" x={middleOf(tunnel).x} y={middleOf(tunnel).y + 3.5}>
          {isReady ? "no tunnel" : "not ready"}
        </text>
      )}
      {pods.map((pod) => (
        <EndBox key={pod.name} end={pod} kind="pod" />
      ))}
      {card.bridge && <Bridge plan={plan} card={card} bridge={card.bridge} />}
      <Port plan={plan} card={card} />
    </g>
  );
}

/** A pod or an instance: its name above its address. */
function EndBox({ end, kind }: { end: End; kind: "pod" | "instance" }) {
  const { x } = middleOf(end);
  return (
    <g>
      <rect class={kind} x={end.x} y={end.y} width={end.width} height={end.height} rx={6} />
      <text class="small middle" x={x} y={end.y + 14}>
        {end.name}
      </text>
      <text
        class="tiny middle mono"
        x={x}
        y={end.y + 26}
        textLength={fitted(end)}
        lengthAdjust="spacingAndGlyphs"
      >
        {end.address}
      </text>
    </g>
  );
}

/** br-int with the instances on it, and the line to the kernel where the node has a port in the tenant network. */
function Bridge({ plan, card, bridge }: { plan: LabPlan; card: NodeBox; bridge: Box }) {
  const { node, kernel, instances, x } = card;
  const port = pluggedPort(plan, node);
  const [from, to] = [middleOf(kernel).y, middleOf(bridge).y];
  return (
    <g>
      {port && (
        <path class="wire port-wire" d={`M${kernel.x} ${from}H${x + 3}V${to}H${bridge.x}`}>
          <title>{`${node.name}: port ${port.address} in the tenant network`}</title>
        </path>
      )}
      {instances.map((one) => (
        <path
          key={one.name}
          class="wire"
          d={`M${bridge.x + bridge.width} ${to}H${one.x - 4}V${middleOf(one).y}H${one.x}`}
        />
      ))}
      <Label box={bridge} text={INTEGRATION_BRIDGE} kind="bridge" />
      {instances.map((one) => (
        <EndBox key={one.name} end={one} kind="instance" />
      ))}
    </g>
  );
}

/** A long address is made narrower; a short one keeps its shape. */
const fitted = ({ address, width }: { address: string; width: number }): number | undefined =>
  address.length > 11 ? width - 6 : undefined;

function Label({ box, text, kind = "" }: { box: Box; text: string; kind?: string }) {
  return (
    <g class={`chip ${kind}`}>
      {kind && <rect {...box} rx={5} />}
      <text class="small middle" x={middleOf(box).x} y={middleOf(box).y + 4}>
        {text}
      </text>
    </g>
  );
}

/** The outlines of the two signs, in a square of 16 units. */
export const LOCK = "M4.5 7.5h7v5h-7zM6 7.5V5.6a2 2 0 0 1 4 0v1.9";
export const SHIELD = "M8 3l4 1.6V8c0 2.6-1.7 4.3-4 5.2C5.7 12.3 4 10.6 4 8V4.6z";

/** A lock for the security group, a shield for the anti-spoofing check. Red: it drops what the lab needs. */
function Port({ plan, card }: Pick<Props, "plan" | "card">) {
  const { securityGroup, antiSpoofing } = fabricFacts(plan);
  const { host, name } = card.node;
  const { group, check } = portOf(card);
  const missing = plan.firewall.flatMap(({ needed, open, name: rule }) => (needed && !open ? [rule] : []));
  const own = host.closed.map(({ rule }) => rule);
  const closed = [...new Set([...(securityGroup ? missing : []), ...own])];
  const drops = plan.antiSpoofing.needed && !host.allowsPods;
  const guard = securityGroup ? "security group" : "its own firewall";
  const state =
    closed.length > 0 ? `closed, but needed: ${closed.join(", ")}` : "all that the lab needs is open";
  return (
    <g class="port">
      {(securityGroup || own.length > 0) && (
        <g class={closed.length > 0 ? "refuses" : ""} transform={`translate(${group.x - 8} ${group.y - 8})`}>
          <title>{`${name}: ${guard}; ${state}`}</title>
          <rect width={16} height={16} rx={4} />
          <path d={LOCK} />
        </g>
      )}
      {antiSpoofing && (
        <g class={drops ? "refuses" : ""} transform={`translate(${check.x - 8} ${check.y - 8})`}>
          <title>{`${name}: ${antiSpoofing.name} ${host.allowsPods ? "lets" : "does not let"} pod addresses through`}</title>
          <rect width={16} height={16} rx={4} />
          <path d={SHIELD} />
        </g>
      )}
    </g>
  );
}
