/**
 * What a machine is told at its first boot: its name and the key by which it is known. Nothing else, because clouds
 * restart (EC2) or replace (Nova) a machine whose user data changes.
 */
import * as pulumi from "@pulumi/pulumi";
import type { KeyPair } from "./key";

/**
 * @param name becomes the host's name, and with it the name of the Kubernetes node.
 * @param hostKey the key pair that the SSH server shall have, so that the first connection can already be checked. The
 *   user data, and with it this key, can be read on the machine by root and by whoever may describe the machine.
 */
export function cloudInit(
  name: string,
  hostKey: Pick<KeyPair, "privateKey" | "publicKey">,
): pulumi.Output<string> {
  const text = pulumi.all([hostKey.privateKey, hostKey.publicKey]).apply(([privateKey, publicKey]) => {
    // cloud-init documents `ssh_keys` (module cc_ssh): with it no other host key is made. JSON is YAML, and escapes.
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
