/** The packets of a capture: when each came by, what it says, and its headers as nested boxes. */
import { useState } from "preact/hooks";
import type { Captured, CapturedPacket } from "../../../components/study/report";
import { memo } from "./memo";
import { PacketBoxes } from "./packet";
import { Scroll } from "./scroll";
import "./captured.css";

/** A table of the packets. A click shows the boxes of one. */
export const CapturedPackets = memo(({ captured }: { captured: Captured }) => {
  const { file, by, packets, of } = captured;
  const [chosen, choose] = useState<number | undefined>();
  return (
    <section class="captured" aria-labelledby="captured">
      <h2 id="captured">Captured packets</h2>
      <p class="note">
        {packets.length < of ? `The first ${packets.length} of ${of} packets` : `${of} packets`} of{" "}
        <span class="mono">{file}</span>, decoded by {by}.
      </p>
      <Scroll label="The packets, one a line">
        <table>
          <thead>
            <tr>
              <th scope="col">No.</th>
              <th scope="col">Time</th>
              <th scope="col">Frame</th>
              <th scope="col">Packet</th>
            </tr>
          </thead>
          <tbody>
            {packets.map((packet, i) => (
              <Line
                key={i}
                number={i + 1}
                line={packet}
                isOpen={chosen === i}
                onToggle={() => choose(chosen === i ? undefined : i)}
              />
            ))}
          </tbody>
        </table>
      </Scroll>
    </section>
  );
});

interface LineProps {
  number: number;
  line: CapturedPacket;
  isOpen: boolean;
  onToggle(): void;
}

function Line({ number, line: { at, length, packet, text }, isOpen, onToggle }: LineProps) {
  return (
    <tr>
      <th scope="row">{number}</th>
      <td class="mono">+{at.toFixed(6)} s</td>
      <td class="mono">{length} B</td>
      <td class="what">
        {packet ? (
          <button type="button" aria-expanded={isOpen} onClick={onToggle}>
            {text}
          </button>
        ) : (
          text
        )}
        {packet && isOpen && <PacketBoxes packet={packet} />}
      </td>
    </tr>
  );
}
