/**
 * A look at the machines of a cloud before an `up`. The engine believes its state: a machine that was terminated behind its
 * back would be "unchanged", and a public address that a restart has changed would stay in the outputs.
 */
import type { Deployment, Resource } from "./deployment";

/** The types of resources that can vanish or change by themselves: machines, and what they are reached by. */
const LOOKED_AT = [
  "aws:ec2/instance:Instance",
  "openstack:compute/instance:Instance",
  "openstack:networking/floatingIp:FloatingIp",
  "openstack:networking/floatingIpAssociate:FloatingIpAssociate",
];

/** The outputs that say how a resource is reached and whether it runs, each with its name in a sentence. */
const LOOKED_FOR: Readonly<Record<string, string>> = {
  publicIp: "public address",
  address: "public address",
  privateIp: "address",
  instanceState: "state",
  powerState: "state",
};

/** What to refresh of a deployment: the URNs of its machines and addresses. */
export const targetsOf = ({ resources = [] }: Deployment): string[] =>
  resources.flatMap(({ type, urn, delete: replaced }) =>
    LOOKED_AT.includes(type) && urn && !replaced ? [urn] : [],
  );

/**
 * What has vanished or changed, a sentence each.
 * @param after the state after the engine has read these resources again.
 * @param then what becomes of a machine that is gone.
 */
export function changesBetween(before: Deployment, after: Deployment, then = "it is built again"): string[] {
  const now = new Map((after.resources ?? []).map((one) => [one.urn, one]));
  const targets = new Set(targetsOf(before));
  return (before.resources ?? []).flatMap((was) => {
    if (!was.urn || !targets.has(was.urn)) return [];
    const is = now.get(was.urn);
    if (!is) return [`${whatIs(was)} is gone: ${then}.`];
    return Object.entries(LOOKED_FOR).flatMap(([key, word]) => {
      const [old, value] = [was.outputs?.[key], is.outputs?.[key]];
      if (old === value || (old ?? "") === (value ?? "")) return [];
      return [`The ${word} of ${whatIs(was, "the")} is now ${show(value)}, and was ${show(old)}.`];
    });
  });
}

const show = (value: unknown): string => (value === undefined || value === "" ? "none" : String(value));

function whatIs({ type, urn = "", id }: Resource, article = "The"): string {
  const name = urn.slice(urn.lastIndexOf("::") + 2);
  const kind = type.endsWith(":Instance") ? "machine" : "floating IP";
  return `${article} ${kind} of ${name}${id ? ` (${id})` : ""}`;
}
