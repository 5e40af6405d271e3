/** Changes a node's part in the tenant network: renders the bash that does it in the sandbox. Pure. */
import { INTEGRATION_BRIDGE, TENANT_TUNNEL } from "../../plan";
import { batch, bridgeBatch, enter, inside } from "../fabric";
import { endDhcp, serveDhcp, takeAddress } from "./dhcp";
import { difference } from "./difference";
import { lookAt } from "./look";
import { endDaemon } from "./process-files";
import type { TenantInstance, TenantPort, TenantState } from "./tenant";
import { DHCP_DEVICE } from "./tenant-flows";

/** Folder of a node's Open vSwitch: database, sockets, logs. `lab shell` makes it OVS_RUNDIR. */
const folderOf = (node: string): string => `/run/encaplab/ovs/${node}`;

/** Where Debian and Fedora install the schema of Open vSwitch's database. */
const SCHEMA = "/usr/share/openvswitch/vswitch.ovsschema";

/** The processes of a node's Open vSwitch, in the order in which they end. */
const DAEMONS = ["ovs-vswitchd", "ovsdb-server"] as const;

/** Begins a command of Open vSwitch for a node. */
const ovs = (node: string): string => `env OVS_RUNDIR=${folderOf(node)}`;

/**
 * Changes a node's part from `old` to `state`, touching only what differs. Open vSwitch itself starts with the first part of
 * a node, and ends with the last.
 */
export function changeTenant(
  node: string,
  old: TenantState | undefined,
  state: TenantState | undefined,
): string {
  if (!state) return old ? removeTenant(node, old.port) : "";
  // What the tunnel or the network's size depends on is rebuilt: nothing of it stays.
  const kept = old && isSameNetwork(old, state) ? old : undefined;
  const same = (a: object, b: object | undefined) => JSON.stringify(a) === JSON.stringify(b);
  const gone = kept?.instances.filter((one) => !state.instances.some((other) => same(one, other))) ?? [];
  const come = state.instances.filter((one) => !kept?.instances.some((other) => same(one, other)));
  const unplugs = kept?.port && !same(kept.port, state.port) ? [kept.port] : [];
  const plugs = state.port && !same(state.port, kept?.port) ? [state.port] : [];
  const begins = kept ? [] : [...(old ? [removeTenant(node, old.port)] : []), startBridge(node, state)];
  const forwarding = difference(kept?.forwarding ?? [], state.forwarding);
  const flows = kept?.flows !== state.flows || come.length + plugs.length > 0;
  return [
    ...begins,
    ...gone.map((one) => removeInstance(node, one)),
    ...unplugs.map(({ device }) => unplug(node, device)),
    ...come.map((one) => addInstance(node, one, state)),
    ...plugs.map((one) => plug(node, one, state)),
    bridgeBatch(node, [
      ...forwarding.removed.map((line) => `fdb del ${line}`),
      ...forwarding.added.map((line) => `fdb append ${line}`),
    ]),
    flows ? setFlows(node, state) : "",
    // Only now the flows let DHCP through.
    ...plugs.map((one) => takeAddress(node, one)),
  ]
    .filter((part) => part !== "")
    .join("\n");
}

const isSameNetwork = (a: TenantState, b: TenantState): boolean =>
  a.tunnel === b.tunnel && a.mtu === b.mtu && a.prefix === b.prefix;

/** Starts Open vSwitch in the node's namespace, on the userspace datapath: it needs no kernel module. */
function startBridge(node: string, { tunnel, mtu }: TenantState): string {
  const folder = folderOf(node);
  const { device } = TENANT_TUNNEL;
  const quiet = `--detach --no-chdir -vconsole:off -vsyslog:off`;
  const start = (daemon: string, rest: string) =>
    // `{lock}>&-`, because a daemon that inherits the lock would hold it forever.
    `${ovs(node)} ${enter(node)} ${daemon} ${rest} --pidfile=${folder}/${daemon}.pid ${quiet} {lock}>&-`;
  return [
    "if [[ ! -w /dev/net/tun ]]; then echo 'Open vSwitch needs /dev/net/tun, which this user may not open: run as root, or sudo chmod 666 /dev/net/tun' >&2; exit 1; fi",
    `rm -rf ${folder}; mkdir -p ${folder}`,
    `ovsdb-tool create ${folder}/conf.db ${SCHEMA}`,
    start("ovsdb-server", `${folder}/conf.db --remote=punix:${folder}/db.sock`),
    `${ovs(node)} ovs-vsctl --no-wait init`,
    start("ovs-vswitchd", `unix:${folder}/db.sock --log-file=${folder}/ovs-vswitchd.log`),
    batch(node, [
      `link add ${tunnel}`,
      // The kernel sees these packets too, and must not answer ARP requests for the node's own addresses.
      `link set ${device} mtu ${mtu} arp off addrgenmode none up`,
    ]),
    inside(node, `/run/encaplab/bin/offloads-off ${device}`),
    `${ovs(node)} ovs-vsctl -- add-br ${INTEGRATION_BRIDGE} -- set bridge ${INTEGRATION_BRIDGE} datapath_type=netdev fail_mode=secure -- add-port ${INTEGRATION_BRIDGE} ${device}`,
  ].join("\n");
}

function addInstance(node: string, one: TenantInstance, { mtu }: TenantState): string {
  const { name, device, address, mac, routes, neighbours } = one;
  return [
    takeInstance(node, name),
    batch(node, [
      `link add ${device} mtu ${mtu} type veth peer name eth0 address ${mac} mtu ${mtu} netns /run/netns/${name}`,
      `link set ${device} arp off addrgenmode none up`,
    ]),
    batch(name, [
      "link set lo up",
      `addr add ${address} dev eth0`,
      "link set eth0 up",
      ...routes.map((route) => `route add ${route}`),
      ...neighbours.map((entry) => `neigh add ${entry}`),
    ]),
    inside(name, "/run/encaplab/bin/offloads-off eth0"),
    `${ovs(node)} ovs-vsctl add-port ${INTEGRATION_BRIDGE} ${device} -- set interface ${device} 'external_ids:attached-mac="${mac}"'`,
  ].join("\n");
}

/** As L16's author did by hand. The address comes by DHCP. */
function plug(node: string, one: TenantPort, state: TenantState): string {
  const { device, mac, id } = one;
  return [
    serveDhcp(node, one, state),
    `${ovs(node)} ovs-vsctl -- add-port ${INTEGRATION_BRIDGE} ${DHCP_DEVICE} -- add-port ${INTEGRATION_BRIDGE} ${device} -- set interface ${device} type=internal mtu_request=${state.mtu} 'mac="${mac}"' 'external_ids:attached-mac="${mac}"' external_ids:iface-id=${id} external_ids:iface-status=active`,
    batch(node, [`link set ${device} addrgenmode none up`]),
  ].join("\n");
}

const unplug = (node: string, device: string): string =>
  [
    endDhcp(node),
    ...[device, DHCP_DEVICE].map(
      (one) => `${ovs(node)} ovs-vsctl --if-exists del-port ${INTEGRATION_BRIDGE} ${one}`,
    ),
    dropLinks(node, [DHCP_DEVICE]),
  ].join("\n");

const removeInstance = (node: string, { name, device }: Pick<TenantInstance, "name" | "device">): string =>
  [
    `${ovs(node)} ovs-vsctl --if-exists del-port ${INTEGRATION_BRIDGE} ${device}`,
    dropLinks(node, [device]),
    removeInstances(node, `${OWNERS}/${name}`),
  ].join("\n");

/**
 * A file for each instance, with the name of its host. Two hosts change at the same time when an instance moves: the new one
 * takes the instance's namespace, and the old one then leaves it alone.
 */
const OWNERS = "/run/encaplab/instances";

/** Bash that does something while no other host changes its instances. */
const locked = (lines: readonly string[]): string =>
  [`exec {owners}> ${OWNERS}.lock`, 'flock "$owners"', ...lines, "exec {owners}>&-"].join("\n");

/** Bash that makes an instance's namespace, in place of one that another host had. */
const takeInstance = (node: string, name: string): string =>
  locked([
    `[[ -d ${OWNERS} ]] || mkdir -p ${OWNERS}`,
    `if [[ -e /run/netns/${name} ]]; then ip netns del ${name}; fi`,
    `echo ${node} > ${OWNERS}/${name}`,
    `ip netns add ${name}`,
  ]);

/** Bash that removes the namespaces of a host's instances. @param files those of the instances. Default: all. */
const removeInstances = (node: string, files = `${OWNERS}/*`): string =>
  locked([
    `for file in ${files}; do`,
    `  if [[ -e $file && $(< $file) == ${node} ]]; then`,
    "    if [[ -e /run/netns/${file##*/} ]]; then ip netns del ${file##*/}; fi",
    "    rm -f $file",
    "  fi",
    "done",
  ]);

/** Bash that deletes links of a node. What is missing is no error. */
const dropLinks = (node: string, links: readonly string[]): string =>
  `{ ${batch(
    node,
    links.map((link) => `link del ${link}`),
    "-force ",
  )}\n} 2> /dev/null || true`;

/** Replaces all flows in one bundle, and forgets the connections that the old ones let through. */
function setFlows(node: string, { flows }: TenantState): string {
  const command = `${ovs(node)} ovs-ofctl --bundle replace-flows ${INTEGRATION_BRIDGE} -`;
  return [
    `${command} <<'FLOWS'\n${flows}\nFLOWS`,
    `${ovs(node)} ovs-appctl dpctl/flush-conntrack`,
    // Else br-int sends to where an instance was.
    `${ovs(node)} ovs-appctl fdb/flush ${INTEGRATION_BRIDGE} > /dev/null`,
  ].join("\n");
}

/**
 * Bash that removes a node's part, whatever it is. What is missing is no error.
 * @param node its namespace may be gone.
 * @param port of the state that it has, if that is known: Open vSwitch makes devices that outlive it.
 */
export const removeTenant = (node: string, port?: Pick<TenantPort, "device">): string =>
  [
    `if [[ -d ${folderOf(node)} ]]; then`,
    ...DAEMONS.map((daemon) => endDaemon(`${folderOf(node)}/${daemon}.pid`, daemon)),
    `rm -rf ${folderOf(node)}`,
    endDhcp(node),
    dropLinks(node, [
      TENANT_TUNNEL.device,
      DHCP_DEVICE,
      INTEGRATION_BRIDGE,
      "ovs-netdev",
      ...(port ? [port.device] : []),
    ]),
    removeInstances(node),
    "fi",
  ].join("\n");

/** Bash that prints what a node's part has: its flows and devices. Where Open vSwitch does not run, nothing. */
export const lookAtTenant = (node: string, { instances }: TenantState): string[] => [
  `${ovs(node)} ovs-ofctl --no-stats --names dump-flows ${INTEGRATION_BRIDGE}`,
  `${ovs(node)} ovs-vsctl --no-wait --timeout=5 --columns=name,type,external_ids list interface`,
  `bridge -n ${node} fdb show dev ${TENANT_TUNNEL.device}`,
  ...instances.map(({ name }) => lookAt(name)),
];
