/** A model of EC2: what it holds, what it refuses, and how it answers the provider's lookups. */
import type { CloudModel } from "./killed-engine";
import type { Recorded } from "./mocks";

type Entry = Recorded["props"] & { id: string; kind: string };

/** Raised where EC2 answers with one of its error codes. */
export class Refusal extends Error {}

const kindOf = (type: string) => type.slice(type.lastIndexOf(":") + 1);

/** The lookup of a list, and the kind that it lists. */
const LISTS: Record<string, string> = {
  getInstances: "Instance",
  getSecurityGroups: "SecurityGroup",
  getSubnets: "Subnet",
  getRouteTables: "RouteTable",
  getVpcs: "Vpc",
};

export class Ec2Model implements CloudModel {
  private entries: Entry[] = [];
  private count = 0;

  get contents(): string[] {
    return this.entries.map(({ kind, id }) => `${kind} ${id}`).sort();
  }

  create(type: string, props: Recorded["props"]) {
    const kind = kindOf(type);
    // EC2 takes tags in the request that creates a thing. What has none is known by what it is in.
    const id = this.idFor(kind, props);
    // EC2 has no error for a second request of these: the route, or its propagation, is then as it was.
    if (IDEMPOTENT.includes(kind) && this.entries.some((one) => one.id === id)) return { id };
    const clash = this.entries.find((one) => one.kind === kind && this.clashes(kind, one, props));
    if (clash) throw new Refusal(`${CLASHES[kind]}: ${JSON.stringify(props)}`);
    this.entries.push({ ...props, id, kind });
    return { id, outputs: kind === "Instance" ? { primaryNetworkInterfaceId: `eni-${id}` } : {} };
  }

  private idFor(kind: string, props: Recorded["props"]): string {
    if (kind === "Route") return `${props.routeTableId}_${props.destinationCidrBlock}`;
    if (kind === "RouteTableAssociation") return `${props.subnetId}/${props.routeTableId}`;
    if (kind === "VpnConnectionRoute") return `${props.destinationCidrBlock}:${props.vpnConnectionId}`;
    if (kind === "VpnGatewayRoutePropagation") return `${props.vpnGatewayId}_${props.routeTableId}`;
    return `${kind === "Subnet" ? "subnet" : kind}-${++this.count}`;
  }

  private clashes(kind: string, one: Entry, props: Recorded["props"]): boolean {
    const keys = KEYS[kind];
    return keys?.every((key) => one[key] === props[key]) ?? false;
  }

  remove(type: string, id: string): void {
    const entry = this.entries.find((one) => one.id === id && one.kind === kindOf(type));
    if (!entry) return;
    const users = this.entries.filter((one) => uses(one, entry));
    if (users.length > 0)
      throw new Refusal(`DependencyViolation: ${id} has ${users.map((one) => one.id).join()}`);
    this.entries = this.entries.filter((one) => one !== entry && !isInside(one, entry));
  }

  /** The answer to a function of the provider. */
  readonly call = (token: string, inputs: Recorded["props"]): Recorded["props"] => {
    const name = token.slice(token.lastIndexOf(":") + 1);
    const tagged = (tags: object) => (one: Entry) =>
      Object.entries(tags).every(([key, value]) => one.tags?.[key] === value);
    const list = LISTS[name];
    if (list)
      return {
        ids: this.entries
          .filter((one) => one.kind === list && tagged(inputs.tags ?? inputs.instanceTags)(one))
          .map(({ id }) => id),
      };
    const byId = (id: string) => this.entries.find((one) => one.id === id) as Entry;
    switch (name) {
      case "getEbsVolumes":
        return { ids: [] };
      case "getSecurityGroupRules":
        return {
          ids: this.entries
            .filter((one) => /gressRule$/.test(one.kind) && tagged(inputs.tags)(one))
            .map(({ id }) => id),
        };
      case "getSecurityGroupRule": {
        const { kind, securityGroupId } = byId(inputs.securityGroupRuleId);
        return { isEgress: kind.includes("Egress"), securityGroupId };
      }
      case "getInternetGateway":
      case "getVpnConnection":
      case "getVpnGateway":
      case "getCustomerGateway":
      case "getKeyPair":
        return this.one(name, inputs, tagged);
      case "getResources": {
        const tags = Object.fromEntries(
          inputs.tagFilters.map((one: { key: string; values: string[] }) => [one.key, one.values[0]]),
        );
        const kind = TAGGED[inputs.resourceTypeFilters[0]];
        const found = this.entries.filter((one) => one.kind === kind && tagged(tags)(one));
        // The tagging API also lists what is gone.
        const arns = [...found.map(({ id }) => id), "gone-1"].map((id) => ({
          resourceArn: `arn:aws:ec2:x:1:y/${id}`,
        }));
        return { resourceTagMappingLists: arns };
      }
      case "getRouteTable":
        return this.table(inputs.routeTableId);
      default:
        throw new Error(`the model of EC2 does not know ${name}`);
    }
  };

  private one(name: string, inputs: Recorded["props"], tagged: (tags: object) => (one: Entry) => boolean) {
    const kind = name.slice("get".length);
    const id = inputs.internetGatewayId ?? inputs.keyPairId ?? inputs.vpnConnectionId ?? inputs.id;
    const tags =
      inputs.tags ??
      Object.fromEntries(
        ((inputs.filters ?? []) as { name: string; values: string[] }[])
          .filter((one) => one.name.startsWith("tag:"))
          .map((one) => [one.name.slice("tag:".length), one.values[0]]),
      );
    const found = this.entries.filter((one) => one.kind === kind && (id ? one.id === id : tagged(tags)(one)));
    const fail = (details: string) => {
      throw Object.assign(new Error(details), { details });
    };
    if (found.length === 0) fail(`no matching EC2 ${kind} found`);
    if (found.length > 1) fail(`multiple EC2 ${kind}s matched; use additional constraints`);
    const attachments = found[0]?.vpcId ? [{ vpcId: found[0].vpcId }] : [];
    const own = found[0]?.id;
    const attachedVpcId = found[0]?.vpcId ?? "";
    return {
      id: own,
      keyName: own,
      vpnConnectionId: own,
      attachments,
      attachedVpcId,
      tags: found[0]?.tags,
    };
  }

  private table(id: string) {
    const routes = this.entries
      .filter(({ kind, routeTableId }) => kind === "Route" && routeTableId === id)
      .map(({ destinationCidrBlock, gatewayId, networkInterfaceId }) => ({
        cidrBlock: destinationCidrBlock,
        gatewayId: gatewayId ? `igw-${gatewayId}` : "",
        networkInterfaceId: networkInterfaceId ?? "",
      }));
    const associations = this.entries
      .filter(({ kind, routeTableId }) => kind === "RouteTableAssociation" && routeTableId === id)
      .map(({ subnetId }) => ({ subnetId, main: false, routeTableAssociationId: `rtbassoc-${subnetId}` }));
    const own = { cidrBlock: "10.0.0.0/16", gatewayId: "local", networkInterfaceId: "" };
    return { routes: [own, ...routes], associations };
  }
}

/** Kinds of which a second one with the same inputs is the first one. */
const IDEMPOTENT = ["VpnConnectionRoute", "VpnGatewayRoutePropagation"];

/** The kinds by the tagging API's names. */
const TAGGED: Record<string, string> = {
  "ec2:key-pair": "KeyPair",
  "ec2:internet-gateway": "InternetGateway",
  "ec2:vpn-connection": "VpnConnection",
  "ec2:vpn-gateway": "VpnGateway",
  "ec2:customer-gateway": "CustomerGateway",
};

/** The inputs in which two things of a kind must differ. */
const KEYS: Record<string, readonly string[]> = {
  Subnet: ["vpcId", "cidrBlock"],
  InternetGateway: ["vpcId"],
  VpnGateway: ["vpcId"],
  Instance: ["privateIp"],
  Route: ["routeTableId", "destinationCidrBlock"],
  RouteTableAssociation: ["subnetId"],
  SecurityGroupIngressRule: [
    "securityGroupId",
    "ipProtocol",
    "fromPort",
    "toPort",
    "cidrIpv4",
    "referencedSecurityGroupId",
  ],
  SecurityGroupEgressRule: ["securityGroupId", "ipProtocol", "cidrIpv4"],
};

/** EC2's error codes for them (EC2 API: "Error codes for the Amazon EC2 API"). */
const CLASHES: Record<string, string> = {
  Subnet: "InvalidSubnet.Conflict",
  InternetGateway: "Resource.AlreadyAssociated",
  VpnGateway: "AttachmentLimitExceeded",
  Instance: "InvalidIPAddress.InUse",
  Route: "RouteAlreadyExists",
  RouteTableAssociation: "Resource.AlreadyAssociated",
  SecurityGroupIngressRule: "InvalidPermission.Duplicate",
  SecurityGroupEgressRule: "InvalidPermission.Duplicate",
};

/** Whether EC2 refuses to delete `entry` because of `one`. */
function uses(one: Entry, entry: Entry): boolean {
  switch (entry.kind) {
    case "Vpc":
      return one.vpcId === entry.id;
    case "Subnet":
      return one.kind === "Instance" && one.subnetId === entry.id;
    case "RouteTable":
      return one.kind === "RouteTableAssociation" && one.routeTableId === entry.id;
    case "SecurityGroup":
      return (
        (one.vpcSecurityGroupIds ?? []).includes(entry.id) ||
        (one.referencedSecurityGroupId === entry.id && one.securityGroupId !== entry.id)
      );
    case "InternetGateway":
      return one.kind === "Instance";
    case "VpnGateway":
    case "CustomerGateway":
      return one.kind === "VpnConnection" && [one.vpnGatewayId, one.customerGatewayId].includes(entry.id);
    default:
      return false;
  }
}

/** Whether `one` goes with `entry`. */
function isInside(one: Entry, entry: Entry): boolean {
  if (entry.kind === "RouteTable")
    return ["Route", "VpnGatewayRoutePropagation"].includes(one.kind) && one.routeTableId === entry.id;
  if (entry.kind === "VpnConnection")
    return one.kind === "VpnConnectionRoute" && one.vpnConnectionId === entry.id;
  if (entry.kind === "VpnGateway")
    return one.kind === "VpnGatewayRoutePropagation" && one.vpnGatewayId === entry.id;
  if (entry.kind === "Subnet") return one.kind === "RouteTableAssociation" && one.subnetId === entry.id;
  return entry.kind === "SecurityGroup" && one.securityGroupId === entry.id;
}
