/** The verdict as a table, with what was observed, and why the paths fail that fail. */
import {
  isWarning,
  type LabPlan,
  type Pair,
  type PathVerdict,
  type ProbeName,
  rowKey,
  rowsOf,
  type Verdict,
} from "../../../components/plan";
import type { Observation, ObservedRow } from "../../../components/study";
import { Sign } from "./marks";
import { memo } from "./memo";
import { Scroll } from "./scroll";
import { sentence } from "./words";
import "./paths.css";

interface Props {
  plan: LabPlan;
  verdict: Verdict;
  observation?: Observation;
  onChoose(pair: Pair, probe?: ProbeName): void;
}

const COLUMNS: readonly { head: string; probes: readonly ProbeName[] }[] = [
  { head: "Ping", probes: ["ICMP", "UDP"] },
  { head: "TCP", probes: ["TCP"] },
  { head: "Largest packet", probes: ["full-MTU"] },
];

/** Every path, one row each. A click on an outcome shows the packet's way. */
export const Paths = memo(({ plan, verdict, observation, onChoose }: Props) => {
  const { sample } = observation ?? {};
  const seen = new Map(observation?.rows.map((row) => [`${rowKey(row)}:${row.probe}`, row]));
  const rows = rowsOf(plan).rows.map(({ key, pair }) => ({
    key,
    pair,
    probes: verdict.paths.filter((row) => rowKey(row) === key),
  }));
  return (
    <section aria-labelledby="paths">
      <h2 id="paths">Every path: predicted{observation ? " and observed" : ""}</h2>
      <Scroll label="Every path">
        <table class="paths">
          <thead>
            <tr>
              <th scope="col">Path</th>
              {COLUMNS.map(({ head }) => (
                <th scope="col" key={head}>
                  {head}
                </th>
              ))}
              <th scope="col">How it travels</th>
            </tr>
          </thead>
          <tbody>
            {rows.map(({ key, pair, probes }) => (
              <tr key={key}>
                <th scope="row">{key}</th>
                {COLUMNS.map((column) => {
                  const row = probes.find(({ probe }) => column.probes.includes(probe));
                  return (
                    <td key={column.head}>
                      {row ? (
                        <Outcome
                          row={row}
                          seen={seen.get(`${key}:${row.probe}`)}
                          onClick={() => onChoose(pair, row.probe)}
                        />
                      ) : (
                        <span class="muted">–</span>
                      )}
                    </td>
                  );
                })}
                <td class="mono">{probes[0]?.carrier}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </Scroll>
      <p class="note">
        {observation
          ? `The numbers: pairs that worked, of all pairs that were measured${sample ? `, a sample of ${sample.pairs} of ${sample.of}` : ""}. `
          : "Nothing of this was measured. "}
        A Service answers no ping, so a datagram of the same size stands there.
      </p>
      {observation?.checks && <Checks checks={observation.checks} />}
      <Failures verdict={verdict} />
    </section>
  );
});

function Outcome({ row, seen, onClick }: { row: PathVerdict; seen?: ObservedRow; onClick(): void }) {
  const differs = seen !== undefined && !seen.agrees;
  return (
    <button type="button" class={`outcome ${row.outcome} ${differs ? "differs" : ""}`} onClick={onClick}>
      <span class="hidden">
        {rowKey(row)}, {row.probe}:{" "}
      </span>
      <Sign mark={differs ? "differs" : row.outcome} /> {differs ? `predicted ${row.outcome}` : row.outcome}
      {seen && (
        <small>
          {differs && `observed ${seen.observed} `}
          {seen.pairs === 0 ? "not measured" : `${seen.working}/${seen.pairs}`}
        </small>
      )}
    </button>
  );
}

/** What was looked at besides the paths: DNS, the nodes' readiness, MTUs. */
const Checks = ({ checks }: { checks: NonNullable<Observation["checks"]> }) => (
  <ul class="remarks">
    {checks.map(({ name, predicted, observed, agrees, explanation }) => (
      <li key={name}>
        <Sign mark={agrees ? "works" : "differs"} /> <b>{name}</b>{" "}
        {predicted && !agrees && `predicted ${predicted}, `}
        observed {observed}
        {explanation && `: ${explanation}`}
      </li>
    ))}
  </ul>
);

/** One fix helps every path of a group. */
function Failures({ verdict }: { verdict: Verdict }) {
  const groups = new Map<string, PathVerdict[]>();
  for (const row of verdict.paths) {
    if (!row.failure) continue;
    const key = `${row.failure.fix}|${row.failure.reference}`;
    groups.set(key, [...(groups.get(key) ?? []), row]);
  }
  const { notReady, remarks, unknown } = verdict;
  return (
    <>
      {[...groups.values()].map((rows) => {
        const [first] = rows;
        if (!first?.failure) return null;
        const { hop, cause, fix, reference } = first.failure;
        return (
          <article class="failure" key={fix}>
            <h3>
              <Sign mark="fails" /> Lost at {hop}
            </h3>
            <p>{[...new Set(rows.map(rowKey))].join(", ")}</p>
            <dl>
              <dt>Cause</dt>
              <dd>{sentence(cause)}</dd>
              <dt>Fix</dt>
              <dd>{sentence(fix)}</dd>
              <dt>Read</dt>
              <dd>
                <a href={reference} rel="noreferrer">
                  {reference}
                </a>
              </dd>
            </dl>
            <p class="note">
              {isWarning(first)
                ? "No fault of the config asks for this."
                : "Intended: a fault of the config causes it."}
            </p>
          </article>
        );
      })}
      {(notReady.length > 0 || remarks.length > 0) && (
        <ul class="remarks">
          {notReady.map(({ node, message }) => (
            <li key={node}>
              <b>{node}</b> {message}
            </li>
          ))}
          {remarks.map((text) => (
            <li key={text}>{sentence(text)}</li>
          ))}
        </ul>
      )}
      <p class="note">The verdict cannot know: {unknown.join("; ")}.</p>
    </>
  );
}
