/** Pods on every node of a real cluster, and what of the verdict they see. */
import { type LabPlan, nameOf, type Pair, pairsOf, predict } from "../../components/plan";
import type { MachinesLab } from "./hosts";

/** Comes with the node layer: a shell, ping, curl. */
const IMAGE = "encaplab.local/tools:1";
const NAME = "study";

/** One pod per node, also on those that are added later. */
const DAEMON_SET = {
  apiVersion: "apps/v1",
  kind: "DaemonSet",
  metadata: { name: NAME },
  spec: {
    selector: { matchLabels: { app: NAME } },
    template: {
      metadata: { labels: { app: NAME } },
      spec: {
        tolerations: [{ operator: "Exists" }],
        terminationGracePeriodSeconds: 0,
        containers: [
          {
            name: NAME,
            image: IMAGE,
            imagePullPolicy: "IfNotPresent",
            command: ["sleep", "86400"],
          },
        ],
      },
    },
  },
};

interface Pod {
  name: string;
  node: string;
  address: string;
}

/** Starts them; they are there when this returns. */
export async function startPods(lab: MachinesLab): Promise<void> {
  await lab.kubectl(["apply", "-f", "-"], JSON.stringify(DAEMON_SET));
  await pods(lab);
}

export async function pods(lab: MachinesLab): Promise<Pod[]> {
  await lab.kubectl(["rollout", "status", `daemonset/${NAME}`, "--timeout=180s"]);
  const listed = await lab.kubectl(["get", "pods", "-l", `app=${NAME}`, "-o", "json"]);
  const { items } = JSON.parse(listed) as {
    items: {
      metadata: { name: string; deletionTimestamp?: string };
      spec: { nodeName: string };
      status: { podIP: string };
    }[];
  };
  return items
    .filter(({ metadata }) => !metadata.deletionTimestamp)
    .map(({ metadata, spec, status }) => ({
      name: metadata.name,
      node: spec.nodeName,
      address: status.podIP,
    }));
}

/** Runs a shell's text in a pod. */
const inPod = (lab: MachinesLab, { name }: Pod, text: string): Promise<string> =>
  lab.kubectl(["exec", name, "--", "sh", "-c", text]);

/**
 * Asks two Services from every pod: by UDP one with pods behind it, which is CoreDNS, and by TCP one with a node behind it,
 * which is the API.
 * @throws when one does not answer.
 */
export async function servicesAnswer(lab: MachinesLab): Promise<void> {
  await lab.kubectl(["rollout", "status", "-n", "kube-system", "deployment/coredns", "--timeout=120s"]);
  const url = "https://kubernetes.default.svc.cluster.local/livez";
  for (const pod of await pods(lab)) {
    const answer = await inPod(lab, pod, `curl --silent --show-error --insecure --max-time 20 ${url}`);
    if (answer !== "ok") throw new Error(`from ${pod.node}: ${answer}`);
  }
}

const PROBES = ["ICMP", "full-MTU"] as const;

/** From each node's pod to every other node, and to the pod there: what the verdict says, a line each. */
export function predicted(plan: LabPlan): string[] {
  return pairsBetweenNodes(plan)
    .flatMap((pair) =>
      PROBES.map((probe) => line(pair, probe, predict(plan, pair, probe) ? "fails" : "works")),
    )
    .sort();
}

/** The same lines, as real packets fare. */
export async function observed(lab: MachinesLab): Promise<string[]> {
  const { plan } = lab;
  const there = await pods(lab);
  const addressOf = ({ to }: Pair) => {
    if (to.kind !== "pod") return plan.nodes.find(({ name }) => name === nameOf(to))?.address;
    return there.find(({ node }) => node === to.node.name)?.address;
  };
  const sizes = { ICMP: 56, "full-MTU": plan.mtu.pod - 28 }; // less the headers of IP and ICMP
  const lines = await Promise.all(
    there.map(async (pod) => {
      const pairs = pairsBetweenNodes(plan).filter(({ from }) => from.node === pod.node);
      const pings = pairs.flatMap((pair) =>
        PROBES.map((probe) => {
          const ping = `ping -q -M do -s ${sizes[probe]} -c 2 -i 0.2 -w 4 ${addressOf(pair)} >/dev/null 2>&1`;
          return `{ if ${ping}; then echo '${line(pair, probe, "works")}'; else echo '${line(pair, probe, "fails")}'; fi; } &`;
        }),
      );
      return inPod(lab, pod, [...pings, "wait"].join("\n"));
    }),
  );
  return lines.flatMap((text) => text.split("\n")).sort();
}

const line = ({ from, to }: Pair, probe: string, outcome: string): string =>
  `${from.node} to ${to.kind === "pod" ? `a pod of ${to.node.name}` : nameOf(to)}: ${probe} ${outcome}`;

/** One pair for each two nodes and kind of target: there is one pod per node. */
const pairsBetweenNodes = (plan: LabPlan): Pair[] =>
  pairsOf(plan).filter(
    ({ from, to, path }) =>
      from === firstOf(plan, from.node) &&
      path !== "same-node" &&
      (to.kind === "node" || (to.kind === "pod" && to.pod === firstOf(plan, to.node.name))),
  );

const firstOf = (plan: LabPlan, node: string) => plan.nodes.find(({ name }) => name === node)?.pods[0];
