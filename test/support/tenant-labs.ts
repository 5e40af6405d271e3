/** Labs with a tenant network. */
import type { RawConfig } from "./problems";

const INSTANCE = { name: "vm1", host: "w1", address: "20.20.1.98" };
export const TENANTS = { cidr: "20.20.1.0/24", instances: [INSTANCE], ports: ["w1", "w2"] };
export const BASE: RawConfig = {
  topology: [
    { name: "a", cidr: "10.0.3.0/24", nodes: ["cp1", "w1"] },
    { name: "b", cidr: "10.0.4.0/24", nodes: ["w2"] },
  ],
};
const onW2 = (fault: string) => ({ faults: [{ fault, nodes: ["w2"] }] }) as Pick<RawConfig, "faults">;

/** Each differs from the one before it, and so is a change in place. */
export const LABS: Record<string, RawConfig> = {
  "without tenants": {},
  "two ports": { tenants: TENANTS },
  "the pods' addresses": { tenants: TENANTS, natOutgoing: false },
  "routes to pods": { tenants: { ...TENANTS, podRoutes: true } },
  "routes to pods, and the pods' addresses": {
    tenants: { ...TENANTS, podRoutes: true },
    natOutgoing: false,
    encapsulation: "None",
  },
  "a group without ICMP": { tenants: { ...TENANTS, podRoutes: true, securityGroup: ["tcp", "udp"] } },
  "a port that is not plugged": {
    tenants: { ...TENANTS, podRoutes: true },
    ...onW2("tenant-port-unplugged"),
  },
  "no masquerading": { tenants: TENANTS, ...onW2("nat-missing") },
  "a link that carries less": { tenants: TENANTS, ...onW2("link-mtu-smaller") },
  "a firewall that rejects": { tenants: TENANTS, ...onW2("host-firewall-reject") },
  "an instance that moves, and another one": {
    tenants: {
      ...TENANTS,
      instances: [
        { ...INSTANCE, host: "w2" },
        { ...INSTANCE, name: "vm2", host: "cp1", address: "20.20.1.99" },
      ],
    },
  },
  "two IPPools, of which one has no natOutgoing": {
    tenants: TENANTS,
    ipPools: [
      { name: "near", cidr: "172.16.0.0/17", nodes: ["cp1", "w1"] },
      { name: "far", cidr: "172.16.128.0/17", natOutgoing: false, encapsulation: "None", nodes: ["w2"] },
    ],
  },
  "one port": { tenants: { ...TENANTS, ports: ["w2"] } },
};

/** What CI plays of them: each differs from the others by what decides an outcome. */
export const SELECTED = [
  "two ports",
  "the pods' addresses",
  "routes to pods, and the pods' addresses",
  "a port that is not plugged",
  "a firewall that rejects",
  "an instance that moves, and another one",
  "two IPPools, of which one has no natOutgoing",
  "one port",
];
