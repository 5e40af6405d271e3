/**
 * Limits of clouds and releases that a lab can meet without any fault, and what it does to machines, which a preview would
 * otherwise not mention.
 */
import type { LabPlan } from "./lab";
import { calicoMinor, MINOR_WITH_NFTABLES } from "./versions";

/**
 * How many routes a Neutron router takes unless its operator allows more (`max_routes` in
 * neutron/conf/db/extraroute_db.py). A VPC's route table takes 500, more than a lab has nodes
 * (docs.aws.amazon.com/vpc/latest/userguide/amazon-vpc-limits.html).
 */
const NEUTRON_MAX_ROUTES = 30;

/** The limits that a plan meets, as remarks of its verdict. */
export function limitsOf(plan: LabPlan): string[] {
  const { cloud, podRoutes, bgp, calico, proxyMode, versions, onContainers, onThisMachine } = plan;
  const limits: string[] = [];
  if (cloud === "openstack" && podRoutes.length > NEUTRON_MAX_ROUTES) {
    limits.push(
      `podRoutes needs ${podRoutes.length} routes on one Neutron router, which takes ${NEUTRON_MAX_ROUTES} by default: ask your operator for a larger max_routes, or use fewer nodes`,
    );
  }
  if (cloud === "aws") {
    limits.push(
      "pods cannot read the instance metadata: the instances allow it one hop (IMDSv2 with hop limit 1), and a pod is one hop further away (kops#10702); give credentials to pods in another way",
    );
  }
  if (cloud === "openstack") {
    limits.push(
      "pods cannot read the instance metadata: a rule on each node drops what they send to 169.254.169.254 over TCP, because a machine's user data holds its SSH host key",
    );
  }
  if (onContainers) {
    limits.push(
      "node containers share this machine's kernel: who is root in one, or in a privileged pod, can become root of this machine (CAP_SYS_ADMIN in the machine's own user namespace), as in a container by `docker run --privileged`; run only what you trust",
    );
  }
  if (cloud === "hosts" && !onThisMachine) {
    limits.push(
      "on the machines, `up` turns off firewalld, swap and nm-cloud-setup, and sets SELinux to permissive, where they are on; `down` turns them on again",
    );
    if (bgp.gatewayAsNumber !== undefined)
      limits.push(
        "on the router, `up` installs BIRD where it is missing and runs one of its own (encaplab-router.service), which writes routes to pods into the router's main table; `down` takes all of it back",
      );
  }
  if (calico && proxyMode === "nftables" && calicoMinor(plan) < MINOR_WITH_NFTABLES) {
    limits.push(
      `Calico ${versions.calico} programs iptables only, and is not tested with a kube-proxy in nftables mode; use Calico 3.${MINOR_WITH_NFTABLES} or later, or proxyMode: iptables`,
    );
  }
  return limits;
}
