/** The last switch of the lab: what each path lost, on one time scale, and what changed when. */
import type { SwitchSeen, WatchedFlow } from "../../../components/study";
import { RATE } from "../../../components/study/rate";
import { oldConnections, outageOf } from "../../../components/study/watch-report";
import { memo } from "./memo";
import { Scroll } from "./scroll";
import "./switch.css";

/** Width of a strip in its own units. */
const WIDTH = 1000;

/** A strip for each path and direction: red where datagrams were lost. */
export const Switch = memo(({ switched }: { switched: SwitchSeen }) => {
  const { from, to, at, watched } = switched;
  const begin = Math.min(...watched.flows.map(({ began }) => began));
  const end = Math.max(...watched.flows.map(({ began, sent }) => began + sent / RATE));
  const place = (seconds: number) => ((seconds - begin) / (end - begin)) * WIDTH;
  return (
    <section aria-labelledby="switch">
      <h2 id="switch">
        The switch from {from} to {to}
      </h2>
      <Scroll label="What the switch lost">
        <table class="switch">
          <thead>
            <tr>
              <th scope="col">Path</th>
              <th scope="col">Pods</th>
              <th scope="col">Lost</th>
              <th scope="col">Longest outage</th>
              <th scope="col" class="time">
                {begin.toFixed(1)} s to +{end.toFixed(1)} s, from the first change on
              </th>
            </tr>
          </thead>
          <tbody>
            {watched.flows.map((flow) => (
              <tr key={`${flow.path}>${flow.from}>${flow.to}`}>
                <th scope="row">{flow.path}</th>
                <td class="mono">
                  {flow.from} → {flow.to}
                </td>
                <td class={flow.lost > 0 ? "fails" : "works"}>
                  {flow.lost} of {flow.sent}
                </td>
                <td>{outageOf(flow)}</td>
                <td>
                  <Strip flow={flow} place={place} />
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </Scroll>
      <p class="note">
        {RATE} datagrams a second on each path and in each direction, until the routes had converged.{" "}
        {oldConnections(watched)} Switched {at.slice(0, 16).replace("T", " ")} UTC.
      </p>
      <details>
        <summary>What changed on the nodes, in its order</summary>
        <pre>
          {watched.changes.map((one) => `+${one.at.toFixed(3)} s  ${one.node}  ${one.change}`).join("\n")}
        </pre>
      </details>
    </section>
  );
});

function Strip({ flow, place }: { flow: WatchedFlow; place(seconds: number): number }) {
  const { began, sent, losses } = flow;
  return (
    <svg
      class="strip"
      viewBox={`0 0 ${WIDTH} 20`}
      preserveAspectRatio="none"
      role="img"
      aria-label={`${flow.from} to ${flow.to}: ${flow.lost} of ${sent} lost`}
    >
      <rect class="arrived" x={place(began)} width={place(began + sent / RATE) - place(began)} height="20" />
      {losses.map(({ at, count }) => (
        <rect class="lost" key={at} x={place(at)} width={place(at + count / RATE) - place(at)} height="20" />
      ))}
      <line class="change" x1={place(0)} x2={place(0)} y1="0" y2="20" />
    </svg>
  );
}
