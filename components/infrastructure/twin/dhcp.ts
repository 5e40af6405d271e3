/**
 * DHCP in a tenant network, as OVN has it: each host answers its own ports, with the address of the tenant's router. Renders
 * bash.
 */
import { readFileSync } from "node:fs";
import { scriptPath } from "../../scripts";
import { batch, enter, inside } from "../fabric";
import { endDaemon } from "./process-files";
import type { TenantPort, TenantState } from "./tenant";
import { DHCP_DEVICE } from "./tenant-flows";

/** The server's namespace. No node has a name with a dot. */
const spaceOf = (node: string): string => `qdhcp.${node}`;

/** Path of the files of a node's server and client, without extension. */
const filesOf = (node: string): string => `/run/encaplab/dhcp/${node}`;

/**
 * Bash that starts the server of a node's port, beside br-int, into which its device must be plugged. dnsmasq is Neutron's own.
 * The lease has no end, because no packet but the first ones reaches the server.
 */
export function serveDhcp(node: string, { address, mac, dhcp }: TenantPort, { mtu }: TenantState): string {
  const [space, files] = [spaceOf(node), filesOf(node)];
  const [own = "", server = ""] = [address, dhcp.address].map((one) => one.split("/")[0]);
  return [
    "[[ -d /run/encaplab/dhcp ]] || mkdir -p /run/encaplab/dhcp",
    `ip netns add ${space}`,
    batch(node, [
      `link add ${DHCP_DEVICE} mtu ${mtu} type veth peer name eth0 address ${dhcp.mac} mtu ${mtu} netns /run/netns/${space}`,
      `link set ${DHCP_DEVICE} arp off addrgenmode none up`,
    ]),
    batch(space, ["link set lo up", `addr add ${dhcp.address} dev eth0`, "link set eth0 up"]),
    inside(space, "/run/encaplab/bin/offloads-off eth0"),
    // It sets its groups, which a user namespace forbids (user_namespaces(7)), and is ready when it returns. `{lock}>&-`: it
    // would hold the lock forever.
    [
      `${enter(space)} perl /run/encaplab/bin/without-setgroups.pl dnsmasq --conf-file=/dev/null --port=0`,
      "--user=root --group=root --interface=eth0 --bind-interfaces --no-ping --dhcp-authoritative --leasefile-ro",
      `--pid-file=${files}.server --log-facility=${files}.log`,
      `--dhcp-range=${dhcp.network},static,infinite --dhcp-host=${mac},${own},infinite`,
      `--dhcp-option=option:router,${server} --dhcp-option=option:dns-server,${server} --dhcp-option=option:mtu,${mtu}`,
      "{lock}>&-",
    ].join(" "),
  ].join("\n");
}

/**
 * Bash that has the node's port take its address, as the step `tenant-port` has it with dhclient: the same hook, so neither a
 * default route nor DNS servers. dhclient stays when it has the address, and asks again at once where nothing answers.
 */
export function takeAddress(node: string, { device, address }: TenantPort): string {
  const files = filesOf(node);
  const client = `dhclient -4 -1 -q -cf ${files}.conf -sf ${files}.hook -pf ${files}.client -lf ${files}.leases ${device}`;
  return [
    readFileSync(scriptPath("node/dhcp-hook.sh"), "utf8"),
    `dhcp_hook > ${files}.hook; chmod 755 ${files}.hook`,
    `echo 'timeout 15; initial-interval 1; request subnet-mask;' > ${files}.conf`,
    `${enter(node)} ${client} {lock}>&- < /dev/null > ${files}.said 2>&1 || { echo "DHCP gave ${device} of ${node} not the address ${address}: $(< ${files}.said)" >&2; exit 1; }`,
  ].join("\n");
}

/** Bash that ends a node's client and server. What is missing is no error. */
export function endDhcp(node: string): string {
  const [space, files] = [spaceOf(node), filesOf(node)];
  return [
    endDaemon(`${files}.client`, "dhclient"),
    endDaemon(`${files}.server`, "dnsmasq"),
    `[[ ! -e /run/netns/${space} ]] || ip netns del ${space}`,
    `rm -f ${files}.*`,
  ].join("\n");
}
