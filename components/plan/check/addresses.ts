/** Checks the nodes' addresses: each in its subnet, free, and only one node's. */
import type { LabConfig } from "../../config";
import { type Cidr, contains, formatCidr, parseCidr, sizeOf, toNumber } from "../addressing";
import { ownsNetwork, placementOf } from "../placement";
import { RESERVED_ADDRESSES, roomIn } from "../topology";
import type { Report } from "./report";

/** Checks that each subnet has room for its nodes, and every address that the config gives. */
export function checkAddresses(config: LabConfig, report: Report): void {
  const own = ownsNetwork(placementOf(config));
  if (own) checkRoom(config, report);
  const owners = new Map<string, string>();
  config.topology.forEach((subnet, i) => {
    subnet.nodes.forEach(({ address }, j) => {
      if (!address) return;
      const key = `topology[${i}].nodes[${j}].address`;
      const trouble = troubleWith(toNumber(address), parseCidr(subnet.cidr), own ? RESERVED_ADDRESSES : 1);
      if (trouble) report(key, address, trouble);
      const owner = owners.get(address);
      if (owner) report(key, address, `${owner} already has that address; addresses must be unique`);
      owners.set(address, key);
    });
  });
}

function checkRoom({ topology }: LabConfig, report: Report): void {
  topology.forEach((subnet, i) => {
    const room = roomIn(parseCidr(subnet.cidr));
    // A subnet without any room is reported for its prefix.
    if (room < 1 || subnet.nodes.length <= room) return;
    report(
      `topology[${i}].nodes`,
      `${subnet.nodes.length} nodes`,
      `${subnet.cidr} has room for ${room}; use a larger subnet or fewer nodes`,
    );
  });
}

/** @param reserved how many addresses at the subnet's start no node can have. */
function troubleWith(address: number, subnet: Cidr, reserved: number): string | undefined {
  if (!contains(subnet, address)) return `it is outside its subnet ${formatCidr(subnet)}`;
  const offset = address - subnet.first;
  if (offset >= reserved && offset < sizeOf(subnet) - 1) return undefined;
  if (reserved === 1) return `it is the network or the broadcast address of ${formatCidr(subnet)}`;
  return `clouds reserve the first ${RESERVED_ADDRESSES} addresses and the last one of ${formatCidr(subnet)}`;
}
