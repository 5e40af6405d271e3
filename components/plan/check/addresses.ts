/** Checks the nodes' addresses: each in its subnet, free, and only one node's. */
import type { LabConfig } from "../../config";
import { type Cidr, contains, formatCidr, parseCidr, sizeOf, toNumber } from "../addressing";
import { type FabricFacts, fabricFacts } from "../fabric";
import { ownsNetwork, placementOf } from "../placement";
import { roomIn } from "../topology";
import type { Report } from "./report";

/** Checks that each subnet has room for its nodes, and every address that the config gives. */
export function checkAddresses(config: LabConfig, report: Report): void {
  const placement = placementOf(config);
  const own = ownsNetwork(placement);
  if (own) checkRoom(config, report);
  const facts = fabricFacts(placement);
  const owners = new Map<string, string>();
  config.topology.forEach((subnet, i) => {
    subnet.nodes.forEach(({ address }, j) => {
      if (!address) return;
      const key = `topology[${i}].nodes[${j}].address`;
      const trouble = troubleWith(toNumber(address), parseCidr(subnet.cidr), own ? facts : PLAIN);
      if (trouble) report(key, address, trouble);
      const owner = owners.get(address);
      if (owner) report(key, address, `${owner} already has that address; addresses must be unique`);
      owners.set(address, key);
    });
  });
}

function checkRoom({ topology }: LabConfig, report: Report): void {
  topology.forEach((subnet, i) => {
    const room = Math.max(roomIn(parseCidr(subnet.cidr)), 0);
    if (subnet.nodes.length <= room || subnet.nodes.every(({ address }) => address)) return;
    report(
      `topology[${i}].nodes`,
      `${subnet.nodes.length} nodes`,
      `${subnet.cidr} has room for ${room}; use a larger subnet or fewer nodes`,
    );
  });
}

type Reserving = Pick<FabricFacts, "name" | "reserved">;

/** Existing machines have the addresses that they have. */
const PLAIN: Reserving = { name: "", reserved: 1 };

function troubleWith(address: number, subnet: Cidr, { name, reserved }: Reserving): string | undefined {
  if (!contains(subnet, address)) return `it is outside its subnet ${formatCidr(subnet)}`;
  const offset = address - subnet.first;
  if (offset >= reserved && offset < sizeOf(subnet) - 1) return undefined;
  if (reserved === 1) return `it is the network or the broadcast address of ${formatCidr(subnet)}`;
  return `${name} reserves the first ${reserved} addresses and the last one of ${formatCidr(subnet)}`;
}
