/** NodePorts from the study's pods: of every Service, with both policies, on every node. */
import {
  type Endpoint,
  fabricFacts,
  isNatted,
  type LabPlan,
  type NodePlan,
  type Path,
  podNames,
  predict,
  type TrafficPolicy,
} from "../../plan";
import type { Check } from "../measured";
import { ALL_PAIRS_UP_TO } from "../sample";
import { commandOf } from "./commands";
import type { Field } from "./field";

const POLICIES = ["Cluster", "Local"] as const;

/**
 * Seconds until a connection must stand, and in which one that should not must not. An observation waits for the latter, and
 * two SYNs are sent in them: one that would be answered is answered at once.
 */
const WINDOW = 3;
const SILENCE = 2;

/** A NodePort that was asked. `exit`: of the command; undefined if it did not run. */
export type Asked = Attempt & { exit?: number };

interface Attempt {
  from: NodePlan;
  entry: NodePlan;
  service: string;
  policy: TrafficPolicy;
  command: string;
}

/**
 * Asks NodePorts from each node's first pod. The verdict's rows have NodePorts as a client outside asks them; a pod's
 * connection starts inside. In a large lab, only the NodePorts of the pod's own node and of the endpoint's node.
 * @param isAnswered which NodePorts to ask: those that should answer, or those that should not. Those take the whole window.
 */
export async function askNodePorts(
  field: Field,
  { plan, real, isAnswered }: { plan: LabPlan; real: LabPlan; isAnswered: boolean },
): Promise<Asked[]> {
  const answers = answersOf(plan);
  const window = isAnswered ? WINDOW : SILENCE;
  const isLarge = plan.nodes.length > ALL_PAIRS_UP_TO;
  const asked = await field.each(plan.nodes, async (from): Promise<Asked[]> => {
    const pod = podNames(from.name)[0] ?? "";
    if (field.missing(pod)) return [];
    const attempts = real.services.flatMap(({ name, node, nodePorts }) =>
      POLICIES.flatMap((policy) =>
        plan.nodes
          .filter((entry) => !isLarge || [from.name, node].includes(entry.name))
          .map((entry): Attempt => {
            const order = {
              probe: "tcp",
              destination: entry.address,
              size: 60,
              port: nodePorts[policy],
            } as const;
            return { from, entry, service: name, policy, command: commandOf(order, window) };
          }),
      ),
    );
    const own = attempts.filter((one) => (answers(one) !== false) === isAnswered);
    if (own.length === 0) return [];
    const ran = await field.run(
      pod,
      own.map(({ command }) => command),
      window + 1,
    );
    return own.map((one, i) => ({ ...one, exit: ran[i]?.exit }));
  });
  return asked.flat();
}

/** One check for each pod, Service and policy. Pure. Those of which not every NodePort could be asked are left out. */
export function nodePortChecks(plan: LabPlan, real: LabPlan, asked: readonly Asked[]): Check[] {
  const answers = answersOf(plan);
  return plan.nodes.flatMap((from) =>
    real.services.flatMap((service) =>
      POLICIES.flatMap((policy) => {
        const own = plan.nodes.flatMap((entry) =>
          asked.filter(
            (one) =>
              one.from.name === from.name &&
              one.entry.name === entry.name &&
              one.service === service.name &&
              one.policy === policy,
          ),
        );
        if (own.length === 0 || own.some(({ exit }) => exit === undefined)) return [];
        return [checkOf(podNames(from.name)[0] ?? "", own, answers)];
      }),
    ),
  );
}

function checkOf(pod: string, attempts: readonly Asked[], answers: ReturnType<typeof answersOf>): Check {
  const [{ service, policy } = { service: "", policy: "Cluster" }] = attempts;
  const listed = (own: readonly Attempt[]) =>
    own.length > 0 ? own.map(({ entry }) => entry.name).join(", ") : "none";
  const observed = `answered by ${listed(attempts.filter(({ exit }) => exit === 0))}`;
  const name = `NodePort of ${service} (${policy}) from ${pod}`;
  const known = attempts.map((one) => [one, answers(one)] as const);
  if (known.some(([, answer]) => answer === undefined)) return { name, observed, agrees: true };
  const predicted = `answered by ${listed(known.flatMap(([one, answer]) => (answer ? [one] : [])))}`;
  return {
    name,
    predicted,
    observed,
    agrees: predicted === observed,
    ...(predicted !== observed &&
      policy === "Local" && { explanation: "a node answers only for its own endpoints" }),
  };
}

/**
 * Whether a NodePort answers a pod. With the policy Local, a node answers only for its own endpoints (Kubernetes, Service,
 * "External traffic policy"). That does not apply to connections of pods, as kube-proxy knows them by their addresses
 * (pkg/proxy/iptables/proxier.go, "pod traffic"): of the node's own, and of others whose packets come with their own address.
 * Unknown where a cloud's group may close NodePorts.
 */
export function answersOf(
  plan: LabPlan,
): (attempt: Pick<Attempt, "from" | "entry" | "service" | "policy">) => boolean | undefined {
  return ({ from, entry, service: name, policy }) => {
    if (fabricFacts(plan).securityGroup) return undefined;
    const service = plan.services.find((one) => one.name === name);
    const end = plan.nodes.find((one) => one.name === service?.node);
    const [client, pod] = [from.pods[0], end?.pods[0]];
    if (!service || !end || !client || !pod) return false;
    const behind = { service, pod, node: end };
    const reaches = (path: Path, to: Endpoint) => !predict(plan, { path, from: client, to }, "TCP");
    const answers = (as: TrafficPolicy) =>
      reaches("client-to-nodeport", { kind: "nodeport", policy: as, entry, ...behind });
    if (policy === "Cluster") return answers("Cluster");
    const isItself = end.name === from.name;
    if (from.name === entry.name)
      return isItself || reaches("pod-to-service", { kind: "service", ...behind });
    if (end.name === entry.name) return answers("Local");
    // Another pod would answer the client directly, which knows nothing of it. What is for the client itself is masqueraded.
    const keepsAddress =
      !isNatted(plan, client.address, entry.address) || from.host.broken.includes("nat-missing");
    return isItself && keepsAddress && answers("Cluster");
  };
}
