/** The tunnel between two sites on machines: one of each site is its gateway, and the others have a route by it. */
import type { remote } from "@pulumi/command";
import * as pulumi from "@pulumi/pulumi";
import { childrenOf, type Machine, presharedKey, renderSwanctl, startsLink } from "../infrastructure";
import type { LabPlan, LinkPlan, SitePlan } from "../plan";
import { runScript } from "./run-script";

/** What {@link joinSites} joins. */
export interface SiteLinkArgs {
  plan: LabPlan;
  nodes: readonly Machine[];
  /** The pre-shared key, secret. Default: one is made and kept in the stack's state. */
  psk?: string | undefined;
  /** What each node must have done before. */
  prepared: ReadonlyMap<Machine, pulumi.Resource>;
  prefix: string;
}

/** One end of the tunnel. */
interface End {
  site: SitePlan;
  other: SitePlan;
  gateway: Machine;
}

/**
 * Joins the sites of a plan whose gateways are machines of the lab.
 * @returns what must be there before a node of one site reaches one of the other; nothing in a lab without sites.
 */
export function joinSites(
  { plan, nodes, psk, prepared, prefix }: SiteLinkArgs,
  parent: pulumi.Resource,
): pulumi.Resource[] {
  const { sites, link } = plan;
  const [first, last] = sites ?? [];
  if (!first || !last || !link) return [];
  const gatewayOf = (site: SitePlan) => nodes.find(({ name }) => name === site.router) as Machine;
  const ends = [
    { site: first, other: last, gateway: gatewayOf(first) },
    { site: last, other: first, gateway: gatewayOf(last) },
    // The one that only answers comes first, so that what the other one sends finds it.
  ].sort((x, y) => Number(startsLink(link, x.site)) - Number(startsLink(link, y.site)));
  const key = presharedKey(`${prefix}psk`, psk, { parent }).apply((text) =>
    Buffer.from(text).toString("base64"),
  );
  const needs = (node: Machine) => [prepared.get(node) as pulumi.Resource];
  const gateways: remote.Command[] = [];
  for (const end of ends)
    gateways.push(
      runScript(
        {
          node: end.gateway,
          prefix,
          step: "site-link",
          values: {
            CONNECTION: swanctlOf(plan, link, end, ends),
            PSK: key,
            CHILDREN: String(childrenOf(plan, link, end.site, end.other).length),
            WAIT: gateways.length > 0 ? "1" : "0",
            ALONE: "0",
            KUBERNETES_VERSION: plan.versions.kubernetes,
          },
          secrecy: "values",
          runs: "create-and-delete",
        },
        { parent, dependsOn: [...needs(end.gateway), ...gateways] },
      ),
    );
  const routes = ends.flatMap(({ site, other, gateway }) =>
    nodes
      .filter((node) => node.site === site.name && node !== gateway)
      .map((node) =>
        runScript(
          {
            node,
            prefix,
            step: "site-route",
            values: {
              CIDRS: plan.subnets
                .filter(({ name }) => other.subnets.includes(name))
                .map(({ cidr }) => cidr)
                .join("\n"),
              VIA: gateway.address,
              MTU: String(link.mtu.inner),
            },
            runs: "create-and-delete",
          },
          { parent, dependsOn: needs(node) },
        ),
      ),
  );
  return [...gateways, ...routes];
}

/** The gateways reach each other at the addresses of their logins, which may be a NAT's, or names. */
function swanctlOf(
  plan: LabPlan,
  link: LinkPlan,
  { site, other, gateway }: End,
  ends: readonly End[],
): pulumi.Output<string> {
  const peer = (ends.find((end) => end.site === other) as End).gateway;
  return pulumi.output(peer.connection.host).apply((host) =>
    renderSwanctl(link.ike, {
      // Their addresses inside the sites, which are never names.
      id: { own: gateway.address, peer: peer.address },
      peer: host,
      proposals: link.proposals,
      children: childrenOf(plan, link, site, other),
      starts: startsLink(link, site),
    }),
  );
}
