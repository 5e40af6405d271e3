/** What OpenStack's command line prints as JSON: rules of security groups, ports, subnets, networks. */
import { z } from "zod";
import { protocolOf } from "./aws";
import type { Document } from "./documents";
import type { Facts } from "./facts";
import { flag, isAddress, isCidr, isIpv4, list, maybe, number, object, text } from "./fields";
import { shaped } from "./shape";

/** Reads an answer. @returns what it is; undefined if it is none that is known. */
export function readOpenstack(document: Document, facts: Facts): string | undefined {
  const { value } = document;
  if (Array.isArray(value)) {
    const first = value.find((one) => one !== null && typeof one === "object") as object | undefined;
    const keys = Object.keys(first ?? {});
    const each = (read: (one: Document) => void) =>
      value.forEach((one, i) => {
        read({ value: one, at: (path) => document.at([i, ...path]) });
      });
    if (keys.includes("IP Protocol")) {
      each((one) => readRule(one, facts));
      return "security group rules of OpenStack";
    }
    if (keys.includes("Fixed IP Addresses")) {
      each((one) => readListedPort(one, facts));
      return "ports of OpenStack";
    }
    if (keys.includes("Subnet") && keys.includes("ID")) {
      each((one) => readSubnet(one, facts));
      return "subnets of OpenStack";
    }
    return undefined;
  }
  const keys = Object.keys(value as object);
  if (keys.includes("fixed_ips")) return readPort(document, facts);
  if (keys.includes("cidr") && keys.includes("network_id")) {
    readShownSubnet(document, facts);
    return "a subnet of OpenStack";
  }
  if (keys.includes("mtu") && keys.includes("subnets")) {
    const parsed = shaped(facts, document, object({ mtu: maybe(number()) }), "network show");
    if (parsed?.mtu && !facts.settings.linkMtu)
      facts.settings.linkMtu = { value: parsed.mtu, source: document.at(["mtu"]) };
    return "a network of OpenStack";
  }
  return undefined;
}

const rule = object({
  "IP Protocol": maybe(z.union([z.string(), z.number().transform(String)])),
  Ethertype: maybe(text()),
  "IP Range": maybe(text()),
  "Port Range": maybe(text()),
  Direction: maybe(text()),
  "Remote Security Group": maybe(text()),
  "Security Group": maybe(text()),
});

/** A rule of `security group rule list`: with `--long` also its direction, without a group's name also its group. */
function readRule(document: Document, facts: Facts): void {
  const parsed = shaped(facts, document, rule, "security group rule");
  if (
    !parsed ||
    /^IPv6$/i.test(parsed.Ethertype ?? "") ||
    /^(::\/0|[0-9a-f:]+\/\d+)$/i.test(parsed["IP Range"] ?? "")
  )
    return;
  const group = parsed["Security Group"];
  const name = group ?? "the group";
  const protocol = protocolOf(
    /^(none|any|)$/i.test(parsed["IP Protocol"] ?? "") ? "-1" : (parsed["IP Protocol"] ?? "-1"),
  );
  const source = document.at([]);
  if (!facts.groups.some(({ value }) => value === name)) facts.groups.push({ value: name, source });
  if (/^egress$/i.test(parsed.Direction ?? "")) return;
  const [, first, last] = /^(\d+):(\d+)$/.exec(parsed["Port Range"] ?? "") ?? [];
  const cidr = parsed["IP Range"];
  const remote = parsed["Remote Security Group"];
  if (protocol === "94" || protocol === "ipip")
    facts.notExpressed.push({
      what: `a rule is for the protocol "${protocol}", which is 94 in older releases of Neutron; IP-in-IP is 4: use the number`,
      source,
    });
  facts.rules.push({
    group: name,
    protocol,
    ...(first !== undefined && last !== undefined && { ports: [Number(first), Number(last)] as const }),
    ...(cidr && isIpv4(cidr) && !remote && { cidr }),
    ...(remote && { remote }),
    source,
  });
}

const fixed = list(object({ ip_address: text(), subnet_id: maybe(text()) }));
const pair = list(object({ ip_address: text() }));
/** Older releases print lists as text: `ip_address='10.0.0.4', subnet_id='…'`. */
const addressesIn = (value: string): { ip_address: string; subnet_id?: string }[] =>
  [...value.matchAll(/ip_address='([^']+)'(?:, subnet_id='([^']+)')?/g)].map(
    ([, ip_address = "", subnet_id]) => ({
      ip_address,
      ...(subnet_id && { subnet_id }),
    }),
  );
const fixedIps = z.union([fixed, z.string().transform(addressesIn)]);
const pairs = z.union([pair, z.string().transform(addressesIn)]);
const ids = z.union([list(text()), z.string().transform((value) => value.split(/[,\s]+/).filter(Boolean))]);

const listed = object({
  ID: text(),
  Name: maybe(text()),
  "Fixed IP Addresses": fixedIps,
  "Security Groups": maybe(ids),
  "Allowed Address Pairs": maybe(pairs),
  "Port Security Enabled": maybe(flag()),
  "Device Owner": maybe(text()),
});

/** Ports of machines. Routers, DHCP servers and load balancers have some, too. */
const isMachine = (owner: string | undefined): boolean =>
  !owner || owner.startsWith("compute:") || /^(bare|trunk)/.test(owner);

function readListedPort(document: Document, facts: Facts): void {
  const port = shaped(facts, document, listed, "port list");
  if (!port || !isMachine(port["Device Owner"])) return;
  push(facts, document, {
    id: port.ID,
    name: port.Name,
    fixedIps: port["Fixed IP Addresses"],
    groups: port["Security Groups"],
    pairs: port["Allowed Address Pairs"],
    checked: port["Port Security Enabled"],
  });
}

const shown = object({
  id: maybe(text()),
  name: maybe(text()),
  fixed_ips: fixedIps,
  security_group_ids: maybe(ids),
  security_groups: maybe(ids),
  allowed_address_pairs: maybe(pairs),
  port_security_enabled: maybe(flag()),
  device_owner: maybe(text()),
});

function readPort(document: Document, facts: Facts): string {
  const port = shaped(facts, document, shown, "port show");
  if (port && isMachine(port.device_owner))
    push(facts, document, {
      id: port.id ?? "",
      name: port.name,
      fixedIps: port.fixed_ips,
      groups: port.security_group_ids ?? port.security_groups,
      pairs: port.allowed_address_pairs,
      checked: port.port_security_enabled,
    });
  return "a port of OpenStack";
}

interface Given {
  id: string;
  name?: string;
  fixedIps: { ip_address: string; subnet_id?: string }[];
  groups?: string[];
  pairs?: { ip_address: string }[];
  checked?: boolean;
}

function push(
  facts: Facts,
  document: Document,
  { id, name, fixedIps: ips, groups, pairs: given, checked }: Given,
): void {
  const addresses = ips.map(({ ip_address }) => ip_address).filter(isAddress);
  const subnet = ips.find(({ ip_address }) => isAddress(ip_address))?.subnet_id;
  if (addresses.length === 0) return;
  facts.ports.push({
    cloud: "openstack",
    id,
    ...(name && { name }),
    addresses,
    ...(subnet && { subnet }),
    ...(groups && { groups }),
    ...(checked !== undefined && { checked }),
    ...(given && { pairs: given.map(({ ip_address }) => ip_address) }),
    source: document.at([]),
  });
}

function readSubnet(document: Document, facts: Facts): void {
  const parsed = shaped(facts, document, object({ ID: text(), Subnet: text() }), "subnet list");
  if (parsed && isCidr(parsed.Subnet))
    facts.subnets.push({ id: parsed.ID, cidr: parsed.Subnet, source: document.at([]) });
}

function readShownSubnet(document: Document, facts: Facts): void {
  const parsed = shaped(facts, document, object({ id: maybe(text()), cidr: text() }), "subnet show");
  if (parsed && isCidr(parsed.cidr))
    facts.subnets.push({ id: parsed.id ?? "", cidr: parsed.cidr, source: document.at([]) });
}
