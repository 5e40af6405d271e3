/** What node containers need of this machine's kernel, which they share. */
import { ConfigError } from "../../../config";
import { encapsulationText, type LabPlan, tunnelsOf } from "../../../plan";
import { featuresOf, type KernelFacts, missingDrivers } from "../../twin/sandbox";

/** What loading a driver changes on this machine. */
const COST: Readonly<Record<string, string>> = {
  ipip: "adds tunl0 to this machine's own network",
  br_netfilter: "sends this machine's own bridges through its firewall",
};

/**
 * Checks that this machine's kernel has what the lab's encapsulation and fabric need. A node cannot load a driver itself.
 * @param kernel default: the running one.
 * @throws {ConfigError} that names the driver and the ways out.
 */
export function requireDrivers(plan: LabPlan, kernel?: KernelFacts): void {
  const problems = missingDrivers(featuresOf(plan), kernel).map(({ module, available }) => {
    const isTunnel = tunnelsOf(plan).some((kind) => kind === module);
    const cost = COST[module] ? `, which ${COST[module]}` : "";
    const load = available ? `load it with \`sudo modprobe ${module}\`${cost}; or ` : "";
    const other = isTunnel ? "choose an encapsulation without it (VXLAN, VXLANCrossSubnet, None), or " : "";
    return {
      key: isTunnel ? "encapsulation" : "fabric",
      value: isTunnel ? encapsulationText(plan) : plan.fabric,
      message: `node containers share this machine's kernel, which has no ${module} driver loaded: ${load}${other}set rehearse: twin, whose QEMU machine has it`,
    };
  });
  if (problems.length > 0) throw new ConfigError(problems);
}
