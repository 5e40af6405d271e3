/**
 * Calico's manifest as far as the lab edits it: written after the published ones, not copied from them. The forms differ where
 * the releases do. Read in projectcalico/calico on 2026-11-25: manifests/calico.yaml, calico-typha.yaml and
 * calico-v3-crds.yaml at the tags v3.28.5, v3.29.7, v3.30.7, v3.31.7 and v3.32.1 and on the branch release-v3.33.
 */

/** Which manifest to write. */
export interface ManifestForm {
  /** Minor of Calico, e.g. `3.32`. */
  minor: string;
  /** With Typha, as `calico-typha.yaml`. Default: without, as `calico.yaml`. */
  typha?: boolean;
  /** API group of the kind IPPool, or undefined for a manifest that does not define it. Default: `crd.projectcalico.org`. */
  poolGroup?: "crd.projectcalico.org" | "projectcalico.org" | undefined;
}

/** From 3.33 on calico-node is a subcommand whose options have two dashes. */
const health = (minor: number, component: "live" | "ready"): string[] =>
  minor < 33
    ? ["/bin/calico-node", `-felix-${component}`, `-bird-${component}`]
    : ["calico", "component", "node", "health", `--felix-${component}`, `--bird-${component}`];

const list = (indent: number, values: readonly string[]): string =>
  values.map((value) => `${" ".repeat(indent)}- ${value}\n`).join("");

const section = (wanted: boolean, text: string): string => (wanted ? text : "");

/** A manifest with comments, quoted scalars and objects that must stay as they are. */
export function calicoManifest(form: ManifestForm): string {
  const { typha = false, poolGroup } = { poolGroup: "crd.projectcalico.org", ...form };
  const minor = Number(form.minor.split(".")[1]);
  return `---
# Written for the tests
apiVersion: policy/v1
kind: PodDisruptionBudget
metadata:
  name: calico-kube-controllers
spec:
  maxUnavailable: 1
---
kind: ConfigMap
apiVersion: v1
metadata:
  name: calico-config
  namespace: kube-system
data:
  typha_service_name: "${typha ? "calico-typha" : "none"}"
  # bird, or vxlan for a Calico without BGP
  calico_backend: "bird"

  veth_mtu: "0"
  cni_network_config: |-
    {
      "name": "k8s-pod-network",
      "plugins": [{ "type": "calico", "mtu": __CNI_MTU__ }]
    }
---
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata:
  name: felixconfigurations.${poolGroup ?? "crd.projectcalico.org"}
${section(
  poolGroup !== undefined,
  `---
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata:
  name: ippools.${poolGroup}
spec:
  group: ${poolGroup}
  names:
    kind: IPPool
    plural: ippools
`,
)}---
kind: DaemonSet
apiVersion: apps/v1
metadata:
  name: calico-node
  namespace: kube-system
spec:
  updateStrategy:
    type: RollingUpdate
    rollingUpdate:
      maxUnavailable: 1
  template:
    metadata:
      labels:
        k8s-app: calico-node
    spec:
      hostNetwork: true
${section(
  minor >= 29,
  `      securityContext:
        seccompProfile:
          type: RuntimeDefault
`,
)}      initContainers:
        - name: install-cni
          image: quay.io/calico/${minor < 33 ? "cni" : "calico"}:v${form.minor}.0
          env:
            - name: CNI_MTU
              valueFrom:
                configMapKeyRef:
                  name: calico-config
                  key: veth_mtu
        - name: "${minor < 31 ? "mount-bpffs" : "ebpf-bootstrap"}"
          image: quay.io/calico/node:v${form.minor}.0
      containers:
        # The data plane and BIRD.
        - name: calico-node
          image: quay.io/calico/node:v${form.minor}.0
          env:
            - name: DATASTORE_TYPE
              value: "kubernetes"
${section(
  typha,
  `            - name: FELIX_TYPHAK8SSERVICENAME
              valueFrom:
                configMapKeyRef:
                  name: calico-config
                  key: typha_service_name
`,
)}            - name: NODENAME
              valueFrom:
                fieldRef:
                  fieldPath: spec.nodeName
            - name: CALICO_NETWORKING_BACKEND
              valueFrom:
                configMapKeyRef:
                  name: calico-config
                  key: calico_backend
            - name: CLUSTER_TYPE
              value: "k8s,bgp"
            - name: IP
              value: "autodetect"
            - name: CALICO_IPV4POOL_IPIP
              value: "Always"
            - name: CALICO_IPV4POOL_VXLAN
              value: "Never"
            - name: CALICO_IPV6POOL_VXLAN
              value: "Never"
            - name: FELIX_IPINIPMTU
              valueFrom:
                configMapKeyRef:
                  name: calico-config
                  key: veth_mtu
            # - name: CALICO_IPV4POOL_CIDR
            #   value: "192.168.0.0/16"
            - name: FELIX_HEALTHENABLED
              value: "true"
          livenessProbe:
            exec:
              command:
${list(16, health(minor, "live"))}            periodSeconds: 10
            failureThreshold: 6
          readinessProbe:
            exec:
              command:
${list(16, health(minor, "ready"))}            periodSeconds: 10
      volumes:
        - name: lib-modules
          hostPath:
            path: /lib/modules
---
apiVersion: apps/v1
kind: Deployment
metadata:
  name: calico-kube-controllers
${section(
  typha,
  `---
apiVersion: apps/v1
kind: Deployment
metadata:
  name: calico-typha
spec:
  strategy:
    rollingUpdate:
      maxUnavailable: 1
`,
)}`;
}

/** The manifest of the Calico that a config gets by default. */
export const MANIFEST = calicoManifest({ minor: "3.32" });
