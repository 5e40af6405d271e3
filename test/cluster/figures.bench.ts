/**
 * npm run bench:cluster: how long a cluster takes through the engine, against the same scripts given to the same kind of
 * machines by hand, over plain ssh and in the same order. Prints ratios, for seconds depend on the machine; asserts nothing
 * about time.
 */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { setTimeout as delay } from "node:timers/promises";
import Table from "cli-table3";
import { stringify } from "yaml";
import { IP_POOL_DEFINITION } from "../../components/calico/definition";
import { renderPools } from "../../components/calico/pools";
import { clusterIdentity, initConfig, joinConfig } from "../../components/cluster/kubeadm";
import { type StepName, stepScript } from "../../components/infrastructure";
import type { NodePlan } from "../../components/plan";
import { SPEC } from "../support/containers";
import { HostsLab, hindrance } from "../support/hosts";

const nodes = [...SPEC.nodes, { name: "w3", subnet: "b", address: "10.0.4.11/24" }];
const NAMES = nodes.map(({ name }) => name);
const WORKERS = NAMES.slice(1);
const TOKENS = new Map(WORKERS.map((name, i) => [name, `aaaaa${i}.0123456789abcdef`]));

/** Seconds since the start, by what happened. */
type Times = Map<string, number>;

describe("figures of a cluster", function () {
  this.timeout(3_600_000); // Kubernetes may have to be built
  let lab: HostsLab;

  before(async function () {
    if (hindrance()) return this.skip();
    lab = await HostsLab.create("figures", { nodes });
    lab.on(NAMES);
  });
  afterEach(async () => {
    await lab?.pulumi("destroy");
    lab?.clear();
  });

  it("are printed", async () => {
    const engine = await throughEngine(lab);
    await lab.destroy();
    lab.clear();
    lab = await HostsLab.create("figures", { nodes });
    lab.on(NAMES);
    const hand = await byHand(lab);
    for (const times of [engine, hand]) assert.ok((times.get("ready") ?? 0) > 0);
    print(engine, hand);
  });
});

/** What the engine calls a step, where that is not the step's own name. */
const RESOURCES: Record<string, string> = { "token-cp1": "admission" };
const STEPS = [
  "init-cp1",
  "token-cp1",
  ...WORKERS.map((name) => `join-${name}`),
  ...NAMES.flatMap((name) => [`prepare-${name}`, `pod-network-${name}`]),
];

async function throughEngine(lab: HostsLab): Promise<Times> {
  const times: Times = new Map();
  const start = performance.now();
  const note = (what: string) => {
    if (!times.has(what)) times.set(what, (performance.now() - start) / 1000);
  };
  const { running, ended } = lab.begin();
  while (running()) {
    const events = lab.events();
    for (const step of STEPS) {
      const resource = RESOURCES[step] ?? step;
      if (lab.hasBegun(resource, events)) note(`${step} begins`);
      if (lab.hasMade(resource, events)) note(`${step} ends`);
    }
    await delay(100); // the precision of what is printed
  }
  await ended;
  note("up");
  await lab.readKubeconfig();
  await lab.ready(...NAMES);
  note("ready");
  return times;
}

async function byHand(lab: HostsLab): Promise<Times> {
  const times: Times = new Map();
  const { plan, machines } = lab;
  const start = performance.now();
  const note = (what: string) => times.set(what, (performance.now() - start) / 1000);
  const take = async (node: string, step: StepName, values: Record<string, string>): Promise<string> => {
    note(`${step}-${node} begins`);
    const script = stepScript(step, { ...values, NODE_NAME: node });
    const child = spawn("ssh", machines.sshArgv(node, "bash -s -- create"));
    let [result, said] = ["", ""];
    child.stdout.on("data", (part) => {
      result += part;
    });
    child.stderr.on("data", (part) => {
      said += part;
    });
    child.stdin.end(script);
    const status = await new Promise((resolve) => child.once("close", resolve));
    assert.equal(status, 0, `${step} on ${node}: ${said}`);
    note(`${step}-${node} ends`);
    return result.trim();
  };
  const onAll = (work: (node: NodePlan) => Promise<string>) => Promise.all(plan.nodes.map(work));
  const hosts = plan.nodes.map(({ name, address }) => `${address} ${name}`).join("\n");
  await onAll(({ name, address }) =>
    take(name, "prepare", {
      NODE_ADDRESS: address,
      HOSTS: hosts,
      KUBERNETES_VERSION: plan.versions.kubernetes,
      PROXY_MODE: plan.proxyMode,
      REQUIRE_IPIP: "0",
    }),
  );
  const init = { KUBEADM_CONFIG: initConfig(plan, ["127.0.0.1"]), CLUSTER: clusterIdentity(plan) };
  const caHash = await take("cp1", "init", init);
  await take("cp1", "token", { TOKENS: [...TOKENS.values()].join("\n"), MINUTES: "15" });
  const podNetwork = (node: NodePlan) =>
    take(node.name, "pod-network", {
      POD_CIDR: plan.ipPool.cidr,
      BLOCK: node.block,
      ROUTES: plan.nodes
        .filter((other) => other !== node)
        .map(({ block, address }) => `${block} ${address}`)
        .join("\n"),
      MTU: String(plan.mtu.link),
      NAT_OUTGOING: "1",
    });
  await onAll(async (node) => {
    const token = TOKENS.get(node.name);
    if (token) await take(node.name, "join", { JOIN_CONFIG: joinConfig(plan, node, { token, caHash }) });
    return podNetwork(node);
  });
  const { api } = machines.status();
  const server = { SERVER: `https://127.0.0.1:${api.port}`, CLUSTER_NAME: "figures" };
  lab.keepKubeconfig(await take("cp1", "kubeconfig", server));
  await lab.kubectl(["apply", "-f", "-"], stringify(IP_POOL_DEFINITION));
  await lab.kubectl(["wait", "--for=condition=Established", "crd", IP_POOL_DEFINITION.metadata.name]);
  for (const { name, spec } of renderPools(plan)) {
    const pool = { apiVersion: "crd.projectcalico.org/v1", kind: "IPPool", metadata: { name }, spec };
    await lab.kubectl(["apply", "-f", "-"], stringify(pool));
  }
  note("up");
  await lab.ready(...NAMES);
  note("ready");
  return times;
}

function print(engine: Times, hand: Times): void {
  const table = new Table({
    head: ["", "through the engine", "by hand", "ratio"],
    style: { head: [], border: [], compact: true },
  });
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
  row(`the workers' pod network`, wall("pod-network", WORKERS));
  row("all of it", (times) => at(times, "up"));
  row("nodes ready", (times) => at(times, "ready"));
  const overhead = (100 * (at(engine, "up") - at(hand, "up"))) / at(hand, "up");
  process.stdout.write(`${table.toString()}\nthe engine's overhead: ${overhead.toFixed(0)} % of the floor\n`);
}
