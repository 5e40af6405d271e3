/** Random ways to exchange routes by BGP. */
import * as fc from "fast-check";
import type { Fabric } from "../../components/config";
import type { RawConfig } from "./problems";

/** Removes keys without a value, because a stack file has none. */
export const withoutGaps = (raw: RawConfig): RawConfig =>
  Object.fromEntries(Object.entries(raw).filter(([, value]) => value !== undefined));

const asNumbers = fc.option(fc.constantFrom(64512, 64513, 4_200_000_000), { nil: undefined });

/** Who exchanges routes on the twin: mesh, reflectors or neither, and the router if it can. */
export const exchanges = (names: readonly string[], fabric: Fabric): fc.Arbitrary<RawConfig> =>
  fc
    .record({
      reflectors: fc.oneof(
        fc.constant([]),
        fc.subarray([...names], { minLength: 1, maxLength: Math.min(3, names.length) }),
      ),
      isPeer: fabric === "plain" ? fc.boolean() : fc.constant(false),
      asNumber: asNumbers,
      gatewayAsNumber: asNumbers,
      nodeToNodeMesh: fc.option(fc.boolean(), { nil: undefined }),
      keepOriginalNextHop: fc.boolean(),
      disableBGPExport: fc.constantFrom(undefined, undefined, undefined, true),
    })
    .map(
      ({
        reflectors,
        isPeer,
        asNumber,
        gatewayAsNumber,
        nodeToNodeMesh,
        keepOriginalNextHop,
        disableBGPExport,
      }) => ({
        bgp: reflectors.length > 0 ? "routeReflectors" : "mesh",
        ...(reflectors.length > 0 && { routeReflectors: reflectors }),
        ...(isPeer && { podRoutes: "bgp" }),
        peering: withoutGaps({
          asNumber,
          disableBGPExport,
          ...(isPeer && { gatewayAsNumber, keepOriginalNextHop }),
          ...(reflectors.length === 0 && { nodeToNodeMesh }),
        }),
      }),
    );
