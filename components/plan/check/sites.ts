/** Checks the sites and their link. */
import { BOTH_SITES, type LabConfig, suggestion } from "../../config";
import { fabricFacts } from "../fabric";
import { placementOf } from "../placement";
import { isGcm, proposalParts } from "../proposal";
import { DEFAULT_PROPOSALS, routerOf } from "../site";
import { checkGateways } from "./gateways";
import { checkPeerSite } from "./peer-site";
import type { Report } from "./report";

/** Checks that each subnet is in one site, that the link's initiator is one, and that the lab can have sites at all. */
export function checkSites(config: LabConfig, report: Report): void {
  const { sites, link, topology } = config;
  checkPeerSite(config, report);
  const ike = link?.proposals?.ike;
  if (link?.ike === 1 && ike !== undefined && isGcm(proposalParts(ike).cipher))
    report(
      "link.proposals.ike",
      ike,
      `IKEv1 has no AES-GCM (RFC 5282); set link.ike: 2, or use AES-CBC, such as ${DEFAULT_PROPOSALS.ike}`,
    );
  if (!sites) {
    if (link && link.peer === undefined)
      report(
        "link",
        "a section",
        "there are no sites to join; set sites (on AWS and OpenStack link.peer), or remove link",
      );
    return;
  }
  checkPlace(config, report);
  if (config.podRoutes === "bgp")
    report("podRoutes", config.podRoutes, "must be static or none: the routers of sites speak no BGP");
  const subnets = topology.map(({ name }) => name);
  const owners = new Map<string, string>();
  const names = sites.map(({ name }) => name);
  sites.forEach(({ name, subnets: own }, i) => {
    if (name === BOTH_SITES)
      report(`sites[${i}].name`, name, `it is what link.initiator says for every site; take another name`);
    if (names.indexOf(name) < i)
      report(`sites[${i}].name`, name, "another site already has that name; names must be unique");
    own.forEach((subnet, j) => {
      const key = `sites[${i}].subnets[${j}]`;
      if (!subnets.includes(subnet))
        report(key, subnet, `must be one of the subnets ${subnets.join(", ")}${suggestion(subnet, subnets)}`);
      else if (owners.has(subnet))
        report(key, subnet, `it is already in site ${owners.get(subnet)}; a subnet is in one site`);
      else owners.set(subnet, name);
    });
  });
  for (const subnet of subnets.filter((one) => !owners.has(one)))
    report("sites", names.join(", "), `the subnet ${subnet} is in no site; add it to one`);
  const initiators = [...names, BOTH_SITES];
  if (link?.initiator !== undefined && !initiators.includes(link.initiator))
    report(
      "link.initiator",
      link.initiator,
      `must be one of ${initiators.join(", ")}${suggestion(link.initiator, initiators)}`,
    );
  const routers = names.map(routerOf);
  topology.forEach(({ nodes }, i) => {
    nodes.forEach(({ name }, j) => {
      if (routers.includes(name))
        report(
          `topology[${i}].nodes[${j}].name`,
          name,
          "it is the name of a site's router; names must be unique",
        );
    });
  });
}

/** Checks that the lab's place can have sites: the twin, or machines of which each site names its gateway. */
function checkPlace(config: LabConfig, report: Report): void {
  const { sites = [], cloud } = config;
  const placement = placementOf(config);
  const value = `${sites.length} sites`;
  if (fabricFacts(placement).layer3)
    report(
      "sites",
      value,
      `fabric ${placement.fabric} cannot have sites, because its nodes reach each other by the cloud's router alone; use plain, aws or openstack`,
    );
  if (placement.onTwin) {
    sites.forEach(({ gateway }, i) => {
      if (gateway !== undefined && cloud !== "hosts")
        report(
          `sites[${i}].gateway`,
          gateway,
          "the twin makes a router for each site; remove it, or use cloud hosts",
        );
    });
  } else if (cloud === "hosts" && !placement.onContainers) checkGateways(config, report);
  else {
    const where = placement.onContainers ? "node containers" : `cloud ${cloud}`;
    const byStacks = placement.onContainers
      ? ""
      : " (a stack there is one site: link.peer names the other one's stack)";
    report(
      "sites",
      value,
      `${where} cannot have sites: only the twin joins them, and machines that you have; set rehearse: twin, or remove sites and link${byStacks}`,
    );
  }
}
