/** How a benchmark is made, with a lab that is made up. */
import assert from "node:assert/strict";
import { CannotSwitch, measureBench, NoIperf } from "../../../components/study/bench";
import type { Runner } from "../../../components/study/prober";
import { orderFor } from "../../support/benches";

const TCP = JSON.stringify({ end: { sum_received: { bits_per_second: 1e9 } } });
const REFUSED = JSON.stringify({ error: "unable to connect to server: Connection refused" });

/** Answers commands; a client that comes first to a port is refused. */
class LabOfText {
  readonly ran: string[] = [];
  private readonly asked = new Set<string>();
  private readonly serving = new Map<string, () => void>();

  constructor(private readonly machine = "Linux 6.12.0\n2\nZ80\niperf 3.12") {}

  runner: Runner = {
    addressOf: (name) => `address-of-${name}`,
    run: async (where, command) => {
      this.ran.push(`${where}: ${command}`);
      const served = / -s -1 -p (\d+)/.exec(command)?.[1];
      // A server ends when it has served a client.
      if (served !== undefined) await new Promise<void>((resolve) => this.serving.set(served, resolve));
      return { where, command, exit: 0, output: this.answer(command) };
    },
  };

  private answer(command: string): string {
    if (command.startsWith("uname")) return this.machine;
    if (/ -c 550 /.test(command))
      return Array.from({ length: 60 }, (_, i) => `icmp_seq=${i + 1} ttl=64 time=0.02 ms`).join("\n");
    const port = /iperf3 -c .* -p (\d+)/.exec(command)?.[1];
    if (port === undefined) return "";
    const isFirst = !this.asked.has(port);
    this.asked.add(port);
    if (!isFirst) this.serving.get(port)?.();
    return isFirst ? REFUSED : TCP;
  }
}

const order = (rounds = 1) => orderFor({ encapsulation: "None" }, { rounds, seconds: 1 });

describe("a benchmark", () => {
  it("brings the lab to each encapsulation in turn, and measures from the same pods each time", async () => {
    const lab = new LabOfText();
    const [brought, told]: [string[], number[]] = [[], []];
    const { samples, machines, evidence } = await measureBench(
      order(2),
      {
        async bring(encapsulation) {
          brought.push(encapsulation);
          return lab.runner;
        },
        progress: (_what, done) => told.push(done),
      },
      0,
    );
    assert.deepEqual(brought.slice(0, 2), ["None", "IPIP"]);
    assert.equal(brought.length, 10);
    // Three paths, of which one is lost without encapsulation, and is held against the nodes' own once in each round.
    assert.equal(samples.length, 2 * (5 * 3 - 1 + 1));
    for (const { figures, problems } of samples) {
      assert.deepEqual(problems, []);
      assert.deepEqual([figures.tcp1, figures.tcp8, figures.udp, figures.p50], [1e9, 1e9, 1e9, 0.02]);
    }
    assert.deepEqual(machines, [
      { nodes: ["cp1", "w1", "w2"], kernel: "Linux 6.12.0", processors: 2, processor: "Z80", iperf3: "3.12" },
    ]);
    assert.equal(evidence.length, lab.ran.length);
    assert.ok(lab.ran.some((line) => line.startsWith("cp1: timeout 17 iperf3 -c address-of-w2 ")));
    assert.deepEqual(
      told,
      [...told].sort((a, b) => a - b),
    );
    assert.ok(told.every((done) => done >= 0 && done < 1));
  });

  it("names an encapsulation that the lab cannot be brought to, and measures the others", async () => {
    const lab = new LabOfText();
    let tries = 0;
    const { modes, samples } = await measureBench(
      order(3),
      {
        async bring(encapsulation) {
          if (encapsulation !== "IPIP") return lab.runner;
          tries += 1;
          throw new CannotSwitch("the engine failed");
        },
        progress: () => {},
      },
      0,
    );
    assert.equal(tries, 1);
    assert.deepEqual(modes[0], { encapsulation: "IPIP", refused: "the engine failed" });
    assert.ok(samples.every(({ way }) => way !== "IPIP"));
    assert.equal(samples.filter(({ way }) => way === "VXLAN").length, 9);
  });

  it("ends at any other failure, and where iperf3 is missing", async () => {
    const hands = (lab: LabOfText, error?: Error) => ({
      async bring() {
        if (error) throw error;
        return lab.runner;
      },
      progress: () => {},
    });
    await assert.rejects(measureBench(order(), hands(new LabOfText(), new Error("Ctrl-C"))), /Ctrl-C/);
    const without = new LabOfText("Linux 6.12.0\n2\nZ80\nsh: iperf3: not found");
    await assert.rejects(measureBench(order(), hands(without)), NoIperf);
  });
});
