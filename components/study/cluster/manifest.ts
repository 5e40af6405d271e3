/** The study's objects in a cluster, as data: pods to send from, nodes to look at, Services. */
import { createHash } from "node:crypto";
import { type LabPlan, PODS_PER_NODE, podNames, SERVICE_PORTS, type TrafficPolicy } from "../../plan";
import type { KubernetesObject } from "./api";
import { ANSWER, ASK } from "./commands";
import { serverOf } from "./listener";

/** The namespace of everything that the study has in a cluster. */
export const NAMESPACE = "encaplab-study";
/** `lab switch` restarts the workloads with this label, so that their pods get the new MTU. */
export const LABELS = { "app.kubernetes.io/part-of": "encaplab-study" };
/** The name of the one container in each of the pods. */
export const CONTAINER = "study";
/** On a pod: changes when the pod must be made anew. */
export const REVISION = "encaplab/revision";

/** The kinds of pods, as the label `app` names them: a node's first pod, the second pod of one node, and a node itself. */
export const APPS = { first: "study", second: "study-second", node: "study-node" } as const;

/** The UDP port of a study pod. Not the plan's 53: a pod without privileges has no port below 1024. */
export const UDP_PORT = 5300;
const TCP_PORT = SERVICE_PORTS.tcp.target;

/** Answers requests on TCP and UDP until it is told to end. */
const SERVE = `${serverOf({ protocol: "tcp", port: TCP_PORT })} &
${serverOf({ protocol: "udp", port: UDP_PORT })} &
trap 'exit 0' TERM INT
wait
`;
/** Reads the whole request: what is left unread would reset the connection. */
const HTTP = `while read -r line; do [ "\${#line}" -gt 1 ] || break; done
printf 'HTTP/1.0 200 OK\\r\\nContent-Length: ${ANSWER.length}\\r\\n\\r\\n${ANSWER}'
`;
const UDP = `head -c 1 >/dev/null
printf ${ANSWER}
`;
/** The files in /study of each pod. */
const SCRIPTS = { serve: SERVE, http: HTTP, udp: UDP, ask: ASK };

/** For a node's own network, where nothing listens all the time. */
const IDLE = "trap 'exit 0' TERM INT; while :; do sleep 3600 & wait $!; done";

/** The node that has two pods, so that the path inside a node exists: the first, as in the verdict's examples. */
export const nodeOfSecond = ({ nodes }: Pick<LabPlan, "nodes">): string => nodes[0]?.name ?? "";

/** The names of the study pods that a cluster has, as the plan names them. */
export const podsIn = (plan: Pick<LabPlan, "nodes">): string[] =>
  plan.nodes.flatMap(({ name }) => podNames(name).slice(0, name === nodeOfSecond(plan) ? PODS_PER_NODE : 1));

/** The namespace. Its pods may look at the nodes' network: only `study-node` does. */
export const STUDY_NAMESPACE: KubernetesObject = {
  apiVersion: "v1",
  kind: "Namespace",
  metadata: {
    name: NAMESPACE,
    labels: { ...LABELS, "pod-security.kubernetes.io/enforce": "privileged" },
  } as KubernetesObject["metadata"],
};

/** Changes when the pods must be made anew: a pod keeps the MTU that it was made with. */
export const revisionOf = (plan: LabPlan, image: string): string =>
  createHash("sha256")
    .update(JSON.stringify([image, plan.mtu.pod, SCRIPTS, MOUNTS, VOLUMES]))
    .digest("hex")
    .slice(0, 16);

/** All objects but the EndpointSlices, which need the addresses of pods. The namespace is the first. */
export function studyObjects(plan: LabPlan, image: string): KubernetesObject[] {
  const revision = revisionOf(plan, image);
  const inside = (kind: string, name: string, apiVersion: string, fields: object): KubernetesObject =>
    ({
      apiVersion,
      kind,
      metadata: { name, namespace: NAMESPACE, labels: LABELS },
      ...fields,
    }) as KubernetesObject;
  const template = (app: string, spec: object) => ({
    metadata: { labels: { app, ...LABELS }, annotations: { [REVISION]: revision } },
    spec: {
      automountServiceAccountToken: false,
      enableServiceLinks: false,
      terminationGracePeriodSeconds: 0,
      tolerations: [{ operator: "Exists" }],
      ...spec,
    },
  });
  const daemons = (app: string, spec: object) =>
    inside("DaemonSet", app, "apps/v1", {
      spec: {
        selector: { matchLabels: { app } },
        updateStrategy: { type: "RollingUpdate", rollingUpdate: { maxUnavailable: "100%" } },
        template: template(app, spec),
      },
    });
  return [
    STUDY_NAMESPACE,
    inside("ConfigMap", "study", "v1", { data: SCRIPTS }),
    daemons(APPS.first, podSpec(image)),
    inside("Deployment", APPS.second, "apps/v1", {
      spec: {
        replicas: 1,
        selector: { matchLabels: { app: APPS.second } },
        strategy: { type: "Recreate" },
        template: template(APPS.second, {
          ...podSpec(image),
          nodeSelector: { "kubernetes.io/hostname": nodeOfSecond(plan) },
        }),
      },
    }),
    daemons(APPS.node, nodeSpec(image)),
    ...plan.services.flatMap(({ name }) =>
      (["Cluster", "Local"] as const).map((policy) =>
        inside("Service", serviceName(name, policy), "v1", {
          // Without a selector: the study sets its one endpoint, so that every connection has the same outcome.
          spec: {
            type: "NodePort",
            externalTrafficPolicy: policy,
            ports: [
              { name: "tcp", protocol: "TCP", port: SERVICE_PORTS.tcp.port, targetPort: TCP_PORT },
              { name: "udp", protocol: "UDP", port: SERVICE_PORTS.udp.port, targetPort: UDP_PORT },
            ],
          },
        }),
      ),
    ),
  ];
}

/** The name in the cluster of a Service of the plan. */
export const serviceName = (service: string, policy: TrafficPolicy): string =>
  policy === "Cluster" ? service : `${service}-local`;

/** Makes a pod the one endpoint of a Service. @param service its name in the cluster. */
export const endpointOf = (service: string, node: string, address: string): KubernetesObject =>
  ({
    apiVersion: "discovery.k8s.io/v1",
    kind: "EndpointSlice",
    metadata: {
      name: service,
      namespace: NAMESPACE,
      labels: {
        ...LABELS,
        "kubernetes.io/service-name": service,
        "endpointslice.kubernetes.io/managed-by": "encaplab",
      },
    },
    addressType: "IPv4",
    ports: [
      { name: "tcp", protocol: "TCP", port: TCP_PORT },
      { name: "udp", protocol: "UDP", port: UDP_PORT },
    ],
    endpoints: [{ addresses: [address], nodeName: node, conditions: { ready: true } }],
  }) as KubernetesObject;

/** The scripts that answer, and the one place to write: iperf3 has a file there for each stream (`iperf_new_stream`). */
const MOUNTS = {
  volumeMounts: [
    { name: "study", mountPath: "/study", readOnly: true },
    { name: "tmp", mountPath: "/tmp" },
  ],
};
const VOLUMES = {
  volumes: [
    { name: "study", configMap: { name: "study" } },
    { name: "tmp", emptyDir: { medium: "Memory", sizeLimit: "32Mi" } },
  ],
};

/** A pod as any workload's, without privileges (Pod Security Standards, "restricted"). */
const podSpec = (image: string) => ({
  securityContext: {
    runAsNonRoot: true,
    runAsUser: 65532,
    runAsGroup: 65532,
    seccompProfile: { type: "RuntimeDefault" },
    // Lets any user ping. It is one of the sysctls that Kubernetes calls safe.
    sysctls: [{ name: "net.ipv4.ping_group_range", value: "0 2147483647" }],
  },
  containers: [
    {
      name: CONTAINER,
      image,
      imagePullPolicy: "IfNotPresent",
      command: ["sh", "/study/serve"],
      securityContext: {
        allowPrivilegeEscalation: false,
        readOnlyRootFilesystem: true,
        capabilities: { drop: ["ALL"] },
      },
      ...MOUNTS,
    },
  ],
  ...VOLUMES,
});

/** A node's own network: to send from the node, to look at its routes, to capture on its devices. */
const nodeSpec = (image: string) => ({
  hostNetwork: true,
  securityContext: { runAsUser: 0, seccompProfile: { type: "RuntimeDefault" } },
  containers: [
    {
      name: CONTAINER,
      image,
      imagePullPolicy: "IfNotPresent",
      command: ["sh", "-c", IDLE],
      securityContext: {
        allowPrivilegeEscalation: false,
        readOnlyRootFilesystem: true,
        // To capture, and to make the node forget the connections of the study's own packets. Debian's tcpdump gives up
        // without the right to change its user.
        capabilities: { drop: ["ALL"], add: ["NET_ADMIN", "NET_RAW", "SETUID", "SETGID"] },
      },
      ...MOUNTS,
    },
  ],
  ...VOLUMES,
});
