/** What a stack on a cloud shows of its infrastructure. */
import type * as pulumi from "@pulumi/pulumi";
import type { CloudInfrastructure } from "./interface";
import { sshCommand } from "./key";

/** @param stack names the file in which the user keeps the stack's private key. */
export function cloudOutputs(stack: string, { nodes, cost, expiry }: CloudInfrastructure) {
  const keyFile = `${stack}.key`;
  const privateKey = nodes.find(({ connection }) => connection.privateKey)?.connection.privateKey;
  const login = `(umask 077; pulumi -s ${stack} stack output privateKey --show-secrets > ${keyFile})`;
  return {
    nodes: nodes.map(({ name, role, subnet, address, block, publicAddress, connection }) => ({
      name,
      role,
      subnet,
      address,
      block,
      ...(publicAddress && { publicAddress }),
      ssh: sshCommand(connection, keyFile),
      ...(connection.hostKey && { hostKey: connection.hostKey }),
    })),
    cost: cost.sentence,
    ...(expiry && { expiry }),
    ...(privateKey && { privateKey: privateKey as pulumi.Output<string>, login }),
  };
}
