/**
 * Changes the twin from one state to another: renders the bash that does it in the sandbox. Pure.
 *
 * A script first removes the old signature, and last writes the new one, the digest of the state. If the signature is
 * not that of the recorded state, a script was interrupted or something was tampered with, and the part is rebuilt.
 */
import { createHash } from "node:crypto";
import {
  batch,
  FABRIC,
  INTERNET_HOST,
  inside,
  nft,
  port,
  ROUTER,
  type SecurityState,
  unplug,
} from "../fabric";
import { birdFiles, changeBird, endBird, RESTART_SESSIONS } from "./bird";
import { changeNode } from "./change-node";
import { lookAtTenant, removeTenant } from "./change-tenant";
import { difference } from "./difference";
import { removeFacts } from "./facts";
import { endAllCharons } from "./ipsec";
import {
  filesOfLook,
  isAsSeen,
  keepLook,
  lookAt,
  lookAtBird,
  lookAtForwarding,
  lookAtLinks,
  lookAtPod,
  lookAtRules,
} from "./look";
import { type NetworkState, PAGE, routersIn } from "./network";
import type { NodeState } from "./nodes";
import { endProcesses } from "./process-files";
import { type RouterState, removeSiteRouters } from "./routers";

/** Folder of the signatures inside the sandbox. A new sandbox has none. */
export const SIGNATURES = "/run/encaplab/applied";

/** Name of a node's signature. */
export const nodePart = (node: string): string => `node-${node}`;

/** SHA-256 of a state, in hex. */
export const digest = (state: unknown): string =>
  createHash("sha256").update(JSON.stringify(state)).digest("hex");

/**
 * Runs `body` under the part's lock, because an orphan of a killed engine may still be at work on it. Then signs the
 * part.
 * @param look bash that prints what the part has: see {@link keepLook}.
 * @param from the state that `body` changes. If the part is not in that state, nothing is done and the script fails.
 */
export function signed(
  part: string,
  state: unknown,
  body: string,
  { look = [], from }: { look?: readonly string[]; from?: unknown } = {},
): string {
  const file = `${SIGNATURES}/${part}`;
  return [
    "set -e",
    // As few programs as can be: under emulation each costs a tenth of a second.
    `[[ -d ${SIGNATURES} ]] || mkdir -p ${SIGNATURES}`,
    `exec {lock}> ${file}.lock`,
    'flock "$lock"',
    ...(from === undefined
      ? []
      : [`{ [[ -e ${file} && $(< ${file}) == ${digest(from)} ]] && ${isAsSeen(part)}; } || exit 1`]),
    `rm -f ${file} ${filesOfLook(part)}`,
    body,
    ...(look.length > 0 ? [keepLook(part, look)] : []),
    `echo ${digest(state)} > ${file}`,
  ].join("\n");
}

/** Removes a part together with its signature. */
export function unsigned(part: string, body: string): string {
  return [`rm -f ${SIGNATURES}/${part} ${SIGNATURES}/${part}.lock ${filesOfLook(part)}`, body].join("\n");
}

/** What the network has. The fabric's ports are the nodes' own. */
export const lookAtNetwork = (state: NetworkState): string[] => [
  ...routersIn(state).flatMap(({ name }) => [lookAt(name), lookAtRules(name)]),
  lookAt(INTERNET_HOST),
  `[[ ! -e /run/netns/${FABRIC} ]] || echo ${FABRIC}`,
  ...(state.bird ? [lookAtBird(`${birdFiles(ROUTER)}.pid`)] : []),
];

/** What the fabric's rules are. */
export const lookAtSecurity = (): string[] => [lookAtRules(FABRIC)];

/** What a node has, with its pods and its port. */
export function lookAtNode({ name, pods, forwarding, bird, tenant }: NodeState): string[] {
  const { tap, bridge, inner } = port(name);
  return [
    lookAt(name),
    lookAtRules(name),
    ...(forwarding.length > 0 ? [lookAtForwarding(name)] : []),
    ...pods.map((pod) => lookAtPod(pod.name, pod.mac !== undefined)),
    lookAtLinks(FABRIC, [tap, bridge, inner]),
    ...(bird === "" ? [] : [lookAtBird(`${birdFiles(name)}.pid`)]),
    ...(tenant ? lookAtTenant(name, tenant) : []),
  ];
}

/** Builds the network, after removing what is left of an old one. */
export function buildNetwork(state: NetworkState): string {
  return [removeNetwork(), state.build, changeNetwork(undefined, state)].join("\n");
}

/** Changes the network in place. Without `old`, sets everything that can change. */
export function changeNetwork(old: NetworkState | undefined, state: NetworkState): string {
  const before = old && routersIn(old);
  return [
    ...leave(old?.ports ?? [], state.ports),
    ...routersIn(state).flatMap((router) =>
      changeRouter(
        before?.find(({ name }) => name === router.name),
        router,
      ),
    ),
  ].join("\n");
}

function changeRouter(old: RouterState | undefined, router: RouterState): string[] {
  const { added, removed } = difference(old?.routes ?? [], router.routes);
  return [
    batch(router.name, [
      ...removed.map((route) => `route del ${route}`),
      ...added.map((route) => `route replace ${route}`),
      // What is no longer wanted may stay: the MAC of an address never changes.
      ...difference(old?.neighbours ?? [], router.neighbours ?? []).added,
    ]),
    old?.masquerade === router.masquerade ? "" : nft(router.name, `flush ruleset\n${router.masquerade}`),
    old?.bird === router.bird ? "" : changeBird(router.name, old?.bird, router.bird ?? ""),
  ];
}

/**
 * For nodes that go or move to another address. Ends their BIRD now, while the old rules still let its peers hear of it: they
 * would keep a dead session for 240 s, and refuse the next owner of the address. Unplugs those that go: the engine deletes
 * them last, and by then their address may belong to another node. It may also not come to that: without their signature
 * they are rebuilt if they are wanted again.
 */
function leave(old: readonly string[], now: readonly string[]): string[] {
  const addresses = new Map(now.map((port) => port.split(" ") as [string, string]));
  return old.flatMap((port) => {
    const [node = "", address] = port.split(" ");
    if (!addresses.has(node))
      return [
        endBird(node),
        unplug(node),
        `rm -f ${SIGNATURES}/${nodePart(node)} ${filesOfLook(nodePart(node))}`,
      ];
    // Labs of an earlier version recorded names alone.
    return address && address !== addresses.get(node) ? [endBird(node)] : [];
  });
}

const removeNetwork = (): string =>
  [
    endBird(ROUTER),
    endProcesses([PAGE]),
    endAllCharons(),
    removeSiteRouters(),
    ...[FABRIC, ROUTER, INTERNET_HOST].map(removeNamespace),
  ].join("\n");

const removeNamespace = (name: string): string =>
  `if [[ -e /run/netns/${name} ]]; then ip netns del ${name}; fi`;

/**
 * Replaces the rules in one transaction. When TCP 179 closes, it also flushes connection tracking and restarts all BIRD
 * sessions: a real group would keep an established session alive, but the twin shows the lab from cold.
 */
export function changeSecurity(old: SecurityState | undefined, state: SecurityState): string {
  return [
    nft(FABRIC, state.rules),
    ...(closesBgp(old, state) ? [inside(FABRIC, "conntrack -F 2> /dev/null"), RESTART_SESSIONS] : []),
  ].join("\n");
}

/** Whether TCP 179 is now closed at a port where it was open. */
function closesBgp(old: SecurityState | undefined, state: SecurityState): boolean {
  if (!old?.bgpOpen) return false;
  const before = old.bgpClosedOn ?? [];
  return !state.bgpOpen || (state.bgpClosedOn ?? []).some((node) => !before.includes(node));
}

/** Builds a node, after removing what is left of an old one. */
export function buildNode(state: NodeState): string {
  return [removeNode(state), state.build, changeNode(undefined, state)].join("\n");
}

/** Deletes a node, its pods and its port. What is missing is no error. */
export function removeNode({ name, pods }: Pick<NodeState, "name" | "pods">): string {
  return [
    endBird(name),
    endProcesses(pods.map((pod) => pod.name)),
    removeFacts(name),
    removeTenant(name),
    ...[name, ...pods.map((pod) => pod.name)].map(removeNamespace),
    unplug(name),
  ].join("\n");
}
