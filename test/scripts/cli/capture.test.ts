// Captures on machines, with a stand-in for tcpdump behind a real SSH connection; and which packets a path is.
import assert from "node:assert/strict";
import * as fs from "node:fs";
import * as path from "node:path";
import { PassThrough } from "node:stream";
import * as fc from "fast-check";
import { PATHS, planLab } from "../../../components/plan";
import { pathFilter } from "../../../components/study";
import { captureOnMachine } from "../../../scripts/cli/capture";
import { labConfigs } from "../../support/arbitraries";
import { planOf, type RawConfig } from "../../support/problems";
import { makePrograms } from "../../support/programs";
import { runs } from "../../support/runs";
import { SshServers } from "../../support/ssh-server";

/** Prints every byte, waits until it is ended, and says so. Root needs no sudo; another user gets this one. */
const TCPDUMP = `
echo "$*" > "$(dirname "$0")/argv"
for i in 0 1 2 3 4 5 6 7; do cat "$(dirname "$0")/bytes"; done
case "$*" in *' -c '*) exit 0 ;; esac
trap 'echo "8 packets captured" >&2; exit 0' TERM
while :; do sleep 0.05; done
`;

const BYTES = Buffer.from(Array.from({ length: 256 }, (_, i) => i));

describe("a capture on a machine", () => {
  const servers = new SshServers();
  const programs = makePrograms({ tcpdump: TCPDUMP, sudo: 'shift\nexec "$@"' });
  const { folder } = programs;
  let port: number;
  before(async () => {
    fs.writeFileSync(path.join(folder, "bytes"), BYTES);
    port = await servers.runningSh(programs.env.PATH ?? "");
  });
  after(() => {
    servers.stop();
    programs.remove();
  });

  /** Captures until enough bytes have come, then stops. */
  async function captured(order: { count?: number; filter: string }) {
    const out = new PassThrough();
    const stop = new AbortController();
    const parts: Buffer[] = [];
    out.on("data", (part: Buffer) => {
      parts.push(part);
      if (order.count === undefined && Buffer.concat(parts).length === 8 * BYTES.length) stop.abort();
    });
    const wanted = { device: "eth0", asText: false, ...order };
    const ending = await captureOnMachine(servers.target(port), wanted, { out, stop: stop.signal });
    return { ...ending, bytes: Buffer.concat(parts) };
  }

  it("keeps every byte, and ends tcpdump in good order when it is stopped", async () => {
    const { code, stderr, bytes } = await captured({ filter: "host 10.0.3.11 and (udp or icmp)" });
    assert.deepEqual(bytes, Buffer.concat(Array.from({ length: 8 }, () => BYTES)));
    assert.deepEqual([code, stderr], [0, "8 packets captured\n"]);
    const argv = fs.readFileSync(path.join(folder, "argv"), "utf8");
    assert.match(argv, / -U -w - -i eth0 host 10\.0\.3\.11 and \(udp or icmp\)\n$/);
  });

  it("ends by itself when tcpdump does", async () => {
    const { code, bytes } = await captured({ filter: "", count: 8 });
    assert.deepEqual([code, bytes.length], [0, 8 * BYTES.length]);
  });
});

describe("the filter of a path", () => {
  const filterOf = (raw: RawConfig, where: string, ...[of]: [(typeof PATHS)[number]]) => {
    const plan = planOf(raw);
    const node = plan.nodes.find(({ name }) => name === where);
    assert.ok(node);
    return pathFilter(plan, node, of);
  };
  const two: RawConfig = {
    topology: [
      { name: "a", cidr: "10.0.3.0/24", nodes: ["cp1", "w1"] },
      { name: "b", cidr: "10.0.4.0/24", nodes: ["w2"] },
    ],
  };

  it("is the tunnel between the nodes where there is one, and else the blocks of both", () => {
    const raw = { ...two, encapsulation: "VXLANCrossSubnet" } as RawConfig;
    assert.deepEqual(filterOf(raw, "w1", "cross-subnet"), {
      device: "eth0",
      filter: "(udp port 4789 and host 10.0.3.11 and host 10.0.4.10)",
    });
    assert.equal(filterOf(raw, "w1", "same-subnet")?.filter, "(net 172.16.0.0/26 and net 172.16.0.64/26)");
  });

  it("has the pod CIDR for pods whose block is not known beforehand", () => {
    const { filter } =
      filterOf({ ...two, cloud: "aws", encapsulation: "None" } as RawConfig, "w1", "same-subnet") ?? {};
    assert.equal(filter, "(src net 172.16.0.0/16 and dst net 172.16.0.0/16)");
  });

  it("is there for each path that comes by a node, also one that loses packets, and has no line breaks, in any lab", () => {
    fc.assert(
      fc.property(labConfigs, fc.constantFrom(...PATHS), (config, of) => {
        const plan = planLab(config);
        for (const node of plan.nodes) {
          const { filter } = pathFilter(plan, node, of) ?? {};
          if (filter !== undefined) assert.doesNotMatch(filter, /[\n'"]|undefined/);
          if (filter && of === "cross-subnet") assert.match(filter, /^\(.*\)$/);
        }
      }),
      { numRuns: runs(20) },
    );
  });
});
