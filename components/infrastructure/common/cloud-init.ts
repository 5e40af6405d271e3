/**
 * User data for a machine's first boot: its name and its SSH host key. Nothing else, because clouds restart (EC2) or
 * replace (Nova) a machine whose user data changes.
 */
import * as pulumi from "@pulumi/pulumi";
import type { KeyPair } from "./key";

/**
 * The user data of a machine, as a secret.
 * @param name the host name, and thus the name of the Kubernetes node.
 * @param hostKey key pair for the SSH server, so that even the first connection is verified. Root on the machine can
 *   read the user data, and with it this key. So can everyone who may describe the machine.
 */
export function cloudInit(
  name: string,
  hostKey: Pick<KeyPair, "privateKey" | "publicKey">,
): pulumi.Output<string> {
  const text = pulumi.all([hostKey.privateKey, hostKey.publicKey]).apply(([privateKey, publicKey]) => {
    // With `ssh_keys`, cloud-init makes no other host key (module cc_ssh). JSON is valid YAML, and escapes the values.
    const config = {
      hostname: name,
      preserve_hostname: false,
      manage_etc_hosts: "localhost",
      ssh_deletekeys: true,
      ssh_keys: { ed25519_private: privateKey, ed25519_public: publicKey },
    };
    return `#cloud-config\n${JSON.stringify(config, null, 2)}\n`;
  });
  return pulumi.secret(text);
}
