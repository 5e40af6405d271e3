/** What of Calico's manifest matters here, in its form: comments, quoted scalars and objects that nobody may touch. */
export const MANIFEST = `---
# Source: calico/templates/calico-config.yaml
kind: ConfigMap
apiVersion: v1
metadata:
  name: calico-config
  namespace: kube-system
data:
  typha_service_name: "none"
  # Configure the backend to use.
  calico_backend: "bird"
  veth_mtu: "0"
---
# Source: calico/templates/kdd-crds.yaml
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata:
  name: ippools.crd.projectcalico.org
---
kind: DaemonSet
apiVersion: apps/v1
metadata:
  name: calico-node
  namespace: kube-system
spec:
  template:
    metadata:
      labels:
        k8s-app: calico-node
    spec:
      initContainers:
        - name: install-cni
          image: quay.io/calico/cni:v3.32.1
          env:
            - name: CNI_MTU
              valueFrom:
                configMapKeyRef:
                  name: calico-config
                  key: veth_mtu
      containers:
        - name: calico-node
          image: quay.io/calico/node:v3.32.1
          env:
            - name: DATASTORE_TYPE
              value: "kubernetes"
            - name: NODENAME
              valueFrom:
                fieldRef:
                  fieldPath: spec.nodeName
            - name: CLUSTER_TYPE
              value: "k8s,bgp"
            - name: IP
              value: "autodetect"
            - name: CALICO_IPV4POOL_IPIP
              value: "Always"
            - name: CALICO_IPV4POOL_VXLAN
              value: "Never"
            - name: FELIX_IPINIPMTU
              valueFrom:
                configMapKeyRef:
                  name: calico-config
                  key: veth_mtu
          livenessProbe:
            exec:
              command:
                - /bin/calico-node
                - -felix-live
                - -bird-live
          readinessProbe:
            exec:
              command:
                - /bin/calico-node
                - -felix-ready
                - -bird-ready
---
apiVersion: apps/v1
kind: Deployment
metadata:
  name: calico-kube-controllers
`;
