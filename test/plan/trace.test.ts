/** Traces: the same outcome as the verdict's, and hops that fit together. */
import assert from "node:assert/strict";
import * as fc from "fast-check";
import {
  type Hop,
  type LabPlan,
  pairsOf,
  planLab,
  predict,
  probesOf,
  rowsOf,
  type Trace,
  trace,
  traceOf,
} from "../../components/plan";
import { labConfigs } from "../support/arbitraries";
import { planOf, type RawConfig } from "../support/problems";

/** A trace between the first pods of two nodes, by the nodes' names. */
function between(plan: LabPlan, a: string, b: string, size = 84): Trace {
  const [from, to] = [a, b].map((name) => plan.nodes.find((node) => node.name === name));
  assert.ok(from?.pods[0] && to?.pods[0]);
  return trace(plan, from.pods[0], { kind: "pod", pod: to.pods[0], node: to }, { protocol: "icmp", size });
}

/** The names of a trace's hops in one direction. */
const namesOf = ({ hops }: Trace, direction: Hop["direction"]): string[] =>
  hops.filter((hop) => hop.direction === direction).map(({ name }) => name);

const lengthsAt = ({ hops }: Trace, name: string) => hops.find((hop) => hop.name === name);

const AWS_IPIP: RawConfig = { fabric: "aws", encapsulation: "IPIP" };

describe("a trace", () => {
  it("has the verdict's outcome, and loses the packet at its last hop, in any lab", () => {
    fc.assert(
      fc.property(labConfigs, (config) => {
        const plan = planLab(config);
        for (const { pair } of rowsOf(plan).rows) {
          for (const probe of probesOf(pair)) {
            const { outcome, hops, failure } = traceOf(plan, pair, probe);
            const drop = predict(plan, pair, probe);
            assert.equal(outcome, drop ? "fails" : "works");
            assert.equal(failure?.hop, drop?.hop);
            const last = hops.at(-1);
            assert.equal(last?.name, drop?.hop ?? last?.name);
            assert.deepEqual(last?.drop, failure);
            assert.equal(last?.direction, drop && !drop.onReturn ? "there" : "back");
            assert.equal(last?.out, undefined);
          }
        }
      }),
    );
  });

  it("has hops of which each gets the packet that the one before it sends, in any lab", () => {
    fc.assert(
      fc.property(labConfigs, (config) => {
        const plan = planLab(config);
        for (const { pair } of rowsOf(plan).rows) {
          const { hops } = traceOf(plan, pair, "TCP");
          hops.forEach((hop, i) => {
            const before = hops[i - 1];
            // What is made here comes from nowhere; what is delivered goes nowhere.
            if (hop.in) assert.deepEqual(hop.in, before?.out);
            else assert.equal(before?.out, undefined);
            for (const packet of [hop.in, hop.out]) {
              if (!packet) continue;
              const sum = packet.headers.reduce((bytes, header) => bytes + header.bytes, 0);
              assert.equal(packet.length, sum);
            }
          });
          // However often a packet is wrapped and rewritten, its end gets what was asked for.
          assert.equal(hops[0]?.out?.length, 60);
        }
      }),
    );
  });

  it("goes to pod, kernel, tunnel, port, router, port, group, tunnel, kernel and pod between subnets of EC2", () => {
    const traced = between(planOf(AWS_IPIP), "w1", "w2");
    assert.deepEqual(namesOf(traced, "there"), [
      "w1-1",
      "w1's kernel",
      "tunl0 of w1",
      "w1's port",
      "VPC router",
      "w2's port",
      "w2's security group",
      "tunl0 of w2",
      "w2's kernel",
      "w2-1",
    ]);
    assert.deepEqual(
      namesOf(traced, "back"),
      namesOf(traced, "there").map((name) => name.replace(/w[12]/, (node) => (node === "w1" ? "w2" : "w1"))),
    );
  });

  it("shows IPIP's 20 bytes and VXLAN's 50 on the wire, and ttl 62 at the pod", () => {
    for (const [encapsulation, device, length] of [
      ["IPIP", "tunl0 of w1", 104],
      ["VXLAN", "vxlan.calico of w1", 134],
    ] as const) {
      const traced = between(planOf({ encapsulation }), "w1", "w2");
      const tunnel = lengthsAt(traced, device);
      assert.equal(tunnel?.in?.length, 84);
      assert.equal(tunnel?.out?.length, length);
      const arrived = lengthsAt(traced, "w2-1")?.in?.headers[0];
      assert.ok(arrived?.kind === "ipv4");
      assert.equal(arrived.ttl, 62);
    }
  });

  it("says which rule lets a packet in, and which one is missing", () => {
    const open = lengthsAt(between(planOf(AWS_IPIP), "w1", "w2"), "w2's security group");
    assert.deepEqual([open?.rule, open?.decision], ["ipip", "ipip: IP protocol 4 from nodes"]);
    const closed = between(planOf({ ...AWS_IPIP, faults: ["ipip-blocked"] }), "w1", "w2").hops.at(-1);
    assert.deepEqual([closed?.rule, closed?.name], ["ipip", "w2's security group"]);
    assert.match(closed?.decision ?? "", /^no rule ipip/);
    assert.match(closed?.drop?.fix ?? "", /allow IP protocol 4/);
  });

  it("loses a packet that is longer than the pod's MTU at the pod's own device, and says how long it may be", () => {
    const plan = planOf({ encapsulation: "IPIP" });
    const traced = between(plan, "w1", "w2", 1500);
    assert.equal(traced.failure?.hop, "eth0 of w1-1");
    assert.match(traced.failure?.cause ?? "", /is 1500 bytes with DF set, and eth0 of w1-1 carries 1480$/);
    assert.equal(between(plan, "w1", "w2", 1480).outcome, "works");
  });

  it("rewrites a Service's address to the pod's, and back in the answer", () => {
    const plan = planOf({});
    const pair = pairsOf(plan).find(({ path }) => path === "pod-to-service");
    assert.ok(pair?.to.kind === "service");
    const { hops } = traceOf(plan, pair, "TCP");
    const destination = (hop: Hop | undefined) => {
      const [ip] = hop?.out?.headers ?? [];
      return ip?.kind === "ipv4" ? ip.destination : undefined;
    };
    const [asks, proxy] = hops;
    assert.equal(destination(asks), pair.to.service.address);
    assert.equal(destination(proxy), pair.to.pod.address);
    const [answer] = hops.at(-1)?.in?.headers ?? [];
    assert.ok(answer?.kind === "ipv4");
    assert.equal(answer.source, pair.to.service.address);
  });

  it("gives a pod's packet to the internet its node's address, and the answer the pod's", () => {
    const plan = planOf({});
    const pair = pairsOf(plan).find(({ path }) => path === "pod-to-internet");
    assert.ok(pair);
    const { hops } = traceOf(plan, pair, "ICMP");
    const [node] = plan.nodes;
    const masquerade = hops.find(({ kind }) => kind === "nat")?.out?.headers[0];
    assert.ok(masquerade?.kind === "ipv4");
    assert.equal(masquerade.source, node?.address);
    const answer = hops.at(-1)?.in?.headers[0];
    assert.ok(answer?.kind === "ipv4");
    assert.equal(answer.destination, pair.from.address);
  });
});
