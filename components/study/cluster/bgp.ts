/** BGP sessions and the readiness of calico-node, with the cause behind its message. */
import { gatewaySessionUp, judge, type LabPlan, recordedIp, sessionUp, subnetOf } from "../../plan";
import type { Check } from "../measured";
import type { ClusterApi } from "./api";
import type { Field } from "./field";
import { conditionOf, type Pod } from "./places";

/** The pods of calico-node, in whatever namespace. */
export const calicoNodes = (api: ClusterApi): Promise<Pod[]> =>
  api.list<Pod>("v1", "Pod", { labels: "k8s-app=calico-node" });

const SOCKET = "/var/run/calico/bird.ctl";

/** The calico-node of a node. */
export const podOn = (pods: readonly Pod[], node: string): Pod | undefined =>
  pods.find(({ spec, metadata }) => spec.nodeName === node && !metadata.deletionTimestamp);

const containerIn = ({ metadata }: Pod) => ({
  namespace: metadata.namespace ?? "kube-system",
  pod: metadata.name,
  container: "calico-node",
});

/** The state of each session by node and peer, as BIRD tells it. A node whose BIRD does not answer is absent. */
export async function sessionsOf(
  field: Field,
  plan: LabPlan,
  pods: readonly Pod[],
): Promise<Record<string, Record<string, string>>> {
  if (!plan.calico || !plan.bgp.enabled) return {};
  const found = await field.each(plan.nodes, async ({ name }) => {
    const pod = podOn(pods, name);
    if (!pod) return [];
    const command = ["birdcl", "-s", SOCKET, "show", "protocols"];
    const { exit, output } = await field.ask(name, containerIn(pod), command, 10);
    return exit === 0 ? [[name, parseSessions(output)] as const] : [];
  });
  return Object.fromEntries(found.flat());
}

/** The peers in the answer of `birdcl show protocols`, which Calico names by their addresses. Pure. */
export function parseSessions(output: string): Record<string, string> {
  const lines = output.split("\n").map((line) => line.trim().split(/\s+/));
  return Object.fromEntries(
    lines.flatMap(([name = "", protocol, , state = "", , ...info]) => {
      const peer = /^(?:Mesh|Node|Global)_([\d_]+)$/.exec(name)?.[1];
      // BIRD writes the time of the last change as one word, or as a date and a time.
      const words = info.filter((word) => !/^[\d:.]+$/.test(word));
      return peer && protocol === "BGP" ? [[peer.replaceAll("_", "."), words[0] ?? state]] : [];
    }),
  );
}

/** How many sessions the plan says are established, and are not. Pure. */
export const sessionsAmiss = (plan: LabPlan, sessions: Record<string, Record<string, string>>): string[] =>
  Object.entries(sessions).flatMap(([name, peers]) => {
    const node = plan.nodes.find((one) => one.name === name);
    if (!node) return [];
    const missing = plan.nodes.filter(
      (peer) => peer !== node && sessionUp(plan, node, peer) && peers[recordedIp(peer)] !== "Established",
    );
    const { gateway } = subnetOf(plan, node);
    const isGatewayMissing = gatewaySessionUp(plan, node) && peers[gateway] !== "Established";
    return [...missing.map((peer) => peer.name), ...(isGatewayMissing ? [`the gateway ${gateway}`] : [])].map(
      (peer) => `${name} has no BGP session with ${peer}`,
    );
  });

/** Whether exactly those calico-nodes are ready that the verdict says. Kubernetes asks them every ten seconds. Pure. */
export function isReadyAsJudged(plan: LabPlan, pods: readonly Pod[]): boolean {
  if (!plan.calico) return true;
  const notReady = new Set(judge(plan).notReady.map(({ node }) => node));
  return plan.nodes.every(({ name }) => isReady(podOn(pods, name)) !== notReady.has(name));
}

const isReady = (pod: Pod | undefined): boolean =>
  pod !== undefined && conditionOf(pod, "Ready")?.status === "True";

/**
 * Whether each calico-node is ready, beside what the verdict says. One that is not is asked why, and the cause behind its
 * message is looked for: whether the peers' port 179 can be reached.
 */
export async function checkReadiness(field: Field, plan: LabPlan, pods: readonly Pod[]): Promise<Check[]> {
  if (!plan.calico) return [];
  const notReady = new Set(judge(plan).notReady.map(({ node }) => node));
  return field.each(plan.nodes, async ({ name }): Promise<Check> => {
    const pod = podOn(pods, name);
    const ready = isReady(pod);
    const predicted = notReady.has(name) ? "not ready" : "ready";
    const observed = ready ? "ready" : "not ready";
    const check = { name: `calico-node on ${name}`, predicted, observed, agrees: predicted === observed };
    if (ready) return check;
    return {
      ...check,
      explanation: pod ? await whyNotReady(field, plan, name, pod) : "there is no such pod",
    };
  });
}

async function whyNotReady(field: Field, plan: LabPlan, name: string, pod: Pod): Promise<string> {
  // 3.33 uses two dashes, and takes one as well (its flags are those of Go's package flag).
  const command = ["calico-node", "-bird-ready", "-felix-ready"];
  const { output } = await field.ask(name, containerIn(pod), command, 15);
  const message =
    output
      .trim()
      .split("\n")
      .find((line) => /not ready|Failed|Error/i.test(line)) ?? output.trim();
  const peers = peersIn(message);
  const commands = peers.map(
    (peer) => `curl -sS --connect-timeout 3 -m 4 -o /dev/null -w '%{time_connect}' telnet://${peer}:179`,
  );
  const tried = peers.length > 0 ? await field.run(name, commands, 5) : [];
  const port = Object.fromEntries(peers.map((peer, i) => [peer, portState(tried[i]?.output ?? "")]));
  return decode(
    message,
    (address) => plan.nodes.find((node) => recordedIp(node) === address)?.name ?? address,
    port,
  );
}

const peersIn = (message: string): string[] =>
  /BGP not established with ([\d.,]+)/
    .exec(message)?.[1]
    ?.split(",")
    .filter((peer) => peer !== "") ?? [];

/** What curl saw at a port: the time of the connection if there was one. */
function portState(output: string): PortState {
  if (/refused/i.test(output)) return "refused";
  return Number(/(\d+\.\d+)\s*$/.exec(output)?.[1] ?? 0) > 0 ? "open" : "no answer";
}

/** How a peer's TCP port 179 answers. */
export type PortState = "open" | "refused" | "no answer";

/**
 * The cause behind what calico-node says of itself. Pure. The messages are those of node/pkg/health/health.go.
 * @param nameOf the name of the node with an address.
 * @param ports how the peers' port 179 answers, by address.
 */
export function decode(
  message: string,
  nameOf: (address: string) => string,
  ports: Readonly<Record<string, PortState>>,
): string {
  const causes = peersIn(message).map(
    (peer) => `${nameOf(peer)}: ${PORT_CAUSES[ports[peer] ?? "no answer"]}`,
  );
  const known = CAUSES.find(([pattern]) => pattern.test(message))?.[1];
  const cause = causes.length > 0 ? causes.join("; ") : known;
  return cause ? `${message} (${cause})` : message || "it does not say why";
}

const PORT_CAUSES: Record<PortState, string> = {
  "no answer": "TCP 179 is not answered: a security group or a firewall drops it, or the node is off",
  refused: "TCP 179 is refused: BIRD does not run there, or a firewall rejects it (calico#6208)",
  open: "TCP 179 is open: the session is still starting, or both sides disagree (AS number, address)",
};

const CAUSES: readonly (readonly [RegExp, string])[] = [
  [
    /bird\.ctl: connect: (no such file|connection refused)|unable to connect to BIRDv4 socket/i,
    "BIRD does not run: calico-node is still starting, or `calico_backend` is not bird",
  ],
  [
    /nodename file/i,
    "calico-node has not finished its start: its init container or the API server keeps it waiting",
  ],
  [
    /felix is not ready/i,
    "Felix has not programmed the node yet; its log in calico-node says what it waits for",
  ],
];
