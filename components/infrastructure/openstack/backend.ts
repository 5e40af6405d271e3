/** What runs below this cloud's Neutron, as its list of agents says it. */
import type { NeutronBackend } from "../../config";
import { type LabPlan, rowsThatDiffer } from "../../plan";
import { list, type Session } from "./api";

/** Agents by the backend that they belong to (neutron_lib/constants.py, neutron/common/ovn/constants.py). */
const AGENTS: readonly [backend: NeutronBackend, type: RegExp][] = [
  ["ovn", /^OVN Controller/],
  ["ovs", /^(Open vSwitch|Linux bridge) agent$/],
];

/**
 * Asks Neutron for its agents.
 * @returns undefined where that is not known: by default only administrators may list agents, and others get an error or
 *   an empty list (neutron/conf/policies/agent.py).
 */
export async function findBackend(session: Session | undefined): Promise<NeutronBackend | undefined> {
  if (!session) return undefined;
  const agents = await list(session, "network", "agents?fields=agent_type", "agents").catch(() => []);
  return AGENTS.find(([, type]) => agents.some(({ agent_type: name }) => type.test(String(name))))?.[0];
}

/** A warning if the verdict was made for another backend than the cloud has, and that matters; else undefined. */
export function backendWarning(plan: LabPlan, found: NeutronBackend | undefined): string | undefined {
  const assumed = plan.backend ?? "ovn";
  if (!found || found === assumed) return undefined;
  const rows = rowsThatDiffer(plan, found);
  const differs = rows.length > 0 ? `, and other outcomes follow: ${rows.join("; ")}` : "";
  return `the verdict is for ${NAMES[assumed]} below Neutron, but this cloud has ${NAMES[found]}${differs}; make them equal: pulumi config set --path openstack.backend ${found}`;
}

const NAMES: Record<NeutronBackend, string> = { ovn: "OVN", ovs: "ML2/OVS" };
