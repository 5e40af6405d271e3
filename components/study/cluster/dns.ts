/** DNS from each study pod: whether a name of the cluster is answered. */
import { expectations, type LabPlan, type Pair, pairsOf, podNames } from "../../plan";
import type { Check } from "../measured";
import type { ClusterApi } from "./api";
import type { Field } from "./field";
import type { Pod } from "./places";

/** A name that every cluster has. curl says how long the look-up took: 0 if there was no answer. */
const NAME = "kubernetes.default.svc.cluster.local";
const COMMAND = `curl -sSk --noproxy '*' --connect-timeout 5 -m 5 -o /dev/null -w ' %{time_namelookup}' https://${NAME}/livez`;
const isAnswered = (output: string): boolean => Number(/ (\d+\.\d+)$/.exec(output)?.[1] ?? 0) > 0;

/**
 * Asks for a name from every node's first pod. The verdict has no row for it, because Kubernetes chooses the nodes of its DNS
 * servers: it says something only where all of them can be reached, or none.
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
  const servers = await api.list<Pod>("v1", "Pod", { namespace: "kube-system", labels: "k8s-app=kube-dns" });
  const on = servers.flatMap(({ spec, metadata }) =>
    metadata.deletionTimestamp ? [] : [spec.nodeName ?? ""],
  );
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
          explanation: expected
            ? `CoreDNS runs on ${[...new Set(on)].join(" and ")}`
            : `CoreDNS runs on ${[...new Set(on)].join(" and ")}, of which not all can be reached from there`,
        }),
      },
    ];
  });
  return checks.flat();
}

/** What the verdict implies for a node's pods. Undefined where the servers can be reached in part, or there are none. */
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
  return (node) => {
    const fates = new Set(servers.map((server) => reaches(node, server)));
    const [fate] = fates;
    return fates.size === 1 ? (fate ? "works" : "fails") : undefined;
  };
}

const isBetween = ({ from, to }: Pair, a: string, b: string): boolean =>
  from.node === a && from.name !== a && to.kind === "pod" && to.node.name === b;
