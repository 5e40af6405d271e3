/**
 * The network of node containers: the same fabric as the twin's, as bash that scripts/containers/network.sh and `machine`
 * run in the lab's namespaces. Pure.
 */
import { createHash } from "node:crypto";
import { fabricFacts, type LabPlan, type NodePlan, type SubnetPlan, subnetOf } from "../../../plan";
import {
  batch,
  changeHost,
  FABRIC,
  FABRIC_SYSCTLS,
  inside,
  ROUTER,
  ROUTER_SYSCTLS,
  renderHost,
  renderPort,
  renderRouter,
  renderRouterBird,
  renderSecurity,
  renderSubnet,
  routerRoutes,
  type SubnetDevices,
  subnetDevices,
  sysctl,
  unplug,
} from "../../fabric";

/** The router's interface to the internet: slirp4netns makes it. */
const EXTERNAL = "internet";

/** What all subnets and nodes have in common. */
export interface NetworkSpec {
  /** Bash that makes the namespaces `fabric` and `router`. Another text rebuilds the whole network. */
  base: string;
  /** The router's routes besides those to its subnets, in the syntax of `ip route`. */
  routes: string[];
  /** The router's rules as an nftables file, which replaces the tables that it names. */
  router: string;
  /** The rules at the nodes' ports as an nftables file, which replaces the tables that it names. */
  rules: string;
  /** BIRD's configuration on the router. Absent if it speaks no BGP. */
  bird?: string;
  /** The nodes at which TCP 179 is closed. Closing it must also end the sessions that are up. */
  bgpClosedOn: string[];
}

/** A bridge, and the router's interface in it. */
export interface SubnetSpec {
  name: string;
  cidr: string;
  gateway: string;
  /** The bridge and the router's interface. Named after the addresses, so that a renamed subnet stays as it is. */
  bridge: string;
  nic: string;
  /** Bash that makes both. Another text rebuilds them, and switches the machines in the subnet off and on. */
  build: string;
  /** Bash that removes both. What is missing is no error. */
  remove: string;
}

/** What plugs a machine in. */
export interface PortSpec {
  /** Bash for a namespace of the node's name that exists. Another text switches the machine off and on. */
  plug: string;
  /** Bash that removes the port. What is missing is no error. */
  unplug: string;
  /** What faults change on the node, and what takes it back, as bash. Both can be run again. Absent without such faults. */
  host?: { apply: string; undo: string };
}

/** Renders what all subnets and nodes have in common. */
export function renderNetwork(plan: LabPlan): NetworkSpec {
  const operator = plan.subnets.map(({ gateway }) => gateway);
  const { rules, bgpOpen, bgpClosedOn = [] } = renderSecurity(plan, operator);
  const hosts = plan.nodes.filter((node) => renderHost(plan, node)?.bgpClosed);
  const closed = bgpOpen
    ? [...bgpClosedOn, ...hosts.map(({ name }) => name)]
    : plan.nodes.map(({ name }) => name);
  const bird = renderRouterBird(plan, { log: "stderr" });
  return {
    base: [
      batch(undefined, [`netns add ${FABRIC}`, `netns add ${ROUTER}`]),
      ...[FABRIC, ROUTER].map((name) => batch(name, ["link set lo up"])),
      inside(FABRIC, sysctl(FABRIC_SYSCTLS, true)),
      inside(ROUTER, sysctl({ ...ROUTER_SYSCTLS, ...NO_SOURCE_FILTER })),
    ].join("\n"),
    routes: routerRoutes(plan),
    router: [
      "table ip nat {}",
      "delete table ip nat",
      renderRouter(plan, EXTERNAL),
      ...onlyTranslated(plan),
    ].join("\n"),
    rules,
    ...(bird !== "" && { bird }),
    bgpClosedOn: [...new Set(closed)].sort(),
  };
}

/** This machine's own setting, which a new namespace inherits, may be strict. */
const NO_SOURCE_FILTER = { "net/ipv4/conf/all/rp_filter": "0", "net/ipv4/conf/default/rp_filter": "0" };

/**
 * On a real network, packets that leave with a pod's address are never answered. Here they are dropped, because slirp4netns
 * would answer: it ignores the sender's address.
 */
function onlyTranslated(plan: LabPlan): string[] {
  const empty = ["table ip encaplab {}", "delete table ip encaplab"];
  if (fabricFacts(plan).snat === "any") return empty;
  const subnets = plan.subnets.map(({ cidr }) => cidr).join(", ");
  return [
    ...empty,
    "table ip encaplab {",
    "  chain forward {",
    "    type filter hook forward priority filter;",
    `    oifname "${EXTERNAL}" ip saddr != { ${subnets} } drop`,
    "  }",
    "}",
  ];
}

const devicesOf = ({ cidr, gateway }: SubnetPlan): SubnetDevices =>
  subnetDevices(createHash("sha1").update(`${cidr} ${gateway}`).digest("hex").slice(0, 9));

/** Renders a subnet. */
export function renderSubnetSpec(plan: LabPlan, subnet: SubnetPlan): SubnetSpec {
  const devices = devicesOf(subnet);
  const { fabric, router, settings } = renderSubnet(plan, subnet, devices, true);
  const { bridge, gateway, nic } = devices;
  const links = [gateway, bridge].map((link) => `link del ${link}`);
  return {
    name: subnet.name,
    cidr: subnet.cidr,
    gateway: subnet.gateway,
    bridge,
    nic,
    build: [
      batch(FABRIC, fabric),
      batch(ROUTER, router),
      ...(settings === "" ? [] : [inside(ROUTER, settings)]),
    ].join("\n"),
    remove: `{ ${batch(FABRIC, links, "-force ")}\n} 2> /dev/null || true`,
  };
}

/**
 * On a real machine, Debian's systemd sets this at boot, before there is an interface (/usr/lib/sysctl.d/50-default.conf).
 * In a container it does not, and Felix copies the value to the pods' interfaces.
 */
const NODE_SYSCTLS = { "net/ipv4/conf/default/rp_filter": "2" };

/** Renders a node's port. */
export function renderPortSpec(plan: LabPlan, node: NodePlan): PortSpec {
  const subnet = subnetOf(plan, node);
  const port = renderPort(plan, node, devicesOf(subnet).bridge);
  const host = renderHost(plan, node);
  return {
    plug: [
      inside(node.name, [sysctl(NODE_SYSCTLS), batch(undefined, port.node)].join("\n")),
      batch(FABRIC, port.fabric),
    ].join("\n"),
    unplug: unplug(node.name),
    ...(host && {
      host: {
        apply: changeHost(node.name, undefined, host).join("\n"),
        undo: changeHost(node.name, host, undefined).join("\n"),
      },
    }),
  };
}
