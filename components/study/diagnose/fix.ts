/** How to fix a cause, as the command of the cloud's own tool where the cloud is the place to fix it. */
import { type FaultSetting, faultOf, placeOf } from "../../config";
import { CATALOGUE, FAULT_FACTS, type FirewallRule, type LabPlan, ruleOf } from "../../plan";
import type { ImportedLab } from "../import";

/** What the commands name. */
export type Ids = ImportedLab["ids"];

/** A firewall rule in the words of a cloud's tool. */
type Wording = Pick<FirewallRule, "protocol" | "ports">;
const WORDINGS = {
  aws: ({ protocol, ports }: Wording) =>
    `IpProtocol=${protocol}${ports ? `,FromPort=${ports[0]},ToPort=${ports[1]}` : ""}`,
  openstack: ({ protocol, ports }: Wording) =>
    `--protocol ${protocol}${ports ? ` --dst-port ${ports[0] === ports[1] ? ports[0] : ports.join(":")}` : ""}`,
};

/**
 * The commands that fix a fault in its cloud; none where it is no cloud's.
 * @param ids of the nodes' interfaces and groups. What is not known is a word in capitals.
 */
export function fixCommands(plan: LabPlan, setting: FaultSetting, { ports, groups }: Ids): string[] {
  const fault = faultOf(setting);
  const nodes = placeOf(setting).nodes ?? plan.nodes.map(({ name }) => name);
  const group = groups.length === 1 && groups[0] !== "the group" ? (groups[0] as string) : "GROUP";
  const { closes } = FAULT_FACTS[fault];
  const rule = closes && closes !== "pod-cidr" ? ruleOf(plan, closes) : undefined;
  const { cidr } = plan.ipPool;
  if (plan.fabric === "aws") {
    if (rule)
      return [
        `aws ec2 authorize-security-group-ingress --group-id ${group} --ip-permissions '${WORDINGS.aws(rule)},UserIdGroupPairs=[{GroupId=${group}}]'`,
      ];
    if (fault === "pod-cidr-blocked")
      return [`aws ec2 authorize-security-group-ingress --group-id ${group} --protocol -1 --cidr ${cidr}`];
    if (fault === "source-dest-check")
      return nodes.map(
        (node) =>
          `aws ec2 modify-instance-attribute --instance-id ${ports[node] ?? "INSTANCE"} --no-source-dest-check`,
      );
  }
  if (plan.fabric === "openstack") {
    if (rule)
      return [
        `openstack security group rule create ${WORDINGS.openstack(rule)} --remote-group ${group} ${group}`,
      ];
    if (fault === "pod-cidr-blocked")
      return [`openstack security group rule create --remote-ip ${cidr} ${group}`];
    if (fault === "port-security")
      return nodes.map(
        (node) => `openstack port set --allowed-address ip-address=${cidr} ${ports[node] ?? "PORT"}`,
      );
  }
  return [];
}

/** How to fix it, in words. */
export const fixInWords = (setting: FaultSetting): string => CATALOGUE[faultOf(setting)].fix;
