/**
 * npm run bench:cluster: how long a cluster takes with the engine, compared with the same scripts run by hand on the
 * same kind of machines, over plain ssh and in the same order. Also how long a switch of encapsulation takes and what
 * the pods lose, compared with a bare `kubectl patch ippool` on the same Calico. Prints ratios, because seconds depend
 * on the machine. Asserts nothing about time.
 */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import * as fs from "node:fs";
import { Readable } from "node:stream";
import { setTimeout as delay } from "node:timers/promises";
import { gzipSync } from "node:zlib";

import { type CalicoSources, planCalico } from "../../components/calico";
import { renderPools } from "../../components/calico/pools";
import { checkValues } from "../../components/cluster/check";
import { clusterIdentity, initConfig, joinConfig } from "../../components/cluster/kubeadm";
import { type StepName, stepScript } from "../../components/cluster/steps";
import type { NodePlan } from "../../components/plan";
import { expectedRoutes } from "../../components/plan";
import { formatColumns, type Watched } from "../../components/study";
import { RATE } from "../../components/study/rate";
import { needsContainers, SPEC, W3 } from "../support/containers";
import { hasBegun, hasMade } from "../support/engine-events";
import { HostsLab } from "../support/hosts";
import { Running } from "../support/running";

const nodes = [...SPEC.nodes, W3];
const NAMES = nodes.map(({ name }) => name);
const WORKERS = NAMES.slice(1);
const TOKENS = new Map(WORKERS.map((name, i) => [name, `aaaaa${i}.0123456789abcdef`]));

/** Seconds since the start, by event. */
type Times = Map<string, number>;

describe("the benchmark of a cluster", function () {
  this.timeout(3_600_000); // Kubernetes may have to be built
  let lab: HostsLab;

  before(function () {
    needsContainers(this);
  });
  beforeEach(async () => {
    lab = await newLab();
  });
  afterEach(() => lab.end());

  it("prints how long a first up takes", async () => {
    const engine = await throughEngine(lab);
    await lab.end();
    lab = await newLab();
    const hand = await byHand(lab);
    for (const times of [engine, hand]) assert.ok((times.get("ready") ?? 0) > 0);
    print(engine, hand);
  });

  it("prints what every switch takes and loses, beside a bare patch of the IPPool", async () => {
    lab.on(NAMES, { encapsulation: "VXLANCrossSubnet" });
    await lab.up();
    await lab.readKubeconfig();
    // With it, every path works in every mode, and only the switch loses packets.
    await tellRouter(lab);
    const rows: SwitchFigures[] = [];
    for (const [i, to] of SWITCHES.entries()) {
      const from = SWITCHES.at(i - 1) as Mode;
      const ours = await measured(lab, () => switchByEngine(lab, to));
      await switchByEngine(lab, from);
      const floor = await measured(lab, () => switchByHand(lab, to));
      await switchByEngine(lab, to); // the engine's state does not contain the patch
      rows.push({ from, to, ours, floor });
    }
    for (const { ours, floor } of rows) assert.ok(ours.flows.length > 0 && floor.flows.length > 0);
    printSwitches(rows);
  });
});

/** New machines, and a lab on all of them that is not up. */
async function newLab(): Promise<HostsLab> {
  const lab = await HostsLab.create("figures", { nodes });
  lab.on(NAMES);
  return lab;
}

/** The engine's name of a step, if it is not the step's own name. */
const RESOURCES: Record<string, string> = { "token-cp1": "bootstrap-tokens" };
const STEPS = [
  "init-cp1",
  "token-cp1",
  ...WORKERS.map((name) => `join-${name}`),
  "calico-cp1",
  "blocks-cp1",
  ...NAMES.flatMap((name) => [`prepare-${name}`, `routes-${name}`]),
];

async function throughEngine(lab: HostsLab): Promise<Times> {
  const times: Times = new Map();
  const start = performance.now();
  const note = (what: string) => {
    if (!times.has(what)) times.set(what, (performance.now() - start) / 1000);
  };
  const { running, events } = lab.begin("up");
  while (running.isRunning) {
    const known = events();
    for (const step of STEPS) {
      const resource = RESOURCES[step] ?? step;
      if (hasBegun(known, resource)) note(`${step} begins`);
      if (hasMade(known, resource)) note(`${step} ends`);
    }
    await delay(100); // the precision of what is printed
  }
  assert.equal((await running.ended).status, 0, running.output);
  note("up");
  await lab.readKubeconfig();
  await lab.ready(...NAMES);
  note("ready");
  return times;
}

async function byHand(lab: HostsLab): Promise<Times> {
  const times: Times = new Map();
  const { plan, config, machines } = lab;
  const start = performance.now();
  const note = (what: string) => times.set(what, (performance.now() - start) / 1000);
  const take = async (node: string, step: StepName, values: Record<string, string>): Promise<string> => {
    note(`${step}-${node} begins`);
    const script = stepScript(step, { ...values, NODE_NAME: node });
    const child = spawn("ssh", machines.sshArgv(node, "bash -s -- create"));
    child.stdin.end(script);
    const { status, stdout, stderr } = await new Running(child).ended;
    assert.equal(status, 0, `${step} on ${node}: ${stderr}`);
    note(`${step}-${node} ends`);
    return stdout.trim();
  };
  const onAll = (work: (node: NodePlan) => Promise<string>) => Promise.all(plan.nodes.map(work));
  const hosts = plan.nodes.map(({ name, address }) => `${address} ${name}`).join("\n");
  await onAll((node) =>
    take(node.name, "prepare", { ...checkValues(plan, node, "lab"), HOSTS: hosts, REQUIRE_IPIP: "0" }),
  );
  const init = { KUBEADM_CONFIG: initConfig(plan, ["127.0.0.1"]), CLUSTER: clusterIdentity(plan) };
  const caHash = await take("cp1", "init", init);
  await take("cp1", "token", { TOKENS: [...TOKENS.values()].join("\n"), MINUTES: "15" });
  const { manifest: text, archives } = (await planCalico(config, plan)) as CalicoSources;
  await onAll(async ({ name }) => {
    for (const { file } of archives)
      await run(
        "ssh",
        machines.sshArgv(name, "ctr --namespace k8s.io images import -"),
        fs.createReadStream(file),
      );
    return "";
  });
  const joins = onAll(async (node) => {
    const token = TOKENS.get(node.name);
    return token ? take(node.name, "join", { JOIN_CONFIG: joinConfig(plan, node, { token, caHash }) }) : "";
  });
  const BGP_READY = "1";
  await take("cp1", "calico", { MANIFEST: gzipSync(text).toString("base64"), RECORDED: "", BGP_READY });
  const { api } = machines.status();
  const server = { SERVER: `https://127.0.0.1:${api.port}`, CLUSTER_NAME: "figures" };
  lab.keepKubeconfig(await take("cp1", "kubeconfig", server));
  for (const { name, spec } of renderPools(plan)) {
    await lab.apply({ apiVersion: "crd.projectcalico.org/v1", kind: "IPPool", metadata: { name }, spec });
  }
  await joins;
  const blocks = await take("cp1", "blocks", {
    NODES: NAMES.join("\n"),
    MODE: "",
    TUNNELS: NAMES.map((name) => `${name} VXLAN`).join("\n"),
    BGP_READY,
  });
  const POD_MTU = String(plan.mtu.pod);
  await onAll((node) =>
    take(node.name, "routes", { EXPECTED: expectedRoutes(plan, node, blocks), ABSENT: "", POD_MTU }),
  );
  note("up");
  await lab.ready(...NAMES);
  note("ready");
  return times;
}

function print(engine: Times, hand: Times): void {
  const head = ["", "through the engine", "by hand", "ratio"];
  const table: string[][] = [];
  const row = (title: string, of: (times: Times) => number) => {
    const [ours, floor] = [of(engine), of(hand)];
    table.push([title, `${ours.toFixed(1)} s`, `${floor.toFixed(1)} s`, (ours / floor).toFixed(2)]);
  };
  const at = (times: Times, what: string) => times.get(what) ?? Number.NaN;
  const spans = (times: Times, step: string, names: readonly string[]) =>
    names.map((name) => [at(times, `${step}-${name} begins`), at(times, `${step}-${name} ends`)] as const);
  const wall = (step: string, names: readonly string[]) => (times: Times) => {
    const all = spans(times, step, names);
    return Math.max(...all.map(([, end]) => end)) - Math.min(...all.map(([begin]) => begin));
  };
  const lengths = (times: Times) => spans(times, "join", WORKERS).map(([begin, end]) => end - begin);
  row(`prepare, ${NAMES.length} nodes at once`, wall("prepare", NAMES));
  row("init", wall("init", ["cp1"]));
  row("tokens", wall("token", ["cp1"]));
  row(`joins, ${WORKERS.length} at once`, wall("join", WORKERS));
  row("the slowest join", (times) => Math.max(...lengths(times)));
  row("the joins' sum", (times) => lengths(times).reduce((sum, one) => sum + one, 0));
  row("Calico's manifest", wall("calico", ["cp1"]));
  row("calico-node and blocks", wall("blocks", ["cp1"]));
  row(`routes, ${NAMES.length} at once`, wall("routes", NAMES));
  row("all of it", (times) => at(times, "up"));
  row("nodes ready", (times) => at(times, "ready"));
  const overhead = (100 * (at(engine, "up") - at(hand, "up"))) / at(hand, "up");
  process.stdout.write(
    `${formatColumns(
      head.map((title) => ({ head: title })),
      table,
    )}\nthe engine's overhead: ${overhead.toFixed(0)} % of the floor\n`,
  );
}

type Mode = "VXLAN" | "VXLANCrossSubnet" | "None";
/**
 * Every ordered pair of the modes that a kernel without ipip can run, one after the other. The first switch starts at
 * the last mode.
 */
const SWITCHES: readonly Mode[] = ["VXLAN", "None", "VXLANCrossSubnet", "None", "VXLAN", "VXLANCrossSubnet"];
const POOL = "default-ipv4-ippool";

interface Measured {
  /** Seconds until every node had the routes of the mode. */
  seconds: number;
  flows: Watched["flows"];
}
interface SwitchFigures {
  from: Mode;
  to: Mode;
  /** With `up` of the lab. */
  ours: Measured;
  /** With `kubectl patch ippool` alone. */
  floor: Measured;
}

async function measured(lab: HostsLab, change: () => Promise<unknown>): Promise<Measured> {
  let seconds = 0;
  const { flows } = await lab.watched(async () => {
    const start = performance.now();
    await change();
    seconds = (performance.now() - start) / 1000;
    await delay(5000); // counts late losses too
  });
  return { seconds, flows };
}

async function switchByEngine(lab: HostsLab, encapsulation: Mode): Promise<void> {
  lab.on(NAMES, { encapsulation });
  await lab.up();
}

/** Switches as a user who has only Calico: patches the pool, then checks the nodes until they have the new routes. */
async function switchByHand(lab: HostsLab, encapsulation: Mode): Promise<void> {
  lab.on(NAMES, { encapsulation });
  const { ipipMode, vxlanMode } = lab.plan.ipPool;
  const patch = JSON.stringify({ spec: { ipipMode, vxlanMode } });
  await lab.kubectl(["patch", "ippools.crd.projectcalico.org", POOL, "--type=merge", "-p", patch]);
  const blocks = await lab.blocks();
  const POD_MTU = String(lab.plan.mtu.pod);
  await Promise.all(
    lab.plan.nodes.map((node) => {
      const EXPECTED = expectedRoutes(lab.plan, node, blocks);
      const script = stepScript("routes", { NODE_NAME: node.name, EXPECTED, ABSENT: "", POD_MTU });
      return run("ssh", lab.machines.sshArgv(node.name, "bash -s -- create"), Readable.from([script]));
    }),
  );
}

/** Gives the router between the subnets one route per block. */
async function tellRouter(lab: HostsLab): Promise<void> {
  const routes = (await lab.blocks()).split("\n").map((line) => {
    const [block = "", node = ""] = line.split(" ");
    return { block, via: lab.machines.locate(node).address };
  });
  lab.machines.change({ routes });
  lab.machines.up();
}

async function run(command: string, argv: readonly string[], stdin: Readable): Promise<void> {
  const child = spawn(command, argv, { stdio: ["pipe", "ignore", "inherit"] });
  stdin.pipe(child.stdin);
  const status = await new Promise((resolve) => child.once("close", resolve));
  assert.equal(status, 0, `${command} ${argv.at(-1)}`);
}

function printSwitches(rows: readonly SwitchFigures[]): void {
  const paths = ["same-node", "same-subnet", "cross-subnet"] as const;
  const head = ["switch", "", "s", ...paths.map((path) => `${path}, ms lost (worst)`)];
  const table: string[][] = [];
  const worst = ({ flows }: Measured, path: (typeof paths)[number]) =>
    Math.max(...flows.filter((one) => one.path === path).map(({ lost }) => lost * (1000 / RATE)));
  for (const { from, to, ours, floor } of rows) {
    for (const [title, one] of [
      ["lab", ours],
      ["patch", floor],
    ] as const) {
      const losses = paths.map((path) => String(worst(one, path)));
      table.push([`${from} to ${to}`, title, one.seconds.toFixed(1), ...losses]);
    }
  }
  process.stdout.write(
    `${formatColumns(
      head.map((title) => ({ head: title })),
      table,
    )}\n`,
  );
}
