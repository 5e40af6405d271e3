/** Builds the plan on AWS without AWS: the answers of the mocks, and the resulting security group. */
import * as pulumi from "@pulumi/pulumi";
import { parseConfig } from "../../components/config";
import { AwsInfrastructure } from "../../components/infrastructure/aws";
import { planRules } from "../../components/infrastructure/aws/security";
import type { PeerSite, StateResource } from "../../components/infrastructure/common";
import { planLab } from "../../components/plan";
import type { Choices, FirewallRow } from "./firewall";
import { type Answers, ofType, type Recorded, type Recording, record } from "./mocks";

/** The id of the lab under test. */
export const LAB = "0123456789ab";

export const INSTANCE = "aws:ec2/instance:Instance";
export const KEYPAIR = "aws:ec2/keyPair:KeyPair";
export const VPN_CONNECTION = "aws:ec2/vpnConnection:VpnConnection";
export const INGRESS = "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule";
export const FOUND = {
  region: "eu-central-1",
  zones: ["eu-central-1a", "eu-central-1b"],
  instanceType: "t3.medium",
  vcpus: 2,
  imageId: "ami-0123456789abcdef0",
  diskSize: 20,
};

export const answers: Answers = {
  state: (type, name) => {
    if (type === INSTANCE) return { publicIp: "198.51.100.7", primaryNetworkInterfaceId: `eni-${name}` };
    if (type.endsWith(":KeyPair") && type.startsWith("pulumi-nodejs"))
      return { privateKey: `private ${name}`, publicKey: `ssh-ed25519 ${name}` };
    if (type === VPN_CONNECTION) return { tunnel1Address: "203.0.113.20" };
    if (type.endsWith(":PresharedKey")) return { key: pulumi.secret("made by encaplab") };
    if (type.endsWith(":Beginning")) return { started: "2026-01-01T00:00:00.000Z", owner: "ada", lab: LAB };
    return {};
  },
};

/** Builds a lab on AWS. @param raw the stack's config, without `cloud`. */
export function buildAws(
  raw: Record<string, unknown>,
  {
    operatorCidrs = ["203.0.113.7/32"],
    prefix = "",
    ownEndpoint = false,
    id,
    held = [],
    peer,
  }: Choices & {
    ownEndpoint?: boolean;
    id?: Answers["id"];
    held?: readonly StateResource[];
    peer?: PeerSite;
  } = {},
): Promise<Recording<AwsInfrastructure>> {
  const config = parseConfig({ cloud: "aws", ...raw });
  const plan = planLab(config);
  const rules = planRules(plan, operatorCidrs, peer?.cidrs);
  const psk = config.link?.psk;
  const args = {
    plan,
    config: config.aws ?? {},
    rules,
    found: FOUND,
    held,
    ownEndpoint,
    prefix,
    ...(peer && { peer }),
    ...(psk !== undefined && { psk }),
  };
  return record((options: pulumi.ComponentResourceOptions) => new AwsInfrastructure("test", args, options), {
    ...answers,
    ...(id && { id }),
  });
}

/** The rows of the firewall table that EC2 would hold. */
export function firewallOfAws(resources: readonly Recorded[]): FirewallRow[] {
  return ofType(resources, INGRESS).map(({ props }) => ({
    protocol: props.ipProtocol === "-1" ? "all" : props.ipProtocol,
    // In EC2, -1 means every type of ICMP, and no port for IP in IP.
    ports: props.fromPort === undefined || props.fromPort === -1 ? undefined : [props.fromPort, props.toPort],
    source: props.referencedSecurityGroupId ? "group" : props.cidrIpv4,
  }));
}
