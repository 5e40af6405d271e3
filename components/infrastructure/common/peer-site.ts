/**
 * The site that is another stack: what its outputs say, and what this stack says to it. Each end needs something that only
 * the other end's cloud chooses, so the two stacks are brought up in turn: OpenStack's gateway address, AWS's connection,
 * OpenStack's end of it.
 */
import * as pulumi from "@pulumi/pulumi";
import { z } from "zod";
import { BOTH_SITES, type Cloud, ConfigError } from "../../config";
import {
  contains,
  initiates,
  type LabPlan,
  linkDifference,
  type PeerSitePlan,
  parseCidr,
  stackName,
  toNumber,
  whyNoPeer,
} from "../../plan";
import type { SiteOutput } from "../interface";

/** The stack output that a peer reads. Not secret: the key is an output of its own, {@link SITE_KEY}. */
export const SITE = "site";
/** The secret stack output with the tunnel's pre-shared key. Only on AWS: one of the two stacks must make it. */
export const SITE_KEY = "siteKey";

/** What the other stack has said, as of its last `up`. */
export interface PeerSite {
  cloud: SiteOutput["cloud"];
  cidrs: string[];
  address?: string;
  joined: boolean;
  link: SiteOutput["link"];
  /** Secret. */
  key?: pulumi.Output<string>;
}

/** What a cloud's end of the link is made from. */
export interface SiteEndArgs {
  plan: LabPlan;
  /** What the other stack has said; undefined while it has said nothing. */
  peer: PeerSite | undefined;
  /** The pre-shared key of the config, a secret. Default: the stack on AWS makes one. */
  psk: string | undefined;
}

const shape = z.object({
  cloud: z.enum(["aws", "openstack"]),
  cidrs: z.array(z.cidrv4()).min(1),
  // A gateway that has no address yet, or only one of IPv6, has an empty one.
  address: z.ipv4().or(z.literal("")).optional(),
  joined: z.boolean(),
  link: z.object({ ike: z.number(), proposals: z.object({ ike: z.string(), esp: z.string() }) }),
});

/**
 * Reads the other stack's outputs, and says what is to be done next. Waits for them before anything is registered: what
 * they decide is which resources there are, and a resource made inside `apply` is in no preview.
 * @param name of the stack reference in this stack.
 * @returns undefined in a lab without a peer, and while the other stack has no such outputs yet.
 * @throws {ConfigError} when the other stack cannot be this one's peer.
 */
export async function findPeerSite(
  plan: LabPlan,
  name: string,
  options: pulumi.ResourceOptions,
): Promise<PeerSite | undefined> {
  const { peerSite } = plan;
  if (!peerSite) return undefined;
  const peer = (await exists(peerSite.stack)) ? await read(peerSite.stack, name, options) : undefined;
  if (peer) refuse(plan, peerSite.stack, peer);
  if (peer) for (const warning of peerWarnings(plan.cloud, peerSite, peer)) await pulumi.log.warn(warning);
  await pulumi.log.info(nextStep(plan.cloud, peerSite.stack, pulumi.getStack(), peer));
  return peer;
}

/** A stack reference to no stack ends the program, and an invoke is an error that can be caught. */
async function exists(stack: string): Promise<boolean> {
  try {
    await pulumi.runtime.invoke("pulumi:pulumi:readStackOutputs", { name: stack });
    return true;
  } catch (error) {
    // The engine's backendClient.GetStackOutputs.
    if (/unknown stack|no stack named|not found/i.test((error as Error).message)) return false;
    throw wrong(stack, `its outputs cannot be read: ${(error as Error).message}`);
  }
}

async function read(
  stack: string,
  name: string,
  options: pulumi.ResourceOptions,
): Promise<PeerSite | undefined> {
  const reference = new pulumi.StackReference(name, { name: stack }, options);
  const [{ value }, { secretValue }] = await Promise.all([
    reference.getOutputDetails(SITE),
    reference.getOutputDetails(SITE_KEY),
  ]);
  if (value === undefined || value === null) return undefined;
  const read = shape.safeParse(value);
  if (!read.success)
    throw wrong(
      stack,
      `its output ${SITE} is not that of a lab with link.peer; name a stack of this program, brought up by the same version of it`,
    );
  const { address, ...rest } = read.data;
  return {
    ...rest,
    ...(address && { address }),
    ...(typeof secretValue === "string" && { key: pulumi.secret(secretValue) }),
  };
}

const wrong = (stack: string, message: string): ConfigError =>
  new ConfigError([{ key: "link.peer", value: stack, message }]);

function refuse(plan: LabPlan, stack: string, peer: PeerSite): void {
  const why = whyNoPeer(plan, peer);
  if (why !== undefined) throw wrong(stack, why);
}

/** RFC 1918, and RFC 6598 for carriers. */
const PRIVATE = ["10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10"].map(parseCidr);

const isPrivate = (address: string): boolean => PRIVATE.some((range) => contains(range, toNumber(address)));

/** What is possible, but keeps the tunnel down. @param cloud this stack's. */
export function peerWarnings(cloud: Cloud, own: PeerSitePlan, peer: PeerSite): string[] {
  const different = linkDifference(own, peer.link);
  return [
    ...(different
      ? [
          `link.${different} is not what the stack ${own.stack} has, and the tunnel stays down until it is: make them equal, and run up in both stacks`,
        ]
      : []),
    ...(cloud === "aws" && peer.address !== undefined && isPrivate(peer.address)
      ? [
          `the gateway of the stack ${own.stack} has the address ${peer.address}, which AWS reaches only if something translates it: the router's external network should have public addresses`,
        ]
      : []),
  ];
}

/** What has to happen for the tunnel, in a sentence. */
export function nextStep(cloud: Cloud, peer: string, own: string, found: PeerSite | undefined): string {
  const begin = "the tunnel between the sites:";
  if (cloud === "openstack")
    return found?.address && found.key
      ? `${begin} this end is made, and joins ${peer}`
      : `${begin} this end waits for AWS's address and key; after this up, run up ${peer}, and then up ${own} again`;
  if (!found?.address)
    return `${begin} the connection waits for the address of OpenStack's gateway; run up ${peer}, then up ${own} again, and then up ${peer} again`;
  return found.joined
    ? `${begin} ${peer} has its end`
    : `${begin} the connection is made here; after this up, run up ${peer} again, which makes its end`;
}

/**
 * Whether this stack starts the tunnel.
 * @param own this stack's name.
 * @throws {ConfigError} when the initiator is neither stack.
 */
export function startsTunnel(cloud: Cloud, peerSite: PeerSitePlan, own: string): boolean {
  const { initiator, stack, ike, gateway } = peerSite;
  const peer = stackName(stack);
  const report = (message: string) => new ConfigError([{ key: "link.initiator", value: initiator, message }]);
  if (initiator !== undefined && ![BOTH_SITES, own, peer].includes(initiator))
    throw report(`must be one of the stacks ${own} and ${peer}, or ${BOTH_SITES}`);
  const starts = initiates(cloud, peerSite, own);
  if (starts && cloud === "aws" && ike === 1 && !gateway)
    throw report(`AWS starts no tunnel with IKEv1; set link.ike: 2, or let ${peer} start it`);
  return starts;
}
