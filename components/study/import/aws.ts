/** What the AWS command line prints of instances, security groups, subnets and route tables (`aws ec2 describe-…`). */
import { z } from "zod";
import type { Document } from "./documents";
import type { Facts } from "./facts";
import { flag, isAddress, isCidr, list, maybe, number, object, range, text } from "./fields";
import { shaped } from "./shape";

const group = object({ GroupId: text(), GroupName: maybe(text()) });
const instance = object({
  InstanceId: maybe(text()),
  PrivateIpAddress: maybe(text()),
  PrivateDnsName: maybe(text()),
  SourceDestCheck: maybe(flag()),
  SecurityGroups: maybe(list(group)),
  SubnetId: maybe(text()),
  MetadataOptions: maybe(object({ HttpPutResponseHopLimit: maybe(number()), HttpEndpoint: maybe(text()) })),
  NetworkInterfaces: maybe(
    list(
      object({
        PrivateIpAddress: maybe(text()),
        SourceDestCheck: maybe(flag()),
        Groups: maybe(list(group)),
        SubnetId: maybe(text()),
      }),
    ),
  ),
  Tags: maybe(list(object({ Key: text(), Value: maybe(text()) }))),
});

/** Reads the answer of one of the four commands. @returns what it is; undefined if it is none of them. */
export function readAws(document: Document, facts: Facts): string | undefined {
  const keys = Object.keys(document.value as object);
  if (keys.includes("Reservations")) return readInstances(document, facts);
  if (keys.includes("SecurityGroups")) return readGroups(document, facts);
  if (keys.includes("Subnets")) return readSubnets(document, facts);
  if (keys.includes("RouteTables")) return readRouteTables(document, facts);
  return undefined;
}

function readInstances(document: Document, facts: Facts): string {
  const schema = object({ Reservations: list(object({ Instances: maybe(list(instance)) })) });
  const parsed = shaped(facts, document, schema, "describe-instances");
  parsed?.Reservations.forEach(({ Instances = [] }, i) => {
    Instances.forEach((one, j) => {
      const source = document.at(["Reservations", i, "Instances", j]);
      const interfaces = one.NetworkInterfaces ?? [];
      const addresses = [one.PrivateIpAddress, ...interfaces.map((nic) => nic.PrivateIpAddress)].flatMap(
        (a) => (a !== undefined && isAddress(a) ? [a] : []),
      );
      // A terminated instance has none.
      if (addresses.length === 0) return;
      const [primary] = interfaces;
      const checked = primary?.SourceDestCheck ?? one.SourceDestCheck;
      const groups = (primary?.Groups ?? one.SecurityGroups)?.map(({ GroupId }) => GroupId);
      const subnet = one.SubnetId ?? primary?.SubnetId;
      const name = one.Tags?.find(({ Key }) => Key === "Name")?.Value;
      facts.ports.push({
        cloud: "aws",
        id: one.InstanceId ?? addresses[0] ?? "",
        ...(name && { name }),
        addresses: [...new Set(addresses)],
        ...(subnet && { subnet }),
        ...(groups && { groups }),
        ...(checked !== undefined && { checked }),
        source,
      });
      const hops = one.MetadataOptions?.HttpPutResponseHopLimit;
      if (hops === 1)
        facts.notExpressed.push({
          what: `IMDS answers ${one.InstanceId} with hop limit 1: pods, and a calico-node that is to set awsSrcDstCheck from a pod's network, do not reach it (kops#10702)`,
          source,
        });
    });
  });
  return "instances of EC2";
}

const permission = object({
  IpProtocol: z.union([z.string(), z.number().transform(String)], { error: "must be a protocol" }),
  FromPort: maybe(number().or(z.literal(-1))),
  ToPort: maybe(number().or(z.literal(-1))),
  IpRanges: maybe(list(object({ CidrIp: range() }))),
  UserIdGroupPairs: maybe(list(object({ GroupId: maybe(text()) }))),
  Ipv6Ranges: maybe(list(z.unknown())),
  PrefixListIds: maybe(list(object({ PrefixListId: text() }))),
});

function readGroups(document: Document, facts: Facts): string {
  const schema = object({
    SecurityGroups: list(
      object({
        GroupId: text(),
        IpPermissions: maybe(list(permission)),
        IpPermissionsEgress: maybe(list(permission)),
      }),
    ),
  });
  const parsed = shaped(facts, document, schema, "describe-security-groups");
  parsed?.SecurityGroups.forEach(({ GroupId, IpPermissions = [], IpPermissionsEgress }, i) => {
    facts.groups.push({ value: GroupId, source: document.at(["SecurityGroups", i]) });
    IpPermissions.forEach((rule, j) => {
      const source = document.at(["SecurityGroups", i, "IpPermissions", j]);
      const base = { group: GroupId, protocol: protocolOf(rule.IpProtocol), ...portsOf(rule), source };
      for (const { CidrIp } of rule.IpRanges ?? []) facts.rules.push({ ...base, cidr: CidrIp });
      for (const { GroupId: remote } of rule.UserIdGroupPairs ?? [])
        if (remote) facts.rules.push({ ...base, remote });
      for (const { PrefixListId } of rule.PrefixListIds ?? [])
        facts.notExpressed.push({
          what: `${GroupId} has a rule for the prefix list ${PrefixListId}`,
          source,
        });
      if (base.protocol === "94")
        facts.notExpressed.push({
          what: `${GroupId} has a rule for protocol 94, which is not what Calico sends: IP-in-IP is 4 (calico#1073)`,
          source,
        });
    });
    const isOpen = IpPermissionsEgress?.some(
      ({ IpProtocol, IpRanges }) =>
        IpProtocol === "-1" && IpRanges?.some(({ CidrIp }) => CidrIp === "0.0.0.0/0"),
    );
    if (IpPermissionsEgress && !isOpen)
      facts.notExpressed.push({
        what: `${GroupId} does not let everything out; the lab's groups do`,
        source: document.at(["SecurityGroups", i, "IpPermissionsEgress"]),
      });
  });
  return "security groups of EC2";
}

/** Names and numbers as EC2 takes them: `-1` is every protocol. */
export const protocolOf = (given: string): string =>
  ({ "-1": "all", "6": "tcp", "17": "udp", "1": "icmp" })[given] ?? given.toLowerCase();

const portsOf = ({ FromPort, ToPort }: { FromPort?: number; ToPort?: number }) =>
  FromPort !== undefined && ToPort !== undefined && FromPort >= 0 && ToPort >= 0
    ? { ports: [FromPort, ToPort] as const }
    : {};

function readSubnets(document: Document, facts: Facts): string {
  const schema = object({ Subnets: list(object({ SubnetId: text(), CidrBlock: maybe(range()) })) });
  shaped(facts, document, schema, "describe-subnets")?.Subnets.forEach(({ SubnetId, CidrBlock }, i) => {
    if (CidrBlock) facts.subnets.push({ id: SubnetId, cidr: CidrBlock, source: document.at(["Subnets", i]) });
  });
  return "subnets of EC2";
}

function readRouteTables(document: Document, facts: Facts): string {
  const route = object({
    DestinationCidrBlock: maybe(range()),
    GatewayId: maybe(text()),
    State: maybe(text()),
  });
  const schema = object({ RouteTables: list(object({ Routes: maybe(list(route)) })) });
  shaped(facts, document, schema, "describe-route-tables")?.RouteTables.forEach(({ Routes = [] }, i) => {
    Routes.forEach(({ DestinationCidrBlock: value, GatewayId, State }, j) => {
      if (value && isCidr(value) && GatewayId !== "local" && State !== "blackhole")
        facts.cloudRoutes.push({ value, source: document.at(["RouteTables", i, "Routes", j]) });
    });
  });
  return "route tables of EC2";
}
