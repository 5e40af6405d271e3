/** A trace's packet on a cluster that is played: which devices are tapped, and what is said of what comes by. */
import assert from "node:assert/strict";
import {
  findEndpoint,
  type LabPlan,
  type Packet,
  type Probe,
  sourceAt,
  type Trace,
  trace,
} from "../../../components/plan";
import { formatTrace, type ObservedTrace } from "../../../components/study";
import type { Placed } from "../../../components/study/cluster/field";
import { follow, hexIn } from "../../../components/study/cluster/follower";
import type { Evidence } from "../../../components/study/evidence";
import { bytesOf } from "../../support/packet-bytes";
import { planOf } from "../../support/problems";

const NIC = "ens5";

/** As `tcpdump -x` prints a packet. */
function printed(packet: Packet): string {
  const words =
    bytesOf(packet)
      .toString("hex")
      .match(/.{1,4}/g) ?? [];
  const lines = Array.from({ length: Math.ceil(words.length / 8) }, (_, i) => words.slice(i * 8, i * 8 + 8));
  const offset = (i: number) => `0x${(i * 16).toString(16).padStart(4, "0")}`;
  return ["IP some packet", ...lines.map((row, i) => `\t${offset(i)}:  ${row.join(" ")}`)].join("\n");
}

/** Follows a ping through a cluster. @param loses whether a device does not show the packet that the trace has there. */
async function followed(
  plan: LabPlan,
  [fromName, toName, probe]: readonly [string, string, Probe],
  { answered, loses = () => false }: { answered: boolean; loses?: (node: string, device: string) => boolean },
): Promise<{ seen: ObservedTrace; ran: string[]; traced: Trace }> {
  const [start, to] = [findEndpoint(plan, fromName), findEndpoint(plan, toName)];
  assert.ok(start && to);
  const from = sourceAt(start);
  assert.ok(from);
  const traced = trace(plan, from, to, probe);
  const ran: string[] = [];
  const answer = (where: string, command: string): Evidence => {
    ran.push(`${where}: ${command}`);
    const evidence = (output: string, exit = 0) => ({ where, command, exit, output });
    if (command.startsWith("ip -4"))
      return evidence(`2: ${NIC}    inet 10.0.3.11/24 brd 10.0.3.255 scope global`);
    const device = / -i (\S+) '/.exec(command)?.[1];
    if (device === undefined) return evidence("", answered ? 0 : 1);
    const there = traced.hops.flatMap((hop) => {
      const at = (one: string | undefined) =>
        hop.node === where && one === (device === NIC ? "eth0" : device);
      return [at(hop.device?.in) && hop.in, at(hop.device?.out) && hop.out].filter((packet) => !!packet);
    });
    return evidence(loses(where, device) ? "" : there.map(printed).join("\n"));
  };
  const field = {
    missing: () => undefined,
    run: async (where: string, commands: readonly string[]) => commands.map((one) => answer(where, one)),
    captureDuring: async (all: readonly Placed[], work: () => Promise<unknown>) => {
      await work();
      return all.map(({ where, command }) => answer(where, command));
    },
    each: <Item, Result>(items: readonly Item[], work: (item: Item) => Promise<Result>) =>
      Promise.all(items.map(work)),
  };
  return { seen: await follow(field, plan, { trace: traced, to, internet: "1.1.1.1" }), ran, traced };
}

describe("a trace's packet on a cluster", () => {
  const PING = { protocol: "icmp", size: 84 } as const;
  const plan = planOf({ cloud: "hosts", hosts: { machines: "containers" }, encapsulation: "VXLAN" });

  it("is seen on the pods' devices, the tunnel's and the NICs of both nodes, by the names that they have there", async () => {
    const { seen, ran } = await followed(plan, ["w1-1", "w2-1", PING], { answered: true });
    assert.deepEqual([seen.works, seen.agrees], [true, true]);
    const places = [...new Set(seen.sightings.map((one) => `${one.namespace} ${one.interface}`))];
    assert.deepEqual(
      places.map((place) => place.replace(/ cali\w+/, " cali*")),
      ["w1 cali*", "w1 vxlan.calico", `w1 ${NIC}`, `w2 ${NIC}`, "w2 vxlan.calico", "w2 cali*"],
    );
    assert.ok(
      ran.some((line) => line.startsWith("w1: conntrack -D")),
      "the nodes forget what they know",
    );
    const captures = ran.filter((line) => line.includes("tcpdump"));
    assert.equal(captures.length, places.length, "one capture on each device");
    assert.ok(captures.every((line) => line.includes("ip proto 1 and dst host")));
  });

  it("is missed where a device does not show it, and the node is named", async () => {
    const loses = (node: string, device: string) => node === "w2" && device === NIC;
    const { seen, traced } = await followed(plan, ["w1-1", "w2-1", PING], { answered: false, loses });
    assert.deepEqual([seen.works, seen.agrees], [false, false]);
    assert.match(formatTrace(traced, {}, seen), /!! NOT seen on ens5 of w2/);
  });

  it("is told apart from all else between two nodes by its port, also its answer, and by what opens a connection", async () => {
    const tcp = { protocol: "tcp", port: 10_250, size: 60 } as const;
    const { ran } = await followed(plan, ["w1", "w2", tcp], { answered: true });
    const captures = ran.filter((line) => line.includes("tcpdump"));
    assert.ok(captures.length > 0);
    for (const line of captures) {
      assert.match(
        line,
        /ip proto 6 and dst host 10\.0\.4\.10 and src host 10\.0\.3\.11 and dst port 10250 and tcp\[tcpflags\] & \(tcp-syn\|tcp-rst\) != 0\)/,
      );
      assert.match(
        line,
        /ip proto 6 and dst host 10\.0\.3\.11 and src host 10\.0\.4\.10 and src port 10250 and tcp\[tcpflags\] & \(tcp-syn\|tcp-rst\) != 0\)/,
      );
    }
    const whole = await followed(plan, ["w1", "w2", { ...tcp, size: 1500 }], { answered: true });
    assert.ok(
      whole.ran.every((line) => !line.includes("tcpflags")),
      "a segment of that size has data",
    );
  });

  it("is not measured where a pod without privileges cannot listen, and that is no disagreement", async () => {
    const dns = { protocol: "udp", port: 53, size: 84 } as const;
    const { seen, ran, traced } = await followed(plan, ["w1-1", "w2-1", dns], { answered: false });
    assert.deepEqual([seen.unmeasured, seen.agrees, seen.sightings], [true, true, []]);
    assert.match(
      formatTrace(traced, {}, seen).replaceAll(/\n */g, " "),
      /Predicted works; not measured: a study pod has no right to listen on port 53; choose one from 1024 on, such as 8080\./,
    );
    assert.deepEqual(ran, []);
  });

  it("goes to the host that stands for the internet, of whose answers nothing is said", async () => {
    const tcp = { protocol: "tcp", port: 443, size: 60 } as const;
    const { seen, ran, traced } = await followed(plan, ["w1-1", "internet", tcp], { answered: true });
    assert.ok(ran.some((line) => /^w1-1: curl .*https:\/\/1\.1\.1\.1:443\//.test(line)));
    assert.ok(seen.sightings.length > 0);
    assert.ok(seen.sightings.every(({ hop }) => traced.hops[hop]?.direction === "there"));
  });

  it("is not measured on its way to an internet that the node itself does not reach", async () => {
    const { seen } = await followed(plan, ["w1-1", "internet", PING], { answered: false });
    assert.deepEqual(
      [seen.unmeasured, seen.agrees, seen.detail],
      [true, true, "not measured: w1 itself does not reach 1.1.1.1"],
    );
  });
});

describe("the packets in tcpdump's output", () => {
  it("are their bytes, without its own lines between them", () => {
    const text =
      "IP a > b: ICMP\n\t0x0000:  4500 0054\n\t0x0010:  ac\nIP c\n\t0x0000:  4500\n40 packets captured\n";
    assert.deepEqual(hexIn(text), ["45000054ac", "4500"]);
  });
});
