/** Stack outputs of a lab on machines. */
import { sshCommand } from "./common";
import type { CloudInfrastructure, CloudNode, MachineInfrastructure, SiteGateway } from "./interface";

/** Whether the machines are in a cloud, where they cost money. */
const isCloud = (infrastructure: MachineInfrastructure): infrastructure is CloudInfrastructure =>
  "cost" in infrastructure;

/** The outputs. @param stack names the file in which the user keeps the stack's private key. */
export function machineOutputs(stack: string, infrastructure: MachineInfrastructure) {
  const keyFile = `${stack}.key`;
  const nodes: CloudNode[] = infrastructure.nodes;
  const { cost, expiry, end } = isCloud(infrastructure) ? infrastructure : {};
  const { ownKey } = infrastructure;
  const login = `(umask 077; pulumi -s ${stack} stack output privateKey --show-secrets > ${keyFile})`;
  return {
    nodes: nodes.map(({ name, role, subnet, address, block, publicAddress, connection }) => ({
      name,
      role,
      subnet,
      address,
      block,
      ...(publicAddress && { publicAddress }),
      ssh: sshCommand(connection, ownKey && keyFile),
      ...(connection.hostKey && { hostKey: connection.hostKey }),
    })),
    ...(cost && { cost: cost.sentence }),
    ...(expiry && { expiry }),
    ...(end && { site: end.site, ...(end.key && { siteKey: end.key }) }),
    ...(end?.gateway && { siteGateway: gatewayOutput(end.gateway, ownKey && keyFile) }),
    ...(ownKey && { privateKey: ownKey, login }),
  };
}

/** How to log in to the instance that is the site's gateway. */
const gatewayOutput = (
  { machine: { connection }, publicAddress }: SiteGateway,
  keyFile: string | undefined,
) => ({
  publicAddress,
  ssh: sshCommand(connection, keyFile),
  ...(connection.hostKey && { hostKey: connection.hostKey }),
});
