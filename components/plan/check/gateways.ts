/** Checks the gateways of sites on machines that you have. */
import { type LabConfig, suggestion } from "../../config";
import type { Report } from "./report";

/** Checks that each site has one subnet and a gateway in it, and that the tunnel can be made there. */
export function checkGateways({ sites = [], link, topology, cluster }: LabConfig, report: Report): void {
  sites.forEach(({ subnets, gateway }, i) => {
    const key = `sites[${i}]`;
    if (subnets.length > 1)
      report(
        `${key}.subnets`,
        subnets.join(", "),
        "must be one subnet on machines: nodes reach the gateway as a neighbour, and the router between subnets is yours",
      );
    const own = topology.filter(({ name }) => subnets.includes(name)).flatMap(({ nodes }) => nodes);
    const names = own.map(({ name }) => name);
    if (gateway === undefined || !names.includes(gateway))
      report(
        `${key}.gateway`,
        gateway,
        `must be the machine that joins this site to the other one: ${names.join(", ")}${gateway === undefined ? "" : suggestion(gateway, names)}`,
      );
  });
  if (link?.selectors !== undefined && link.selectors !== "subnets")
    report(
      "link.selectors",
      link.selectors,
      "must be subnets on machines: a gateway that is a node has pods of its own, whose packets to each other would be in the tunnel as well",
    );
  if (cluster === "none")
    report(
      "cluster",
      cluster,
      "must be kubeadm in a lab with sites on machines: without a cluster the lab changes nothing on them",
    );
}
