/** A packet as nested boxes, each header around what it carries, with its bytes. */
import type { Header, Packet } from "../../../components/plan";

/** The boxes of a packet. What the hop before did not have is marked. */
export function PacketBoxes({ packet, before }: { packet: Packet; before?: Packet }) {
  const [first] = packet.headers;
  if (!first) return null;
  const tunnel = tunnelDepth(packet.headers);
  return (
    <div class="packet">
      <p class="length">
        <b>{packet.length}</b> bytes of IP
        {before && before.length !== packet.length && (
          <span class="delta">
            {packet.length > before.length ? "+" : "−"}
            {Math.abs(packet.length - before.length)}
          </span>
        )}
      </p>
      <div class="ruler" aria-hidden="true">
        {packet.headers.map((header, i) => (
          <span
            key={i}
            class={`${header.kind} ${i < tunnel ? "outer" : ""}`}
            style={{ flexGrow: header.bytes }}
          />
        ))}
      </div>
      <Box headers={packet.headers} outer={tunnel} before={before?.headers} />
    </div>
  );
}

/** How many of the headers are a tunnel's. */
function tunnelDepth(headers: readonly Header[]): number {
  const inner = headers.findLastIndex(({ kind }) => kind === "ipv4");
  return Math.max(0, inner);
}

function Box({
  headers: [first, ...inside],
  outer,
  before,
}: {
  headers: readonly Header[];
  outer: number;
  before?: readonly Header[];
}) {
  if (!first) return null;
  const isNew = before !== undefined && !before.some((one) => same(one, first));
  return (
    <div class={`box ${first.kind} ${outer > 0 ? "outer" : ""} ${isNew ? "new" : ""}`}>
      <p>
        <b>{NAMES[first.kind]}</b> <span class="fields">{fieldsOf(first)}</span> <i>{first.bytes} B</i>
      </p>
      {inside.length > 0 && <Box headers={inside} outer={outer - 1} before={before} />}
    </div>
  );
}

/** A lower TTL is no new header. */
const same = (a: Header, b: Header): boolean =>
  a.kind === b.kind && fieldsOf(a, false) === fieldsOf(b, false);

const NAMES: Record<Header["kind"], string> = {
  ipv4: "IPv4",
  icmp: "ICMP",
  tcp: "TCP",
  udp: "UDP",
  vxlan: "VXLAN",
  esp: "ESP, encrypted",
  ethernet: "Ethernet",
  data: "data",
};

function fieldsOf(header: Header, withTtl = true): string {
  switch (header.kind) {
    case "ipv4": {
      const { source, destination, protocol, ttl, dontFragment } = header;
      const shown = protocol === "4" ? "protocol 4 (IP-in-IP)" : protocol.toUpperCase();
      return [
        `${source} → ${destination}`,
        shown,
        ...(withTtl ? [`ttl ${ttl}`] : []),
        ...(dontFragment ? ["DF"] : []),
      ].join(" · ");
    }
    case "icmp":
      return header.type;
    case "tcp":
    case "udp": {
      const { sourcePort, destinationPort } = header;
      return [sourcePort && `from port ${sourcePort}`, destinationPort && `to port ${destinationPort}`]
        .filter(Boolean)
        .join(" ");
    }
    case "vxlan":
      return `VNI ${header.vni}`;
    default:
      return "";
  }
}
