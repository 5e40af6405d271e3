/** How to fix a cause, as the command of the cloud's own tool where the cloud is the place to fix it. */
import { type FaultSetting, faultOf, placeOf } from "../../config";
import { CATALOGUE, type LabPlan } from "../../plan";
import type { ImportedLab } from "../import";

/** What the commands name. */
export type Ids = ImportedLab["ids"];

/** What a closed rule lets in, as the clouds' tools say it. */
const OPEN: Partial<Record<string, { aws: string; openstack: string }>> = {
  "bgp-blocked": {
    aws: "IpProtocol=tcp,FromPort=179,ToPort=179",
    openstack: "--protocol tcp --dst-port 179",
  },
  "ipip-blocked": { aws: "IpProtocol=4", openstack: "--protocol 4" },
  "vxlan-blocked": {
    aws: "IpProtocol=udp,FromPort=4789,ToPort=4789",
    openstack: "--protocol udp --dst-port 4789",
  },
};

/**
 * The commands that fix a fault in its cloud; none where it is no cloud's.
 * @param ids of the nodes' interfaces and groups. What is not known is a word in capitals.
 */
export function fixCommands(plan: LabPlan, setting: FaultSetting, { ports, groups }: Ids): string[] {
  const fault = faultOf(setting);
  const nodes = placeOf(setting).nodes ?? plan.nodes.map(({ name }) => name);
  const group = groups.length === 1 && groups[0] !== "the group" ? (groups[0] as string) : "GROUP";
  const open = OPEN[fault];
  const { cidr } = plan.ipPool;
  if (plan.fabric === "aws") {
    if (open)
      return [
        `aws ec2 authorize-security-group-ingress --group-id ${group} --ip-permissions '${open.aws},UserIdGroupPairs=[{GroupId=${group}}]'`,
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
    if (open)
      return [`openstack security group rule create ${open.openstack} --remote-group ${group} ${group}`];
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
