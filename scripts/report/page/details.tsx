/** What most readers need only now and then: routes, sessions, packets that were seen, versions and config. */
import { faultLabel } from "../../../components/config";
import {
  blocksOf,
  encapsulationText,
  fabricFacts,
  type LabPlan,
  poolsText,
  routesOf,
  type Verdict,
} from "../../../components/plan";
import type { Observation } from "../../../components/study";
import type { Report } from "../../../components/study/report";
import { memo } from "./memo";
import { Scroll } from "./scroll";
import { sessions } from "./words";
import "./details.css";

interface Props {
  report: Report;
  plan: LabPlan;
  verdict: Verdict;
  observation?: Observation;
}

/** Folded sections. */
export const Details = memo(({ report, plan, observation }: Props) => {
  return (
    <section aria-labelledby="details">
      <h2 id="details">Details</h2>
      <details>
        <summary>Routes to pods on each node ({encapsulationText(plan)})</summary>
        <div class="columns">
          {plan.nodes.map((node) => (
            <div key={node.name}>
              <h3>{node.name}</h3>
              <pre>
                {[
                  ...blocksOf(node).map((block) => `blackhole ${block}`),
                  ...routesOf(plan, node).map(
                    ({ block, via, device, onlink }) =>
                      `${block} via ${via} dev ${device}${onlink ? " onlink" : ""}`,
                  ),
                ].join("\n")}
              </pre>
            </div>
          ))}
        </div>
      </details>
      <details>
        <summary>Firewall table: what the nodes may send each other</summary>
        <Firewall plan={plan} />
      </details>
      {observation && <Wires observation={observation} />}
      <details>
        <summary>Versions and config</summary>
        <Settings report={report} plan={plan} />
      </details>
      {report.notes.map((text) => (
        <p class="note" key={text}>
          {text}
        </p>
      ))}
      <p class="note">
        Made by encaplab {report.version}. This page runs the code of the verdict itself: each packet's way is
        worked out in your browser, and nothing is sent anywhere.
      </p>
    </section>
  );
});

function Firewall({ plan }: { plan: LabPlan }) {
  const { securityGroup } = fabricFacts(plan);
  return (
    <>
      {!securityGroup && <p class="note">This fabric has no security group, so the table closes nothing.</p>}
      <Scroll label="Firewall table">
        <table>
          <thead>
            <tr>
              <th scope="col">Rule</th>
              <th scope="col">Protocol</th>
              <th scope="col">From</th>
              <th scope="col">State</th>
              <th scope="col">Why</th>
            </tr>
          </thead>
          <tbody>
            {plan.firewall.map(({ name, protocol, ports, source, open, needed, why }) => (
              <tr key={name}>
                <th scope="row">{name}</th>
                <td class="mono">
                  {protocol} {ports ? [...new Set(ports)].join("–") : ""}
                </td>
                <td>{source}</td>
                <td class={open ? "works" : needed ? "fails" : "muted"}>
                  {open ? "open" : needed ? "closed, but needed" : "not needed"}
                </td>
                <td>{why}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </Scroll>
    </>
  );
}

function Wires({ observation }: { observation: Observation }) {
  return (
    <details>
      <summary>Packets and routes that were seen</summary>
      {observation.wire.map(({ path, example, route, packet }) => (
        <div key={path}>
          <h3>
            {path} <small>{example}</small>
          </h3>
          <pre>{`ip route get: ${route || "no route"}\ntcpdump: ${packet || "nothing seen"}`}</pre>
        </div>
      ))}
      {observation.nodes?.map(({ node, recordedAddress, nic, tunnel, podMtu, routes }) => (
        <div key={node}>
          <h3>{node}</h3>
          <pre>
            {[
              `recorded by Calico as ${recordedAddress ?? "unknown"}`,
              ...[nic, tunnel].flatMap((one) => (one ? [`${one.device}: MTU ${one.mtu}`] : [])),
              ...(podMtu ? [`pods: MTU ${podMtu}`] : []),
              ...routes,
            ].join("\n")}
          </pre>
        </div>
      ))}
      {observation.notConverged.length > 0 && (
        <p class="note">Did not converge in time: {observation.notConverged.join("; ")}</p>
      )}
    </details>
  );
}

function Settings({ report, plan }: { report: Report; plan: LabPlan }) {
  const { versions, mtu, ipPool, bgp, subnets } = plan;
  const rows: [string, string][] = [
    ["encaplab", report.version],
    [
      "Kubernetes",
      plan.onTwin ? `${versions.kubernetes} is planned; the twin has none` : versions.kubernetes,
    ],
    ["Calico", plan.onTwin ? `${versions.calico} is planned; the twin has none` : versions.calico],
    ["subnets", subnets.map(({ name, cidr }) => `${name} ${cidr}`).join(", ")],
    [
      "IPPool",
      poolsText(plan) ??
        `${ipPool.cidr}, blocks of /${ipPool.blockSize}, ipipMode ${ipPool.ipipMode}, vxlanMode ${ipPool.vxlanMode}, natOutgoing ${ipPool.natOutgoing}`,
    ],
    ["BGP", bgp.enabled ? `AS ${bgp.asNumber}, ${sessions(plan)}` : "disabled"],
    ["MTU", `${mtu.link} on the link, ${mtu.tunnel} in the tunnel, ${mtu.pod} in pods`],
    ["faults", plan.faults.map(faultLabel).join(", ") || "none"],
    ...report.config.map(({ key, value }): [string, string] => [key, value]),
  ];
  return (
    <dl class="settings">
      {rows.map(([key, value]) => (
        <div key={key}>
          <dt>{key}</dt>
          <dd class="mono">{value}</dd>
        </div>
      ))}
    </dl>
  );
}
