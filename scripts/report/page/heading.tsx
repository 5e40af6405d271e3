/** The top of the page: which lab, what was predicted, and whether that is what was seen. */
import { faultLabel } from "../../../components/config";
import { encapsulationText } from "../../../components/plan";
import type { Report } from "../../../components/study/report";
import { Sign } from "./marks";
import { memo } from "./memo";
import { predicted } from "./words";
import "./heading.css";

/** The title and the two answers that most readers come for. */
export const Heading = memo(({ report, isLive }: { report: Report; isLive: boolean }) => {
  const { plan, observation, stack, isUp } = report;
  const { mark, sentence } = predicted(plan);
  return (
    <header class="heading">
      <p class="brand">
        encaplab <span>{isLive ? "lab ui" : "lab report"}</span>
      </p>
      <h1>
        <span class="stack">{stack}</span> {encapsulationText(plan)} on the {plan.fabric} fabric
      </h1>
      <div class="answers">
        <p class={`answer ${mark}`}>
          <Sign mark={mark} size={20} />
          <span>
            <b>Predicted</b> {sentence}
          </span>
        </p>
        <Seen report={report} />
      </div>
      <ul class="chips">
        <li>{plan.nodes.length} nodes</li>
        <li>{plan.onTwin ? "network twin, a model" : plan.onContainers ? "node containers" : plan.cloud}</li>
        <li>MTU {plan.mtu.pod} in pods</li>
        {plan.faults.map((fault) => (
          <li class="fault" key={faultLabel(fault)}>
            fault: {faultLabel(fault)}
          </li>
        ))}
        <li>
          {isUp ? "lab is up" : "lab is not up"} · {isLive ? "read" : "made"}{" "}
          {report.madeAt.slice(0, 16).replace("T", " ")} UTC
        </li>
      </ul>
      {observation && observation.disagreements.length > 0 && (
        <section class="alarm" aria-labelledby="alarm">
          <h2 id="alarm">Verdict and observation disagree</h2>
          <ul>
            {observation.disagreements.map((text) => (
              <li key={text}>{text}</li>
            ))}
          </ul>
        </section>
      )}
    </header>
  );
});

function Seen({ report: { observation } }: { report: Report }) {
  if (!observation)
    return (
      <p class="answer none">
        <Sign mark="unknown" size={20} />
        <span>
          <b>Observed</b> Nothing was measured.
        </span>
      </p>
    );
  const probes = observation.rows.reduce((sum, { pairs }) => sum + pairs, 0);
  return (
    <p class={`answer ${observation.agrees ? "works" : "differs"}`}>
      <Sign mark={observation.agrees ? "works" : "differs"} size={20} />
      <span>
        <b>Observed</b> {observation.agrees ? `As predicted, in all ${probes} probes.` : "NOT as predicted."}
      </span>
    </p>
  );
}
