/** Faults as they are made by hand in a cloud: its check, its address pairs, its group. */
import type { Fabric } from "../../components/config";
import { port } from "../../components/infrastructure/fabric";
import { type Cluster, CROSS, type Mistake } from "./mistakes";

/** Lets a port pass only the node's own address, as EC2's check and Neutron's port security do. */
const check = (nodes: readonly { name: string; address: string }[]) => ({
  set: async ({ inFabric }: Cluster) => {
    const rules = nodes.flatMap(({ name, address }) => {
      const { tap } = port(name);
      return [
        `add rule bridge byhand own iifname "${tap}" ip saddr != ${address} drop`,
        `add rule bridge byhand own oifname "${tap}" ip daddr != ${address} drop`,
      ];
    });
    const table = [
      "add table bridge byhand",
      "add chain bridge byhand own { type filter hook forward priority -190; }",
    ];
    inFabric([...table, ...rules].map((line) => `nft '${line}'`).join(" && "));
  },
  unset: async ({ inFabric }: Cluster) => inFabric("nft delete table bridge byhand"),
});

const CLOSED = "ip fabric ingress ct state new ip saddr 172.16.0.0/16 drop";
const podCidrClosed: Pick<Mistake, "set" | "unset"> = {
  set: async ({ inFabric }) => inFabric(`nft 'insert rule ${CLOSED} comment "byhand"'`),
  unset: async ({ inFabric }) =>
    inFabric(
      `nft delete rule ip fabric ingress handle $(nft -a list chain ip fabric ingress | sed -n 's/.*byhand.*handle //p')`,
    ),
};
const W1 = { name: "w1", address: "10.0.3.11" };
const ALL = [
  { name: "cp1", address: "10.0.3.10" },
  W1,
  { name: "w2", address: "10.0.4.10" },
  { name: "w3", address: "10.0.4.11" },
];

/** On a cloud's rules, which the network of the containers has. */
export const ON_CLOUDS: Readonly<Partial<Record<Fabric, readonly Mistake[]>>> = {
  aws: [
    {
      config: CROSS,
      mistake: "EC2's check is on everywhere",
      ...check(ALL),
      cause: /source-dest-check/,
    },
    {
      config: CROSS,
      mistake: "EC2's check is on at w1",
      ...check([W1]),
      cause: /source-dest-check on w1/,
    },
    {
      config: CROSS,
      mistake: "the group has no rule for the pod CIDR",
      ...podCidrClosed,
      cause: /pod-cidr-blocked/,
    },
  ],
  openstack: [
    {
      config: CROSS,
      mistake: "w1's port has no address pair",
      ...check([W1]),
      cause: /port-security on w1/,
    },
  ],
};
