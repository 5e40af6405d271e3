/** Study pods on every node of a real cluster, and whether they see what the verdict says. */
import {
  judge,
  type LabPlan,
  nameOf,
  type Pair,
  type Path,
  type ProbeName,
  pairsOf,
  predict,
  probeOf,
  probesOf,
} from "../../components/plan";
import { TOOLS_IMAGE } from "./cluster-build";
import type { MachinesLab } from "./machines-lab";

/** Two pods per node, as the plan has them. */
const SETS = ["study-1", "study-2"] as const;
const LABELS = { "app.kubernetes.io/part-of": "encaplab-study" };
/** TCP port at which a pod answers `GET /health`. */
export const POD_PORT = 8080;

/** A container that waits for commands; {@link inPod} runs them in it. */
const SHELL = {
  name: "shell",
  image: TOOLS_IMAGE,
  imagePullPolicy: "IfNotPresent",
  command: ["sleep", "86400"],
};

/** What pods have that may run on any node, and end at once. */
const ANYWHERE = { tolerations: [{ operator: "Exists" }], terminationGracePeriodSeconds: 0 };

/** @param server an image with CoreDNS. Its plugin `health` is the smallest HTTP server at hand. */
const manifest = (server: string) => [
  {
    apiVersion: "v1",
    kind: "ConfigMap",
    metadata: { name: "study" },
    data: { Corefile: `.:5353 {\n  health :${POD_PORT}\n}\n` },
  },
  ...SETS.map((name) => ({
    apiVersion: "apps/v1",
    kind: "DaemonSet",
    metadata: { name, labels: LABELS },
    spec: {
      selector: { matchLabels: { app: name } },
      updateStrategy: { type: "RollingUpdate", rollingUpdate: { maxUnavailable: "100%" } },
      template: {
        metadata: { labels: { app: name, ...LABELS } },
        spec: {
          ...ANYWHERE,
          containers: [
            SHELL,
            {
              name: "server",
              image: server,
              imagePullPolicy: "IfNotPresent",
              args: ["-conf", "/etc/study/Corefile"],
              volumeMounts: [{ name: "study", mountPath: "/etc/study" }],
            },
          ],
          volumes: [{ name: "study", configMap: { name: "study" } }],
        },
      },
    },
  })),
];

/** A study pod. */
export interface Pod {
  /** Index among the node's two pods, from 0. */
  index: number;
  name: string;
  node: string;
  address: string;
}

/** Starts the study pods. They are ready when this returns. */
export async function startPods(lab: MachinesLab): Promise<void> {
  const path = "jsonpath={.spec.template.spec.containers[0].image}";
  const server = await lab.kubectl(["get", "deployment", "coredns", "-n", "kube-system", "-o", path]);
  for (const object of manifest(server)) await lab.apply(object);
  await pods(lab);
}

/** Restarts the study pods, so that they get the current MTU. */
export async function restartPods(lab: MachinesLab): Promise<void> {
  await lab.kubectl(["rollout", "restart", ...SETS.map((name) => `daemonset/${name}`)]);
  await pods(lab);
}

/** Restarts CoreDNS and Calico's controllers. When this returns, the old ones are gone, with their devices. */
export async function restartSystemPods(lab: MachinesLab): Promise<void> {
  const selector = "k8s-app in (kube-dns, calico-kube-controllers)";
  await lab.kubectl(["delete", "pods", "-n", "kube-system", "-l", selector, "--wait=true"]);
  for (const name of ["coredns", "calico-kube-controllers"])
    await lab.kubectl(["rollout", "status", "-n", "kube-system", `deployment/${name}`, "--timeout=180s"]);
}

/** The study pods, once they are ready. */
export async function pods(lab: MachinesLab): Promise<Pod[]> {
  for (const name of SETS) await lab.kubectl(["rollout", "status", `daemonset/${name}`, "--timeout=180s"]);
  const selector = `app in (${SETS.join(",")})`;
  const { items } = JSON.parse(await lab.kubectl(["get", "pods", "-l", selector, "-o", "json"])) as {
    items: {
      metadata: { name: string; deletionTimestamp?: string; labels: { app: (typeof SETS)[number] } };
      spec: { nodeName: string };
      status: { podIP: string };
    }[];
  };
  return items
    .filter(({ metadata }) => !metadata.deletionTimestamp)
    .map(({ metadata, spec, status }) => ({
      index: SETS.indexOf(metadata.labels.app),
      name: metadata.name,
      node: spec.nodeName,
      address: status.podIP,
    }));
}

/** Makes a pod on a node, with the node's name and a limit of memory. It need not be ready when this returns. */
export const makePod = (lab: MachinesLab, nodeName: string, memory: string): Promise<void> =>
  lab.apply({
    apiVersion: "v1",
    kind: "Pod",
    metadata: { name: nodeName },
    spec: { nodeName, ...ANYWHERE, containers: [{ ...SHELL, resources: { limits: { memory } } }] },
  });

/**
 * Starts a pod of its own on a node, which a drain must evict: it ends as soon as it is told to, and only its kubelet can
 * report that. It is ready when this returns.
 */
export async function startGuest(lab: MachinesLab, node: string): Promise<void> {
  const command = ["sh", "-c", "trap 'exit 0' TERM; while :; do sleep 1; done"];
  const guest = { ...SHELL, name: "guest", command };
  await lab.apply({
    apiVersion: "v1",
    kind: "Pod",
    metadata: { name: "guest" },
    spec: { nodeSelector: { "kubernetes.io/hostname": node }, containers: [guest] },
  });
  await lab.kubectl(["wait", "--for=condition=Ready", "--timeout=60s", "pod/guest"]);
}

/** Whether the pod of {@link startGuest} is in the API. */
export const hasGuest = async (lab: MachinesLab): Promise<boolean> =>
  (await lab.kubectl(["get", "pods", "guest", "--ignore-not-found", "-o", "name"])) !== "";

/** Runs a shell script in a pod. */
export const inPod = (lab: MachinesLab, { name }: Pick<Pod, "name">, text: string): Promise<string> =>
  lab.kubectl(["exec", name, "-c", "shell", "--", "sh", "-c", text]);

/**
 * Asks the API's Service from every pod by its DNS name. This tests two Services: over UDP one with pods behind it
 * (CoreDNS), and over TCP one with a node behind it.
 * @throws {Error} when one does not answer.
 */
export async function servicesAnswer(lab: MachinesLab): Promise<void> {
  await lab.kubectl(["rollout", "status", "-n", "kube-system", "deployment/coredns", "--timeout=120s"]);
  const url = "https://kubernetes.default.svc.cluster.local/livez";
  for (const pod of await pods(lab)) {
    const answer = await inPod(lab, pod, `curl --silent --show-error --insecure --max-time 20 ${url}`);
    if (answer !== "ok") throw new Error(`from ${pod.node}: ${answer}`);
  }
}

/** What the verdict says from every pod to every other pod and every node, for each probe, one line each. */
export const predicted = (plan: LabPlan): string[] =>
  pairsInside(plan)
    .flatMap((pair) =>
      probesOf(pair).map((probe) => line(pair, probe, predict(plan, pair, probe) ? "fails" : "works")),
    )
    .sort();

/** The failing paths of the verdict as `path: probe`, so that a test can state what it expects. */
export const failingPaths = (plan: LabPlan): string[] => [
  ...new Set(
    judge(plan)
      .paths.filter(({ outcome, path }) => outcome === "fails" && MEASURED.includes(path))
      .map(({ path, probe }) => `${path}: ${probe}`),
  ),
];

/** The same lines as {@link predicted}, measured with real packets. @param podMtu the current pods' MTU in bytes. */
async function measured(lab: MachinesLab, podMtu: number): Promise<string[]> {
  const { plan } = lab;
  const there = await pods(lab);
  const addressOf = ({ to }: Pair) => {
    if (to.kind === "node") return plan.nodes.find(({ name }) => name === nameOf(to))?.address;
    if (to.kind !== "pod") return undefined;
    const index = to.node.pods.indexOf(to.pod);
    return there.find((pod) => pod.node === to.node.name && pod.index === index)?.address;
  };
  const command = (pair: Pair, probe: ProbeName): string => {
    const { port } = probeOf(plan, pair, probe);
    const address = addressOf(pair);
    if (probe === "TCP")
      return `[ "$(curl -sk -o /dev/null -w '%{http_code}' --connect-timeout 3 -m 6 ${pair.to.kind === "pod" ? "http" : "https"}://${address}:${port}/health)" != 000 ]`;
    // Minus the headers of IP and ICMP.
    return `ping -q -M do -s ${probe === "full-MTU" ? podMtu - 28 : 56} -c 2 -i 0.2 -w 3 ${address} >/dev/null 2>&1`;
  };
  const lines = await Promise.all(
    there.map(async (pod) => {
      const pairs = pairsInside(plan).filter(({ from }) => {
        const node = plan.nodes.find(({ name }) => name === from.node);
        return from.node === pod.node && node?.pods.findIndex(({ name }) => name === from.name) === pod.index;
      });
      const probes = pairs.flatMap((pair) =>
        probesOf(pair).map(
          (probe) =>
            `{ if ${command(pair, probe)}; then echo '${line(pair, probe, "works")}'; else echo '${line(pair, probe, "fails")}'; fi; } &`,
        ),
      );
      return inPod(lab, pod, ["ip neigh flush all 2>/dev/null", ...probes, "wait"].join("\n"));
    }),
  );
  return lines.flatMap((text) => text.split("\n")).sort();
}

/**
 * The lines in which real packets differ from the plan's verdict. Measures up to three times: a busy machine may lose a
 * packet, and routes converge again when pods come and go.
 */
export async function disagreements(
  lab: MachinesLab,
  plan: LabPlan = lab.plan,
  podMtu = plan.mtu.pod,
): Promise<string[]> {
  const expected = predicted({ ...plan, mtu: { ...plan.mtu, pod: podMtu } });
  for (let left = 2; ; left--) {
    const seen = await measured(lab, podMtu);
    const differ = seen.filter((one) => !expected.includes(one));
    if (seen.length !== expected.length)
      differ.push(`${seen.length} lines seen, ${expected.length} expected`);
    if (differ.length === 0 || left === 0) return differ;
  }
}

const line = ({ from, to }: Pair, probe: string, outcome: string): string =>
  `${from.name} to ${nameOf(to)}: ${probe} ${outcome}`;

/** The paths that are measured here. These machines have no internet, and test/support/services.ts tries Services. */
const MEASURED: readonly Path[] = ["same-node", "same-subnet", "cross-subnet", "pod-to-node"];

/** The pairs of pods, and of a pod and a node, on whose port something listens in a cluster: the kubelet's. */
const pairsInside = (plan: LabPlan): Pair[] =>
  pairsOf(plan).filter(({ path, port }) => MEASURED.includes(path) && port === undefined);
