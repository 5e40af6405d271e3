/** Measurements for tests, without a twin. */
import { type LabPlan, pairsOf, predict, probesOf, sessionUp } from "../../components/plan";
import type { Measured } from "../../components/study/measured";
import { idOf, orderOf } from "../../components/study/order";

/** What would be measured if every packet did what the verdict says. */
export function asPredicted(plan: LabPlan): Measured {
  const order = orderOf(plan, 1);
  const results = pairsOf(plan).flatMap((pair) =>
    probesOf(pair).map((probe) => {
      const works = !predict(plan, pair, probe);
      return [idOf(pair, probe), { works, detail: works ? "" : "no answer" }];
    }),
  );
  return {
    notConverged: [],
    results: Object.fromEntries(results),
    sessions: Object.fromEntries(
      plan.nodes.map((node) => {
        const peers = plan.bgp.enabled ? plan.nodes.filter(({ name }) => name !== node.name) : [];
        const state = (peer: (typeof peers)[number]) =>
          sessionUp(plan, node, peer) ? "Established" : "Active";
        return [node.name, Object.fromEntries(peers.map((peer) => [peer.address, state(peer)]))];
      }),
    ),
    captures: Object.fromEntries(
      order.captures.map(({ id }) => [id, { route: "10.0.0.1 dev eth0", packet: "" }]),
    ),
  };
}
