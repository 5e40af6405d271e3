/** Measurements for tests, without a twin. */
import { bgpEstablished, type LabPlan, nameOf, pairsOf, predict, probesOf } from "../../components/plan";
import type { Measured } from "../../components/study/observation";
import { orderOf } from "../../components/study/order";

/** What would be measured if every packet did what the verdict says. */
export function asPredicted(plan: LabPlan): Measured {
  const order = orderOf(plan, 1);
  const results = pairsOf(plan).flatMap((pair) =>
    probesOf(pair).map((probe) => {
      const works = !predict(plan, pair, probe);
      return [`${pair.from.name}>${nameOf(pair.to)}:${probe}`, { works, detail: works ? "" : "no answer" }];
    }),
  );
  const state = bgpEstablished(plan) ? "Established" : "Active";
  return {
    notConverged: [],
    results: Object.fromEntries(results),
    sessions: Object.fromEntries(
      plan.nodes.map(({ name }) => [
        name,
        plan.bgp.enabled
          ? Object.fromEntries(
              plan.nodes.filter((peer) => peer.name !== name).map(({ address }) => [address, state]),
            )
          : {},
      ]),
    ),
    captures: Object.fromEntries(
      order.captures.map(({ id }) => [id, { route: "10.0.0.1 dev eth0", packet: "" }]),
    ),
  };
}
