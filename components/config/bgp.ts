/** Who exchanges routes with whom: BGP between the nodes, and with the gateway. */
import { z } from "zod";
import { BGP_MODES, POD_ROUTES } from "./choices";
import { suggestion } from "./nearest";
import { MAX_NODES } from "./topology";
import { flag, listOrText, name, section, whole } from "./value";

/** The largest AS number (RFC 6793; 0 and the last one are reserved, RFC 7607 and 7300). */
const LAST_AS_NUMBER = 4_294_967_294;

/** A word, or what an earlier version wrote for one. */
function word<T extends readonly [string, ...string[]]>(
  values: T,
  former: Readonly<Record<string, T[number]>>,
) {
  const every = [...values, ...Object.keys(former)] as [string, ...string[]];
  return z
    .enum(every, { error: ({ input }) => `must be one of ${values.join(", ")}${suggestion(input, values)}` })
    .transform((value): T[number] => former[value] ?? value);
}

/** The value of the key `bgp`. Up to version 0.2, a mesh was `Enabled`. */
export const bgp = () => word(BGP_MODES, { Enabled: "mesh" });

/** The value of the key `podRoutes`. Up to version 0.2, it was `true` or `false`. */
export const podRoutes = () =>
  z.union(
    [
      word(POD_ROUTES, { true: "static", false: "none" }),
      z.boolean().transform((value) => (value ? ("static" as const) : ("none" as const))),
    ],
    {
      error: ({ input }) => `must be one of ${POD_ROUTES.join(", ")}${suggestion(input, POD_ROUTES)}`,
    },
  );

/** The value of the key `routeReflectors`. */
export const routeReflectors = () => listOrText(name(), MAX_NODES, "names of nodes");

const asNumber = () => whole(1, LAST_AS_NUMBER);

/** The value of the key `peering`. */
export const peering = () =>
  section({
    /** The nodes' AS number, from 1 to 4294967294. Default: `64512`, Calico's own. */
    asNumber: asNumber().optional(),
    /**
     * The gateway's AS number, with `podRoutes: bgp`. The nodes' own makes it an iBGP peer, another one an eBGP peer. Default:
     * the nodes'.
     */
    gatewayAsNumber: asNumber().optional(),
    /**
     * Whether every node has a session with every other one (`nodeToNodeMeshEnabled` of Calico's BGPConfiguration). `false`:
     * the nodes peer with the gateway alone, if `podRoutes: bgp` gives them one. Default: `true` with `bgp: mesh`.
     */
    nodeToNodeMesh: flag().optional(),
    /**
     * Whether the nodes leave the next hop of a route as it is when they tell the gateway of it, and it has another AS number
     * (`keepOriginalNextHop` of Calico's BGPPeer). Default: `false`.
     */
    keepOriginalNextHop: flag().optional(),
    /** Whether no node tells any peer of its pods (`disableBGPExport` of Calico's IPPool). Default: `false`. */
    disableBGPExport: flag().optional(),
  });
