/** Checks what only one cloud refuses, and only when it builds. */
import type { LabConfig } from "../../config";
import { findVpcCidr, noVpc } from "../vpc";
import type { Report } from "./report";

/** Checks the chosen cloud's own limits. */
export function checkClouds(config: LabConfig, report: Report): void {
  const { cloud, topology, podCidr } = config;
  if (cloud !== "aws" && cloud !== "openstack") return;
  const publicKey = config[cloud]?.publicKey;
  if (publicKey !== undefined) checkKey(`${cloud}.publicKey`, publicKey, cloud, report);
  const subnets = topology.map(({ cidr }) => cidr);
  if (cloud === "aws" && findVpcCidr(subnets, podCidr) === undefined)
    report("topology", subnets.join(", "), noVpc(podCidr));
}

/** EC2 imports RSA and ED25519 keys only (EC2 User Guide: "Create a key pair"). Nova takes ECDSA, too. */
function checkKey(key: string, publicKey: string, cloud: string, report: Report): void {
  const [type = "", text = ""] = publicKey.split(" ");
  if (cloud === "aws" && !/^ssh-(ed25519|rsa)$/.test(type)) {
    const way = "use an ssh-ed25519 or ssh-rsa key (ssh-keygen -t ed25519), or leave it out";
    report(key, `${type} …`, `EC2 does not import keys of this type; ${way}`);
  } else if (!beginsWith(text, type))
    report(key, `${type} …`, "it is not a complete OpenSSH public key; copy the whole line of the .pub file");
}

/** Whether a key's data begins with its type, as RFC 4253, section 6.6 says: four bytes of length, and the name. */
function beginsWith(text: string, type: string): boolean {
  const head = Buffer.from(text, "base64").subarray(0, 4 + type.length);
  return (
    head.length === 4 + type.length &&
    head.readUInt32BE(0) === type.length &&
    head.toString("latin1", 4) === type
  );
}
