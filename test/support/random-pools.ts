/** Random IPPools for a lab: any encapsulations, any nodes, some of them disabled, or for tunnels or pods alone. */
import * as fc from "fast-check";
import { ENCAPSULATIONS, POOL_USES } from "../../components/config";
import { blockOf, formatCidr, parseCidr } from "../../components/plan";
import type { RawConfig } from "./problems";

/** Where disabled pools are: around the subnets of some labs, of no lab, and around the twin's internet. */
const OUTSIDE = ["10.0.0.0/11", "192.168.0.0/16", "198.51.100.0/24", "203.0.113.0/24"];

/** Without a hyphen, and in no order. */
const poolNames = fc.stringMatching(/^p[a-z0-9]{1,6}$/);

const pool = (nodes: readonly string[]) =>
  fc.record(
    {
      encapsulation: fc.constantFrom(...ENCAPSULATIONS),
      blockSize: fc.integer({ min: 24, max: 30 }),
      natOutgoing: fc.boolean(),
      nodes: fc.subarray([...nodes], { minLength: 1 }),
      allowedUses: fc.subarray([...POOL_USES], { minLength: 1 }),
      disabled: fc.constantFrom(false, false, true),
    },
    { requiredKeys: [] },
  );

/**
 * The keys of a lab with one to four pools, the last of which has room for the pods of every node; or none of these keys.
 * @param home a range of at least a /16.
 */
export const poolsOf = (nodes: readonly string[], home: string): fc.Arbitrary<RawConfig> => {
  const podCidr = formatCidr({ first: parseCidr(home).first, prefix: 16 });
  const several = fc
    .record({
      first: fc.array(pool(nodes), { maxLength: 3 }),
      last: fc.record(
        { encapsulation: fc.constantFrom(...ENCAPSULATIONS), natOutgoing: fc.boolean() },
        { requiredKeys: [] },
      ),
      outside: fc.option(fc.constantFrom(...OUTSIDE), { nil: undefined }),
      names: fc.uniqueArray(poolNames, { minLength: 5, maxLength: 5 }),
    })
    .map(({ first, last, outside, names }): RawConfig => {
      const inside = [...first, last].map((one, i) => ({
        name: names[i] as string,
        cidr: formatCidr(blockOf(parseCidr(podCidr), 18, i)),
        ...one,
      }));
      const around = outside ? [{ name: names[4] as string, cidr: outside, disabled: true }] : [];
      // Only VXLAN does without BGP.
      return { podCidr, blockSize: 26, ipPools: [...inside, ...around], bgp: undefined };
    });
  return fc.oneof({ weight: 3, arbitrary: fc.constant({}) }, { weight: 1, arbitrary: several });
};
