/**
 * The kind IPPool for a cluster without Calico (`calico.install: none`), so that the lab's pools can be declared and
 * changed there too. It has only the fields of Calico's own definition that we use
 * (`crd.projectcalico.org_ippools.yaml`).
 */

const MODE = { type: "string", enum: ["Always", "CrossSubnet", "Never"] };

export const IP_POOL_DEFINITION = {
  apiVersion: "apiextensions.k8s.io/v1",
  kind: "CustomResourceDefinition",
  metadata: { name: "ippools.crd.projectcalico.org" },
  spec: {
    group: "crd.projectcalico.org",
    scope: "Cluster",
    names: { kind: "IPPool", listKind: "IPPoolList", plural: "ippools", singular: "ippool" },
    versions: [
      {
        name: "v1",
        served: true,
        storage: true,
        schema: {
          openAPIV3Schema: {
            type: "object",
            properties: {
              spec: {
                type: "object",
                required: ["cidr"],
                properties: {
                  cidr: { type: "string" },
                  blockSize: { type: "integer" },
                  ipipMode: MODE,
                  vxlanMode: MODE,
                  natOutgoing: { type: "boolean" },
                  nodeSelector: { type: "string" },
                  allowedUses: { type: "array", items: { type: "string" } },
                },
              },
            },
          },
        },
      },
    ],
  },
};
