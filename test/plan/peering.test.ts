/** Route reflectors, a gateway that speaks BGP, and what Calico's settings of BGP do to routes and paths. */
import assert from "node:assert/strict";
import * as fc from "fast-check";
import { parseConfig } from "../../components/config";
import { renderRouterBird } from "../../components/infrastructure/fabric";
import { renderBird } from "../../components/infrastructure/twin/bird";
import {
  bgpEstablished,
  describeBgp,
  gatewayHop,
  judge,
  type LabPlan,
  learns,
  type ProbeName,
  peersOf,
  planLab,
  predict,
  probesOf,
  routesOf,
  rowsOf,
  runsBird,
  traceOf,
} from "../../components/plan";
import { gatewayRouteFault, gatewaySessionUp, hasDetours, routeFault } from "../../components/plan/bgp";
import { pairsOf } from "../../components/plan/path";
import { configOf } from "../../components/study/bundle/config";
import { rehearsed } from "../../components/study/bundle/rehearsed";
import { rawExchanges } from "../support/arbitraries";
import { planOf, type RawConfig } from "../support/problems";
import { runs } from "../support/runs";

const NONE = { encapsulation: "None" } as const;
const REFLECTED = { ...NONE, bgp: "routeReflectors", routeReflectors: ["w1", "w2"] } as const;
const LEARNED = { ...NONE, podRoutes: "bgp" } as const;
const THREE = {
  topology: [
    { name: "a", cidr: "10.0.3.0/24", nodes: ["cp1", "w1", "w2"] },
    { name: "b", cidr: "10.0.4.0/24", nodes: ["w3", "w4", "w5"] },
  ],
};

/** Which nodes learn each other's blocks, as `a>b`, of those that do not. */
const unknown = (plan: LabPlan): string[] =>
  plan.nodes.flatMap((a) =>
    plan.nodes.filter((b) => a !== b && !learns(plan, a, b)).map((b) => `${a.name}>${b.name}`),
  );

/** Where the gateway sends what is for each node's pods. */
const hops = (plan: LabPlan): (string | undefined)[] =>
  plan.nodes.map((node) => gatewayHop(plan, node)?.name);

/** Rows of the verdict by path and part: the outcomes of their probes. */
const outcomes = (raw: RawConfig): Record<string, string> =>
  Object.fromEntries(
    judge(planOf(raw)).paths.map(({ path, reach, part, outcome }) => [
      [path, reach, part].filter(Boolean).join(" "),
      outcome,
    ]),
  );

const ALL = ["cp1", "w1", "w2", "w3"];

describe("route reflectors", () => {
  it("have a session with every node, so that each node learns every block with few sessions", () => {
    const plan = planOf(REFLECTED);
    assert.deepEqual(
      peersOf(plan).map(([a, b]) => `${a.name}-${b.name}`),
      ["cp1-w1", "cp1-w2", "w1-w2", "w1-w3", "w2-w3"],
    );
    assert.deepEqual(unknown(plan), []);
    assert.equal(bgpEstablished(plan), true);
    assert.deepEqual(
      plan.nodes.map((node) => routesOf(plan, node)),
      planOf(NONE).nodes.map((node) => routesOf(planOf(NONE), node)),
      "the routes are those of a mesh: a reflector leaves the next hop as it is",
    );
    assert.match(judge(plan).remarks.join(), /w1, w2: 5 BGP sessions .* a mesh has 6/);
  });

  it("may fail one after the other: with the last one no node learns a route", () => {
    const one = planOf({ ...REFLECTED, faults: [{ fault: "reflector-down", nodes: ["w1"] }] });
    assert.deepEqual(unknown(one), ["cp1>w1", "w1>cp1", "w1>w2", "w1>w3", "w2>w1", "w3>w1"]);
    const { notReady, paths } = judge(one);
    assert.deepEqual(
      notReady.map(({ node }) => node),
      ["w1"],
    );
    assert.match(notReady[0]?.message ?? "", /unable to connect to BIRDv4 socket/);
    const lost = paths.find(({ failure }) => failure?.fault === "reflector-down")?.failure;
    assert.match(lost?.cause ?? "", /^BIRD does not run on the route reflector w1, so neither has a route/);
    assert.match(lost?.fix ?? "", /^take reflector-down out of faults: start calico-node/);
    const both = planOf({ ...REFLECTED, faults: ["reflector-down"] });
    assert.equal(unknown(both).length, 12);
    assert.deepEqual(
      judge(both).notReady.map(({ node }) => node),
      ALL,
    );
    assert.match(judge(both).notReady[0]?.message ?? "", /not established with 10\.0\.3\.11,10\.0\.4\.10/);
  });

  it("pass no route on to each other: two of them need a session of their own (RFC 4456, 6)", () => {
    const faults = [{ fault: "bgp-blocked" as const, nodes: ["w2"], direction: "out" as const }];
    // w2 would open its sessions with cp1 and w1; w3 opens its own with all of them.
    const plan = planOf({ ...REFLECTED, routeReflectors: ["w1", "w2", "w3"], faults });
    assert.deepEqual(unknown(plan), ["w1>w2", "w2>w1"]);
  });

  it("are no part of a path under VXLAN", () => {
    const raw = { encapsulation: "VXLAN", bgp: "routeReflectors", routeReflectors: ["w1"] };
    const outcomesDown = outcomes({ ...raw, faults: ["reflector-down"] });
    assert.deepEqual(new Set(Object.values(outcomesDown)), new Set(["works"]));
    assert.equal(
      outcomes({ ...raw, encapsulation: "IPIP", faults: ["reflector-down"] })["same-subnet"],
      "fails",
    );
  });

  it("pass a client's route on once: not by two reflectors with one cluster ID (calico#2735)", () => {
    const raw = { ...THREE, ...NONE, bgp: "routeReflectors", routeReflectors: ["w1", "w3"] } as const;
    const faults = [
      { fault: "bgp-blocked" as const, nodes: ["w1"], direction: "in" as const },
      { fault: "bgp-blocked" as const, nodes: ["w3"], direction: "out" as const },
    ];
    // Only cp1 keeps its session with w1, which opens it, and only w4 and w5 theirs with w3: they open them.
    const plan = planOf({ ...raw, faults });
    const lost = new Set(unknown(plan));
    assert.ok(
      lost.has("cp1>w4") && lost.has("w2>w5"),
      "cp1 and w2 have no reflector in common with w4 and w5",
    );
    const failure = judge(plan).paths.find((row) => row.path === "cross-subnet" && row.failure)?.failure;
    assert.match(
      failure?.cause ?? "",
      /none of the route reflectors w1, w3 has BGP sessions with both nodes/,
    );
  });
});

describe("a gateway that speaks BGP", () => {
  it("learns each block from its node, so that None works across subnets without static routes", () => {
    const plan = planOf(LEARNED);
    assert.deepEqual(plan.podRoutes, []);
    assert.deepEqual(hops(plan), ALL);
    assert.equal(outcomes(LEARNED)["cross-subnet"], "works");
    assert.equal(outcomes(NONE)["cross-subnet"], "fails");
    const pair = pairsOf(plan).find(({ path }) => path === "cross-subnet");
    assert.ok(pair);
    const hop = traceOf(plan, pair, "ICMP").hops.find(({ kind }) => kind === "gateway");
    assert.equal(hop?.decision, "route 172.16.0.128/26 via 10.0.4.10 proto bird");
  });

  it("does not know the pods of a node whose TCP 179 does not get out, unless a reflector tells it", () => {
    const faults = [{ fault: "bgp-blocked" as const, nodes: ["w3"], direction: "out" as const }];
    assert.deepEqual(hops(planOf({ ...LEARNED, faults })), ["cp1", "w1", "w2", undefined]);
    const inwards = [{ fault: "bgp-blocked" as const, nodes: ["w3"] }];
    assert.deepEqual(hops(planOf({ ...LEARNED, faults: inwards })), ALL, "the node opens the session");
    const on = (node: string) => [
      { fault: "bgp-blocked" as const, nodes: [node], direction: "out" as const },
    ];
    // w2 and w3 open their sessions with w1, so they know its pods.
    const lost = judge(planOf({ ...LEARNED, faults: on("w1") })).paths.find(
      ({ path, part, failure }) => path === "cross-subnet" && part === "to w1" && failure,
    )?.failure;
    assert.match(lost?.cause ?? "", /^the router has no BGP session with w1, so it knows no route/);
    assert.match(lost?.fix ?? "", /^take bgp-blocked out of faults: allow TCP 179 from w1 to the router/);
    const reflected = { ...REFLECTED, ...LEARNED, routeReflectors: ["w3"] };
    assert.deepEqual(hops(planOf({ ...reflected, faults: on("w2") })), ALL, "w3 tells it of w2");
  });

  it("over eBGP takes the node with the lowest address for every block, unless nodes keep the next hop", () => {
    const peering = { gatewayAsNumber: 64513 };
    assert.deepEqual(hops(planOf({ ...LEARNED, peering })), ["cp1", "cp1", "cp1", "cp1"]);
    const verdict = judge(planOf({ ...LEARNED, peering }));
    const lost = verdict.paths.find(({ failure }) => failure)?.failure;
    assert.match(
      lost?.cause ?? "",
      /goes round in circles .* the router sends it to cp1, which sends it back/,
    );
    assert.match(lost?.fix ?? "", /keepOriginalNextHop: true, or set peering\.gatewayAsNumber: 64512/);
    assert.match(verdict.remarks.join(), /it sends what is for pods to cp1$/m);
    const kept = { ...LEARNED, peering: { ...peering, keepOriginalNextHop: true } };
    assert.deepEqual(hops(planOf(kept)), ALL);
    assert.deepEqual(new Set(Object.values(outcomes(kept))), new Set(["works"]));
  });

  it("takes the lowest address as a number, whatever the nodes' order", () => {
    const topology = [
      { name: "a", cidr: "10.0.10.0/24", nodes: ["cp1", "w1"] },
      { name: "b", cidr: "10.0.9.0/24", nodes: ["w2"] },
    ];
    const peering = { gatewayAsNumber: 64513 };
    assert.deepEqual(hops(planOf({ ...LEARNED, topology, peering })), ["w2", "w2", "w2"]);
  });

  it("has detours over eBGP alone, and knows each node itself by static routes", () => {
    const ebgp = { ...LEARNED, peering: { gatewayAsNumber: 64513 } };
    assert.deepEqual(
      [ebgp, LEARNED, NONE].map((raw) => hasDetours(planOf(raw))),
      [true, false, false],
    );
    assert.deepEqual(hops(planOf({ ...NONE, podRoutes: "static" })), ALL);
    assert.deepEqual(hops(planOf(NONE)), [undefined, undefined, undefined, undefined]);
  });

  it("sends a packet by way of another node of the same subnet, which forwards it", () => {
    // To cp1's own subnet the detour ends at cp1's neighbour.
    const raw = { ...LEARNED, peering: { gatewayAsNumber: 64513 } };
    const plan = planOf(raw);
    const pair = pairsOf(plan).find(
      ({ path, from, to }) =>
        path === "node-to-pod" && from.node === "w2" && to.kind === "pod" && to.node.name === "w1",
    );
    assert.ok(pair);
    const { outcome, hops: way } = traceOf(plan, pair, "ICMP");
    assert.equal(outcome, "works");
    const there = way.filter(({ direction }) => direction === "there").map(({ name }) => name);
    assert.deepEqual(there, ["w2", "w2's kernel", "router", "cp1's kernel", "w1's kernel", "w1-1"]);
    const relay = way.find(({ name }) => name === "cp1's kernel");
    assert.equal(relay?.device?.in, "eth0");
  });

  it("tells nodes of each other without a mesh over iBGP, and over eBGP they drop their own AS number", () => {
    const ibgp = { ...LEARNED, peering: { nodeToNodeMesh: false } };
    assert.deepEqual(unknown(planOf(ibgp)), []);
    const ebgp = { ...LEARNED, peering: { nodeToNodeMesh: false, gatewayAsNumber: 64513 } };
    assert.equal(unknown(planOf(ebgp)).length, 12);
    assert.deepEqual(new Set(Object.values(outcomes(ebgp))), new Set(["works"]), "by the default route");
    assert.match(judge(planOf(ebgp)).remarks.join(), /their own AS 64512 is in the path/);
    const neither = { ...NONE, peering: { nodeToNodeMesh: false } };
    const lost = judge(planOf(neither)).paths.find(({ failure }) => failure)?.failure;
    assert.match(lost?.cause ?? "", /the node-to-node mesh is off/);
    assert.match(lost?.fix ?? "", /^set peering\.nodeToNodeMesh: true/);
  });
});

describe("who exchanges routes, in words,", () => {
  const words = (raw: RawConfig) => describeBgp(planOf(raw));

  it("names what is there, and the settings that are not the usual ones", () => {
    assert.equal(words({}), "mesh");
    assert.equal(words({ encapsulation: "VXLAN", bgp: "Disabled" }), "disabled");
    assert.equal(words(REFLECTED), "route reflectors w1, w2");
    assert.equal(words({ ...REFLECTED, routeReflectors: ["w1"] }), "route reflector w1");
    assert.equal(words({ ...NONE, peering: { nodeToNodeMesh: false } }), "no mesh");
    assert.equal(words(LEARNED), "mesh; the gateway as AS 64512");
    assert.equal(
      words({ ...LEARNED, peering: { gatewayAsNumber: 64513, keepOriginalNextHop: true } }),
      "mesh; the gateway as AS 64513; keepOriginalNextHop",
    );
    assert.equal(words({ ...NONE, peering: { disableBGPExport: true } }), "mesh; disableBGPExport");
  });
});

describe("the session of a node and the gateway", () => {
  const down = (raw: RawConfig) => {
    const plan = planOf(raw);
    return plan.nodes.filter((node) => !gatewaySessionUp(plan, node)).map(({ name }) => name);
  };
  const out = { fault: "bgp-blocked", nodes: ["cp1"], direction: "out" };

  it("is there where the gateway speaks BGP, and goes with BIRD, a wrong address, and TCP 179 out", () => {
    assert.deepEqual(down(LEARNED), []);
    assert.deepEqual(down(NONE), ALL);
    assert.deepEqual(down({ ...LEARNED, faults: [out] }), ["cp1"]);
    assert.deepEqual(
      down({ ...REFLECTED, ...LEARNED, faults: [{ fault: "reflector-down", nodes: ["w1"] }] }),
      ["w1"],
    );
    assert.deepEqual(down({ ...LEARNED, faults: [{ fault: "node-ip-wrong-interface", nodes: ["w2"] }] }), [
      "w2",
    ]);
  });

  it("counts for whether all sessions are established", () => {
    const established = (faults: object[], raw: RawConfig = LEARNED) =>
      bgpEstablished(planOf({ ...raw, faults }));
    // In the mesh cp1 opens no session, since its address is the lowest.
    assert.equal(established([out], NONE), true);
    assert.equal(established([out]), false);
    assert.equal(established([{ fault: "ip-forward-off", nodes: ["w1"] }]), true);
  });

  it("has a fault that says why the gateway does not know a node's pods", () => {
    const why = (faults: object[], node: string, raw: RawConfig = LEARNED) => {
      const plan = planOf({ ...raw, faults });
      return gatewayRouteFault(plan, plan.nodes.find(({ name }) => name === node) ?? assert.fail());
    };
    assert.equal(why([out], "cp1"), "bgp-blocked");
    assert.equal(why([out], "w1"), undefined);
    assert.equal(why([out], "cp1", NONE), undefined);
    assert.equal(
      why([{ fault: "reflector-down", nodes: ["w1"] }], "w1", { ...REFLECTED, ...LEARNED }),
      "reflector-down",
    );
    assert.equal(why([{ fault: "node-ip-wrong-interface", nodes: ["w2"] }], "w2"), "node-ip-wrong-interface");
  });

  it("has a fault that says why neither of two nodes has a route, where a reflector stands between them", () => {
    const faults = [{ fault: "bgp-blocked", nodes: ["w3"], direction: "out" }];
    const plan = planOf({ ...REFLECTED, routeReflectors: ["w1"], faults });
    const [cp1, , w2, w3] = plan.nodes;
    assert.ok(cp1 && w2 && w3);
    assert.deepEqual(
      [routeFault(plan, cp1, w3), routeFault(plan, w3, cp1), routeFault(plan, cp1, w2)],
      ["bgp-blocked", "bgp-blocked", undefined],
    );
  });

  it("has a fault that says why neither of two nodes has a route, where the gateway reflects", () => {
    const plan = planOf({ ...LEARNED, peering: { nodeToNodeMesh: false }, faults: [out] });
    const [cp1, w1, w2] = plan.nodes;
    assert.ok(cp1 && w1 && w2);
    assert.deepEqual(
      [routeFault(plan, cp1, w1), routeFault(plan, w1, cp1), routeFault(plan, w1, w2)],
      ["bgp-blocked", "bgp-blocked", undefined],
    );
  });
});

describe("disableBGPExport", () => {
  it("leaves the sessions up, and nodes and gateway without a route", () => {
    const plan = planOf({ ...LEARNED, peering: { disableBGPExport: true } });
    assert.equal(bgpEstablished(plan), true);
    assert.equal(unknown(plan).length, 12);
    assert.deepEqual(hops(plan), [undefined, undefined, undefined, undefined]);
    const lost = judge(plan).paths.find(({ failure }) => failure)?.failure;
    assert.match(lost?.fix ?? "", /^set peering\.disableBGPExport: false/);
    assert.equal(lost?.fault, undefined);
  });

  it("changes no path between pods under VXLAN", () => {
    const off = { encapsulation: "VXLAN", peering: { disableBGPExport: true } };
    assert.deepEqual(new Set(Object.values(outcomes(off))), new Set(["works"]));
    assert.match(judge(planOf(off)).remarks.join(), /Felix programs the routes of VXLAN/);
  });
});

describe("any lab with reflectors, a router that speaks BGP, or other settings", () => {
  const onAny = (check: (plan: LabPlan) => void) =>
    fc.assert(
      fc.property(rawExchanges, (raw) => check(planOf(raw))),
      { numRuns: runs(60) },
    );

  it("has the same outcome for every pair of a row", () => {
    onAny((plan) => {
      const fateOf = (pair: Parameters<typeof predict>[1], probe: ProbeName) => {
        const drop = predict(plan, pair, probe);
        return drop && [drop.cause, drop.rule, drop.fault, drop.onReturn];
      };
      const { rowOf } = rowsOf(plan);
      for (const pair of pairsOf(plan)) {
        const row = rowOf(pair);
        for (const probe of probesOf(pair))
          assert.deepEqual(fateOf(pair, probe), fateOf(row.pair, probe), `${row.key}: ${pair.from.name}`);
      }
    });
  });

  it("learns in both directions or in neither, and every packet that works has a way", () => {
    onAny((plan) => {
      for (const a of plan.nodes)
        for (const b of plan.nodes) if (a !== b) assert.equal(learns(plan, a, b), learns(plan, b, a));
    });
  });

  it("has one end of every session that connects and one that waits, and the router waits for all", () => {
    onAny((plan) => {
      const waiting = plan.nodes.flatMap((node) => renderBird(plan, node).match(/passive on/g) ?? []).length;
      const running = peersOf(plan).filter((pair) => pair.every((node) => runsBird(plan, node))).length;
      const halves = plan.nodes
        .filter((node) => runsBird(plan, node))
        .flatMap((node) =>
          peersOf(plan).filter((pair) => pair.includes(node) && !pair.every((one) => runsBird(plan, one))),
        ).length;
      assert.ok(waiting >= running && waiting <= running + halves);
      const router = renderRouterBird(plan, { log: "stderr" });
      assert.equal(router !== "", plan.bgp.gatewayAsNumber !== undefined);
      if (router) assert.equal(router.match(/^protocol bgp Node_/gm)?.length, plan.nodes.length);
    });
  });

  it("is the same lab again when a bundle hands it on", () => {
    onAny((plan) => {
      const again = planLab(parseConfig({ ...configOf(plan) }));
      assert.deepEqual(again.bgp, plan.bgp);
      assert.deepEqual(again.podRoutes, plan.podRoutes);
    });
  });
});

describe("a router between existing machines", () => {
  const addresses = ["10.0.4.254", "10.0.3.253"];
  const raw = { ...LEARNED, cloud: "hosts", hosts: { router: { address: "192.0.2.1", addresses } } } as const;
  const gateways = ({ subnets }: LabPlan) => subnets.map(({ gateway }) => gateway);

  it("is the gateway that the nodes peer with, at its own addresses, and without these at the first of a subnet", () => {
    assert.deepEqual(gateways(planOf(raw)), ["10.0.3.253", "10.0.4.254"]);
    assert.match(renderRouterBird(planOf(raw), { log: "stderr" }), /^router id 10\.0\.3\.253;/);
    const first = { ...raw, hosts: { router: { address: "192.0.2.1" } } };
    assert.deepEqual(gateways(planOf(first)), ["10.0.3.1", "10.0.4.1"]);
  });

  it("makes None work across subnets, as the twin's does", () => {
    assert.deepEqual(outcomes(raw), outcomes(LEARNED));
    assert.equal(outcomes(raw)["cross-subnet"], "works");
  });

  it("keeps its addresses in a bundle and in a rehearsal, and its login in neither", () => {
    const plan = planOf(raw);
    assert.deepEqual(gateways(planOf(configOf(plan))), gateways(plan));
    assert.deepEqual(gateways(rehearsed(plan).plan), gateways(plan));
    assert.equal(JSON.stringify(configOf(plan)).includes("192.0.2.1"), false);
  });
});
