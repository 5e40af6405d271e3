/** Builds the plan on OpenStack without OpenStack: the answers of the mocks, and the resulting security group. */
import type * as pulumi from "@pulumi/pulumi";
import { parseConfig } from "../../components/config";
import { type PeerSite, planIngress } from "../../components/infrastructure/common";
import { OpenStackInfrastructure } from "../../components/infrastructure/openstack";
import type { LivingRules } from "../../components/infrastructure/openstack/security";
import { planLab } from "../../components/plan";
import type { Choices, FirewallRow } from "./firewall";
import { type Answers, ofType, type Recorded, type Recording, record } from "./mocks";

const NETWORKING = (kind: string) => `openstack:networking/${kind[0]?.toLowerCase()}${kind.slice(1)}:${kind}`;
export const INSTANCE = "openstack:compute/instance:Instance";
export const KEYPAIR = "openstack:compute/keypair:Keypair";
export const NETWORK = NETWORKING("Network");
export const SUBNET = NETWORKING("Subnet");
export const PORT = NETWORKING("Port");
export const ROUTER = NETWORKING("Router");
export const LEG = NETWORKING("RouterInterface");
export const ROUTE = NETWORKING("RouterRoute");
export const GROUP = NETWORKING("SecGroup");
export const RULE = NETWORKING("SecGroupRule");
export const FLOATING_IP = NETWORKING("FloatingIp");
export const ASSOCIATION = NETWORKING("FloatingIpAssociate");
export const VPN_SERVICE = "openstack:vpnaas/service:Service";

/** The id of the lab under test. */
export const LAB = "0123456789ab";

export const FOUND = {
  image: { id: "image-id", name: "ubuntu-24.04" },
  flavor: { id: "flavor-id", name: "m1.medium", vcpus: 2, ram: 4096, disk: 40 },
  externalNetwork: { id: "external-id", name: "public" },
};

export const answers: Answers = {
  state: (type, name, inputs) => {
    if (type === NETWORK) return { mtu: inputs.mtu ?? 1450 };
    if (type === VPN_SERVICE) return { externalV4Ip: "198.51.100.99" };
    if (type === FLOATING_IP)
      return { address: name.endsWith("site-gateway") ? "198.51.100.99" : "198.51.100.7" };
    if (type.endsWith(":KeyPair") && type.startsWith("pulumi-nodejs"))
      return { privateKey: `private ${name}`, publicKey: `ssh-ed25519 ${name}` };
    if (type.endsWith(":Beginning")) return { started: "2026-01-01T00:00:00.000Z", owner: "ada", lab: LAB };
    return {};
  },
};

/** Builds a lab on OpenStack. @param raw the stack's config, without `cloud`. */
export function buildOpenStack(
  raw: Record<string, unknown>,
  {
    operatorCidrs = ["203.0.113.7/32"],
    prefix = "",
    found = FOUND,
    id,
    mtu,
    living,
    peer,
  }: Choices & {
    found?: typeof FOUND;
    id?: Answers["id"];
    mtu?: number;
    living?: LivingRules;
    peer?: PeerSite;
  } = {},
): Promise<Recording<OpenStackInfrastructure>> {
  const config = parseConfig({ cloud: "openstack", ...raw });
  const plan = planLab(config);
  const rules = planIngress(plan, operatorCidrs, peer?.cidrs);
  const psk = config.link?.psk;
  const args = {
    plan,
    config: config.openstack ?? {},
    rules,
    found,
    living,
    prefix,
    ...(peer && { peer }),
    ...(psk !== undefined && { psk }),
  };
  return record(
    (options: pulumi.ComponentResourceOptions) => new OpenStackInfrastructure("test", args, options),
    {
      ...answers,
      ...(id && { id }),
      ...(mtu && {
        state: (type, name, inputs) => ({
          ...answers.state?.(type, name, inputs),
          ...(type === NETWORK && { mtu }),
        }),
      }),
    },
  );
}

/** The ingress rows of the firewall table that Neutron would hold. */
export function firewallOfOpenStack(resources: readonly Recorded[]): FirewallRow[] {
  return ofType(resources, RULE)
    .filter(({ props }) => props.direction === "ingress")
    .map(({ props }) => ({
      // In Neutron, a rule without a protocol applies to every protocol.
      protocol: props.protocol ?? "all",
      ports: props.portRangeMin === undefined ? undefined : [props.portRangeMin, props.portRangeMax],
      source: props.remoteGroupId ? "group" : props.remoteIpPrefix,
    }));
}
