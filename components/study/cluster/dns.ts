/** DNS from each study pod: whether a name of the cluster is answered. */
import { setTimeout as delay } from "node:timers/promises";
import { expectations, type LabPlan, type Pair, pairsOf, podNames } from "../../plan";
import type { Check } from "../measured";
import type { ClusterApi } from "./api";
import type { Field } from "./field";
import { conditionOf, type Pod } from "./places";

/** A name that every cluster has. curl says how long the look-up took: 0 if there was no answer. */
const NAME = "kubernetes.default.svc.cluster.local";
const COMMAND = `curl -sSk --noproxy '*' --connect-timeout 5 -m 5 -o /dev/null -w ' %{time_namelookup}' https://${NAME}/livez`;
const isAnswered = (output: string): boolean => Number(/ (\d+\.\d+)$/.exec(output)?.[1] ?? 0) > 0;

/** Seconds for CoreDNS to become ready: many a change makes it start anew. */
const READY = 20;

/**
 * Asks for a name from every node's first pod. The verdict has no row for it, because Kubernetes chooses the nodes of its DNS
 * servers: it says something only where all of them can be reached, or none, or where there should be one and is none.
 */
export async function checkNames({
  api,
  field,
  plan,
}: {
  api: Pick<ClusterApi, "list">;
  field: Field;
  plan: LabPlan;
}): Promise<Check[]> {
  const on = await serversOf(api);
  const where =
    on.length === 0 ? "no CoreDNS is ready (dns-loop)" : `CoreDNS runs on ${[...new Set(on)].join(" and ")}`;
  const predicted = predictions(plan, on);
  const checks = await field.each(plan.nodes, async ({ name }): Promise<Check[]> => {
    const pod = podNames(name)[0] ?? "";
    if (field.missing(pod)) return [];
    const [ran] = await field.run(pod, [COMMAND], 6);
    const observed = ran?.exit === undefined ? "not measured" : isAnswered(ran.output) ? "works" : "fails";
    const expected = predicted(name);
    return [
      {
        name: `DNS from ${pod}`,
        ...(expected && { predicted: expected }),
        observed,
        agrees: expected === undefined || observed === "not measured" || expected === observed,
        ...(observed === "fails" && {
          explanation: expected ? where : `${where}, of which not all can be reached from there`,
        }),
      },
    ];
  });
  return checks.flat();
}

/** The nodes of the DNS servers that answer. Waits for one: a pod that is not ready is no endpoint of the Service. */
async function serversOf(api: Pick<ClusterApi, "list">): Promise<string[]> {
  const end = Date.now() + READY * 1000;
  for (;;) {
    const pods = await api.list<Pod>("v1", "Pod", { namespace: "kube-system", labels: "k8s-app=kube-dns" });
    const ready = pods.filter(
      (pod) => !pod.metadata.deletionTimestamp && conditionOf(pod, "Ready")?.status === "True",
    );
    // Without any pod there is nothing to wait for.
    if (ready.length > 0 || pods.length === 0 || Date.now() > end)
      return ready.map(({ spec }) => spec.nodeName ?? "");
    await delay(1000);
  }
}

/** What the verdict implies for a node's pods. Undefined where the servers can be reached in part. */
export function predictions(
  plan: LabPlan,
  servers: readonly string[],
): (node: string) => "works" | "fails" | undefined {
  const works = expectations(plan);
  const pairs = pairsOf(plan);
  // TCP, because a datagram of DNS is as small, and no probe between pods is UDP.
  const reaches = (from: string, to: string): boolean => {
    if (from === to) return true;
    const pair = pairs.find((one) => isBetween(one, from, to));
    return pair !== undefined && works(pair, "TCP");
  };
  const isDown = plan.nodes.some(({ host }) => host.broken.includes("dns-loop"));
  return (node) => {
    if (servers.length === 0) return plan.calico && !isDown ? "works" : "fails";
    const fates = new Set(servers.map((server) => reaches(node, server)));
    const [fate] = fates;
    return fates.size === 1 ? (fate ? "works" : "fails") : undefined;
  };
}

const isBetween = ({ from, to }: Pair, a: string, b: string): boolean =>
  from.node === a && from.name !== a && to.kind === "pod" && to.node.name === b;
