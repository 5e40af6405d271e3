/** The sites of a lab, and the link that joins them. */
import type { z } from "zod";
import { MAX_NODES } from "./topology";
import { list, name, oneOf, pattern, section, text, whole } from "./value";

/** What the link's traffic selectors hold: see the key `link.selectors`. */
export const SELECTORS = ["subnets", "pods", "any"] as const;
/** One of the {@link SELECTORS}. */
export type Selectors = (typeof SELECTORS)[number];

/** What a cloud's end of the link is made of: see the key `link.gateway`. */
export const GATEWAYS = ["service", "instance"] as const;

/** The value of `link.initiator` that means every site. */
export const BOTH_SITES = "both";

const CIPHERS = ["aes128", "aes192", "aes256"] as const;
const HASHES = ["sha1", "sha256", "sha384", "sha512"] as const;
const GROUPS = ["modp1024", "modp1536", "modp2048", "modp3072", "modp4096"] as const;
const any = (words: readonly string[]) => `(?:${words.join("|")})`;

/** AES-GCM, with the bytes of its integrity check value. */
const GCM = ["aes128", "aes192", "aes256"].flatMap((aes) => [8, 12, 16].map((icv) => `${aes}gcm${icv}`));

/**
 * A proposal as swanctl.conf has it: cipher, hash, and a Diffie-Hellman group, which ESP may leave out. AES-GCM has no hash; in
 * IKE it has a pseudo-random function in its place.
 */
const proposal = (examples: [string, string], isIke: boolean) =>
  pattern(
    new RegExp(
      `^(?:${any(CIPHERS)}-${any(HASHES)}|${any(GCM)}${isIke ? `-prf${any(HASHES)}` : ""})(?:-${any(GROUPS)})${isIke ? "" : "?"}$`,
    ),
    `a proposal such as ${examples.join(" or ")}: one of ${CIPHERS.join(", ")} and one of ${HASHES.join(", ")}, or AES-GCM ` +
      `(aes128gcm16, or with 192 or 256 bits, 8 or 12 bytes) ${isIke ? "and prf with one of these hashes" : "alone"}; ${
        isIke ? "then" : "then perhaps"
      } one of ${GROUPS.join(", ")}`,
  );

const site = section({
  /** The site's name. Its router is `router-<name>`. */
  name: name(),
  /** The names of its subnets. Every subnet of the topology is in one site. */
  subnets: list(name(), 1, MAX_NODES, "names of subnets"),
  /**
   * With `cloud: hosts`, where it is needed: the machine of the site that joins it to the other one, by name. strongSwan is
   * installed there, and the gateways reach each other at their machines' `address`. The twin has routers of its own.
   */
  gateway: name().optional(),
});

/** The value of the key `sites`. */
export const sites = () => list(site, 2, 2, "sites, each { name, subnets, gateway }");

/** The section `link`. */
export const link = section({
  /**
   * On AWS and OpenStack, where a stack is one site: the stack that is the other one, by name or as `org/project/stack`.
   * Default: none; there is no tunnel.
   */
  peer: pattern(
    /^(?:[\w.-]+\/[\w.-]+\/)?[\w.-]{1,100}$/,
    "the name of a stack such as site-openstack, or org/project/stack",
  ).optional(),
  /**
   * With `link.peer`: what this stack's end of the tunnel is. `service`: the cloud's own VPN, an AWS VPN connection or
   * Neutron's VPN as a service. `instance`: strongSwan on an instance that the lab makes, where the cloud has no VPN, or to
   * save what it costs. The peer's end may be the other one. Default: `service`.
   */
  gateway: oneOf(GATEWAYS).optional(),
  /** The version of IKE: `1` or `2`. Default: `2`. */
  ike: whole(1, 2).optional(),
  /**
   * The site that starts the tunnel, or `both`. The other one only answers. Where a stack is a site, its name. Default: the
   * first site; of two stacks the one on OpenStack.
   */
  initiator: name().optional(),
  /**
   * The pre-shared key: a secret, 8 to 200 characters. Default: one is made and kept in the stack's state, encrypted; of two
   * stacks in that of the one on AWS.
   */
  psk: text("a pre-shared key of 8 to 200 printable characters without quotes")
    .refine((value) => value.length >= 8 && !/["\\\n]/.test(value), {
      error: "must be a pre-shared key of 8 to 200 printable characters without quotes",
    })
    .optional(),
  /** What both routers propose to each other. */
  proposals: section({
    /** For IKE, e.g. `aes256gcm16-prfsha384-modp2048`. AES-GCM needs IKEv2. Default: `aes128-sha256-modp2048`. */
    ike: proposal(["aes128-sha256-modp2048", "aes128gcm16-prfsha256-modp2048"], true).optional(),
    /** For ESP, e.g. `aes256gcm16`; a group means perfect forward secrecy. Default: `aes128-sha256`. */
    esp: proposal(["aes128-sha256", "aes128gcm16"], false).optional(),
  }).optional(),
  /**
   * What the tunnel carries: `subnets` (between the sites' subnets), `pods` (also what has a pod's address), or `any`
   * (0.0.0.0/0, as a route-based VPN has it). Default: `subnets`.
   */
  selectors: oneOf(SELECTORS).optional(),
  /** What the path between the routers carries, in bytes, from 1280 to 1500. Default: `1500`. */
  mtu: whole(1280, 1500).optional(),
});

/** A site as the config gives it. */
export type Site = z.output<typeof site>;
/** The section `link`. */
export type LinkConfig = z.output<typeof link>;
