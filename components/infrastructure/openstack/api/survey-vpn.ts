/** What VPN as a service has of a stack's labs. */
import { list, type Session } from "./request";
import { descriptionOf } from "./tags";
import type { Kind, Marks, Thing } from "./thing";

/** Each kind with its collection and the key of its list, in the order in which they can be deleted. */
const COLLECTIONS: readonly [kind: Kind, collection: string, key: string][] = [
  ["vpn ipsec site connection", "ipsec-site-connections", "ipsec_site_connections"],
  ["vpn endpoint group", "endpoint-groups", "endpoint_groups"],
  ["vpn ipsec policy", "ipsecpolicies", "ipsecpolicies"],
  ["vpn ike policy", "ikepolicies", "ikepolicies"],
  ["vpn service", "vpnservices", "vpnservices"],
];

/**
 * What the service has with a lab's description: its resources have no tags. A cloud without the service, or one that does
 * not let this user have a VPN, refuses the first list, and then has nothing of any kind.
 * @throws {Error} when OpenStack cannot be asked.
 */
export async function vpnThings(
  session: Session,
  { stack, labs = [], only = false }: Marks,
): Promise<Thing[]> {
  const mark = descriptionOf(stack);
  const things = async ([kind, collection, key]: (typeof COLLECTIONS)[number]): Promise<Thing[]> =>
    (await list(session, "network", `vpn/${collection}`, key)).flatMap((entry): Thing[] => {
      const text = String(entry.description);
      const lab = text.startsWith(`${mark} `) ? text.slice(mark.length + 1) : undefined;
      const isOwn = lab === undefined ? text === mark && !only : !only || labs.includes(lab);
      const thing = { kind, id: String(entry.id), name: String(entry.name || entry.id) };
      return isOwn ? [{ ...thing, ...(lab !== undefined && { lab }) }] : [];
    });
  const [first, ...others] = COLLECTIONS as [(typeof COLLECTIONS)[number], ...typeof COLLECTIONS];
  try {
    const connections = await things(first);
    return [...connections, ...(await Promise.all(others.map(things))).flat()];
  } catch (error) {
    if (/answered with status 40[34]/.test((error as Error).message)) return [];
    throw error;
  }
}
