/** The MTU of the links below the nodes. */
import type { Fabric } from "../../config";
import { fabricFacts } from "../../plan";
import type { SetKey } from "./entry";
import type { Facts } from "./facts";
import { isNic, type Machine } from "./machines";
import { showSource } from "./source";

/** Sets `mtu`: the network's, or that of the device that has the node's address. */
export function linkMtu(
  facts: Facts,
  fabric: Fabric,
  machines: readonly Machine[],
  set: SetKey,
  assumptions: string[],
): void {
  const own = new Set(machines.map(({ address }) => address));
  const nics = facts.links.filter(
    ({ device, addresses }) => isNic(device) && addresses.some((one) => own.has(one.replace(/\/.*/, ""))),
  );
  const smallest = nics.toSorted((a, b) => a.mtu - b.mtu)[0];
  const told = facts.settings.linkMtu ?? (smallest && { value: smallest.mtu, source: smallest.source });
  if (new Set(nics.map((one) => one.mtu)).size > 1 && smallest)
    assumptions.push(`the nodes' devices have different MTUs; the lab has the smallest, ${smallest.mtu}`);
  const { maxMtu = 9216, mtu: usual, name } = fabricFacts({ fabric });
  if (told && told.value >= 1280 && told.value <= maxMtu) set("mtu", told.value, showSource(told.source));
  else if (told)
    facts.notExpressed.push({
      what: `the link's MTU is ${told.value}; the lab can have 1280 to ${maxMtu}`,
      source: told.source,
    });
  else assumptions.push(`nothing says the MTU below the nodes: assumed ${usual}, as usual for ${name}`);
}
