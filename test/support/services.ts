/** Services on a real cluster: compares what Kubernetes and Calico document with real connections. */
import { setTimeout as delay } from "node:timers/promises";
import { type LabPlan, type NodePlan, type Pair, pairsOf, predict } from "../../components/plan";
import type { HostsLab } from "./hosts";
import { inPod, POD_PORT, type Pod, pods } from "./pods";

const POLICIES = ["Cluster", "Local"] as const;
type Policy = (typeof POLICIES)[number];

/** Name of a Service. There is one per node and policy, with one endpoint: the node's first study pod. */
const nameOf = (node: string, policy: Policy): string => `on-${node}-${policy.toLowerCase()}`;
const nodePortOf = (index: number, policy: Policy): number => 30_080 + 2 * index + POLICIES.indexOf(policy);

/** The nodes whose pods are behind Services: one in each subnet. */
const targetsOf = (plan: LabPlan): NodePlan[] =>
  plan.subnets.flatMap(({ name }) => plan.nodes.filter((node) => node.subnet === name).slice(-1));

/** Creates the Services. {@link serviceDisagreements} sets the pods behind them. */
export async function startServices(lab: HostsLab): Promise<void> {
  for (const [i, { name }] of targetsOf(lab.plan).entries()) {
    for (const policy of POLICIES) {
      const service = {
        apiVersion: "v1",
        kind: "Service",
        metadata: { name: nameOf(name, policy) },
        spec: {
          type: "NodePort",
          externalTrafficPolicy: policy,
          ports: [{ port: 80, targetPort: POD_PORT, nodePort: nodePortOf(i, policy) }],
        },
      };
      await lab.apply(service);
    }
  }
}

/**
 * Sets a pod as the endpoint. Services have no selector, so that each has exactly one endpoint and every connection the
 * same result.
 */
async function pointAt(lab: HostsLab, pod: Pod): Promise<void> {
  for (const policy of POLICIES) {
    const name = nameOf(pod.node, policy);
    const slice = {
      apiVersion: "discovery.k8s.io/v1",
      kind: "EndpointSlice",
      addressType: "IPv4",
      metadata: { name, labels: { "kubernetes.io/service-name": name } },
      ports: [{ port: POD_PORT, protocol: "TCP" }],
      endpoints: [{ addresses: [pod.address], nodeName: pod.node, conditions: { ready: true } }],
    };
    await lab.apply(slice);
  }
}

interface Attempt {
  /** What is tried, e.g. `w1-1 to w2's NodePort of on-w3-local`. */
  name: string;
  from: { pod: Pod } | { node: string };
  url: string;
  works: boolean;
}

/**
 * Tries every way to a Service, from a pod on every node and from every node.
 * @returns what differs from the documentation; empty if nothing does.
 */
export async function serviceDisagreements(lab: HostsLab): Promise<string[]> {
  const there = (await pods(lab)).filter(({ index }) => index === 0);
  const targets = targetsOf(lab.plan);
  for (const target of targets) await pointAt(lab, podOn(there, target.name));
  const addresses = JSON.parse(await lab.kubectl(["get", "services", "-o", "json"])) as {
    items: { metadata: { name: string }; spec: { clusterIP: string } }[];
  };
  const clusterIp = (name: string) =>
    addresses.items.find(({ metadata }) => metadata.name === name)?.spec.clusterIP ?? "";
  const attempts = [
    ...targets.flatMap((target, i) => attemptsOn(lab.plan, there, target, i, clusterIp)),
    ...(await namesFrom(lab, there)),
  ];
  for (let left = 3; ; left--) {
    const seen = await working(lab, attempts);
    const wrong = attempts.filter((attempt) => attempt.works !== seen.has(attempt));
    if (wrong.length === 0 || left === 0)
      return wrong.map((attempt) => `${attempt.name} should ${attempt.works ? "work" : "fail"}`);
    await delay(1000); // kube-proxy collects changes for a second
  }
}

function attemptsOn(
  plan: LabPlan,
  there: readonly Pod[],
  target: NodePlan,
  index: number,
  clusterIp: (name: string) => string,
): Attempt[] {
  const reaches = (from: string) => reachesPod(plan, from, target.name);
  return POLICIES.flatMap((policy) => {
    const service = nameOf(target.name, policy);
    const port = nodePortOf(index, policy);
    const byClusterIp = there.map((pod) => ({
      name: `a pod of ${pod.node} to the ClusterIP of ${service}`,
      from: { pod },
      url: `http://${clusterIp(service)}/health`,
      // externalTrafficPolicy does not apply to it.
      works: reaches(pod.node),
    }));
    const byNodePort = plan.nodes.flatMap((entry) => {
      const url = `http://${entry.address}:${port}/health`;
      // With the policy Local, a node answers only for its own endpoints (Kubernetes, Service, "External traffic
      // policy"). The policy does not apply to internal traffic, which starts on the node itself, in a pod or not.
      const answers = (isInternal: boolean) =>
        (policy === "Cluster" || isInternal || entry.name === target.name) && reaches(entry.name);
      return [
        ...there.map((pod) => ({
          name: `a pod of ${pod.node} to ${entry.name}'s NodePort of ${service}`,
          from: { pod },
          url,
          works: answers(pod.node === entry.name),
        })),
        ...plan.nodes
          .filter(({ name }) => name !== entry.name)
          .map(({ name }) => ({
            name: `${name} to ${entry.name}'s NodePort of ${service}`,
            from: { node: name },
            url,
            works: answers(false),
          })),
      ];
    });
    return [...byClusterIp, ...byNodePort];
  });
}

/**
 * Requests by DNS name, if all pods of CoreDNS give the same result: it is not known beforehand which of them is asked.
 */
async function namesFrom(lab: HostsLab, there: readonly Pod[]): Promise<Attempt[]> {
  const path = "jsonpath={.items[*].spec.nodeName}";
  const listed = await lab.kubectl([
    "get",
    "pods",
    "-n",
    "kube-system",
    "-l",
    "k8s-app=kube-dns",
    "-o",
    path,
  ]);
  const servers = listed.split(" ");
  return there.flatMap((pod) => {
    const fates = new Set(servers.map((server) => reachesPod(lab.plan, pod.node, server)));
    const [works] = fates;
    if (fates.size !== 1 || works === undefined) return [];
    const url = "https://kubernetes.default.svc.cluster.local/livez";
    return [{ name: `a pod of ${pod.node} to the API by its name`, from: { pod }, url, works }];
  });
}

/**
 * Whether TCP from a node reaches a pod on another node. On a plain network, a node's packets are treated like its
 * pods' packets.
 */
function reachesPod(plan: LabPlan, from: string, to: string): boolean {
  if (from === to) return true;
  const isBetween = (pair: Pair) =>
    pair.from.node === from && pair.to.kind === "pod" && pair.to.node.name === to;
  const pair = pairsOf(plan).find(isBetween);
  if (!pair) throw new Error(`no pair from ${from} to ${to}`);
  return predict(plan, pair, "TCP") === undefined;
}

const podOn = (there: readonly Pod[], node: string): Pod => {
  const found = there.find((pod) => pod.node === node);
  if (!found) throw new Error(`no pod on ${node}`);
  return found;
};

/** The attempts that got an answer. One shell at each source makes all its connections at once. */
async function working(lab: HostsLab, attempts: readonly Attempt[]): Promise<Set<Attempt>> {
  const sources = new Map<string, Attempt[]>();
  for (const attempt of attempts) {
    const { from } = attempt;
    const source = "pod" in from ? from.pod.name : from.node;
    sources.set(source, [...(sources.get(source) ?? []), attempt]);
  }
  const answered = await Promise.all(
    [...sources.values()].map(async (all) => {
      const curl = "curl -sk -o /dev/null --connect-timeout 3 --max-time 8";
      const lines = all.map(({ url }, i) => `${curl} ${url} && echo ${i} &`);
      const script = [...lines, "wait"].join("\n");
      const from = all[0]?.from as Attempt["from"];
      const said =
        "pod" in from ? await inPod(lab, from.pod, script) : lab.machines.told(from.node, "sh", script);
      return said.split("\n").flatMap((i) => (i === "" ? [] : [all[Number(i)] as Attempt]));
    }),
  );
  return new Set(answered.flat());
}
