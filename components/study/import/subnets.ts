/** The subnets that the nodes are in. */
import { contains, formatCidr, overlap, parseCidr, toNumber } from "../../plan";
import type { Facts } from "./facts";
import { isIpv4 } from "./fields";
import { isNic, type Machine } from "./machines";
import { type Source, showSource } from "./source";

/** A subnet with its nodes. */
export interface ImportedSubnet {
  name: string;
  cidr: string;
  machines: Machine[];
  /** Where it was read; undefined where it was assumed. */
  source?: Source;
}

/** The prefix length of a subnet of which nothing is known. */
const ASSUMED = 24;

/** Puts every node into its subnet: what a cloud says comes first, then a node's own routes, then what Calico has recorded. */
export function subnetsOf(
  facts: Facts,
  machines: readonly Machine[],
): { subnets: ImportedSubnet[]; assumptions: string[] } {
  const candidates = [
    ...facts.subnets.map(({ cidr, source }) => ({ cidr, source })),
    ...facts.routes
      .filter(
        ({ from, via, device, destination }) => from && !via && isNic(device) && destination.includes("/"),
      )
      .map(({ destination, source }) => ({ cidr: destination, source })),
    ...facts.links.flatMap(({ device, addresses, source }) =>
      isNic(device) ? addresses.filter((one) => one.includes("/")).map((cidr) => ({ cidr, source })) : [],
    ),
    ...machines.flatMap(({ recorded, isMisrecorded }) =>
      recorded && !isMisrecorded ? [{ cidr: recorded.value, source: recorded.source }] : [],
    ),
  ].flatMap(({ cidr, source }) => {
    if (!isIpv4(cidr)) return [];
    const range = parseCidr(cidr);
    return range.prefix >= 8 && range.prefix <= 30 ? [{ range, source }] : [];
  });
  const assumptions: string[] = [];
  const chosen = machines.map((machine) => {
    const address = toNumber(machine.address);
    const found = candidates.find(({ range }) => contains(range, address));
    return {
      machine,
      range: found?.range ?? parseCidr(`${machine.address}/${ASSUMED}`),
      source: found?.source,
    };
  });
  // Of two ranges that overlap, the larger one is the subnet: one of the nodes has a wrong prefix length.
  const ranges = chosen
    .map(({ range, source }) => ({ range, source }))
    .sort((a, b) => a.range.prefix - b.range.prefix);
  const kept: typeof ranges = [];
  for (const one of ranges) {
    const around = kept.find(({ range }) => overlap(range, one.range));
    if (!around) kept.push(one);
    else {
      around.source ??= one.source;
      if (around.range.prefix !== one.range.prefix && one.source)
        assumptions.push(
          `${formatCidr(one.range)} (${showSource(one.source)}) is inside ${formatCidr(around.range)}, which the lab takes for the subnet`,
        );
    }
  }
  const subnets = kept.map(
    (one): ImportedSubnet => ({
      name: "",
      cidr: formatCidr(one.range),
      machines: machines.filter(({ address }) => contains(one.range, toNumber(address))),
      ...(one.source && { source: one.source }),
    }),
  );
  const order = new Map(machines.map((machine, i) => [machine, i]));
  const place = ({ machines: own }: ImportedSubnet) => Math.min(...own.map((one) => order.get(one) ?? 0));
  subnets.sort((a, b) => place(a) - place(b));
  subnets.forEach((subnet, i) => {
    subnet.name = i < 26 ? String.fromCharCode(97 + i) : `s${i + 1}`;
    if (!subnet.source)
      assumptions.push(
        `nothing says how large the subnet of ${names(subnet.machines)} is: assumed ${subnet.cidr}`,
      );
  });
  return { subnets, assumptions: [...new Set(assumptions)] };
}

const names = (machines: readonly Machine[]): string => {
  const shown = machines.slice(0, 3).map(({ name }) => name);
  return machines.length > 3 ? `${shown.join(", ")} and ${machines.length - 3} more` : shown.join(", ");
};
