/** What the nodes themselves show of a fault, where the packets do not tell it from another one. Pure. */
import { type FaultSetting, faultOf, placeOf } from "../../config";
import type { NodeFacts } from "../measured";

/** What was read on the nodes of a measured cluster. */
export interface NodesShow {
  /** The faults that they have. */
  faults: FaultSetting[];
  /** Whether they show that a fault cannot be there. */
  refutes(setting: FaultSetting): boolean;
}

/** `ip-forward-off`, which loses the same packets as a firewall that drops what is forwarded. */
export function nodesShow(nodes: readonly NodeFacts[] = []): NodesShow {
  const off = nodes.filter(({ forwards }) => forwards === false).map(({ node }) => node);
  const on = nodes.filter(({ forwards }) => forwards === true).map(({ node }) => node);
  const isEverywhere = off.length > 0 && off.length === nodes.length;
  return {
    faults:
      off.length === 0 ? [] : [isEverywhere ? "ip-forward-off" : { fault: "ip-forward-off", nodes: off }],
    refutes(setting) {
      if (faultOf(setting) !== "ip-forward-off") return false;
      const { nodes: placed } = placeOf(setting);
      return placed ? placed.some((node) => on.includes(node)) : on.length > 0;
    },
  };
}
