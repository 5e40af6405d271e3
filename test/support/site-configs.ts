/** Random sites of a lab, and their link. */
import * as fc from "fast-check";

/** Two sites of a topology of several subnets, and their link; none in most labs. Only the twin joins sites. */
export const sitesOf = (topology: readonly { name: string }[], isPossible: boolean) =>
  isPossible && topology.length > 1
    ? fc
        .option(
          fc.record({
            first: fc.integer({ min: 1, max: topology.length - 1 }),
            selectors: fc.constantFrom(...(["subnets", "pods", "any"] as const)),
            esp: fc.constantFrom("aes128-sha256", "aes256-sha1", "aes192-sha512-modp2048", "aes256gcm16"),
            mtu: fc.integer({ min: 1280, max: 1500 }),
          }),
          { nil: undefined },
        )
        .map((drawn) => joinedAs(topology, drawn))
    : fc.constant(undefined);

/** The sites and the link of a config; undefined for a lab without sites. */
function joinedAs(
  topology: readonly { name: string }[],
  drawn: { first: number; selectors: "subnets" | "pods" | "any"; esp: string; mtu: number } | undefined,
) {
  if (!drawn) return undefined;
  const names = topology.map(({ name }) => name);
  return {
    sites: [
      { name: "east", subnets: names.slice(0, drawn.first) },
      { name: "west", subnets: names.slice(drawn.first) },
    ],
    link: { selectors: drawn.selectors, mtu: drawn.mtu, proposals: { esp: drawn.esp } },
  };
}

/** A lab on machines with L15's addresses, each of whose sites names the machine that is its gateway. */
export const SITES_ON_MACHINES = {
  cloud: "hosts",
  topology: [
    { name: "office", cidr: "192.168.1.0/24", nodes: ["cp1", "w1"] },
    { name: "vpc", cidr: "172.31.0.0/16", nodes: ["w2", "w3"] },
  ],
  sites: [
    { name: "a", subnets: ["office"], gateway: "cp1" },
    { name: "b", subnets: ["vpc"], gateway: "w2" },
  ],
};

/** Whether the twin plays a config: only it joins sites. */
export const isOnTwin = ({ cloud, rehearse }: { cloud?: unknown; rehearse?: unknown }): boolean =>
  rehearse === true || (cloud === "twin" && rehearse === false);
