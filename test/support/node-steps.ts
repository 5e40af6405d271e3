/** Runs the node scripts on node containers over SSH, without the engine, and kills them if a test wants it. */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { checkValues } from "../../components/cluster/check";
import { clusterIdentity, initConfig, joinConfig } from "../../components/cluster/kubeadm";
import { type StepName, stepScript } from "../../components/cluster/steps";
import { parseConfig } from "../../components/config";
import { type NodePlan, planLab } from "../../components/plan";
import { build, KUBERNETES } from "./cluster-build";
import { Containers, SPEC } from "./containers";
import { type Result, Running } from "./running";

export const POD_CIDR = "172.16.0.0/16";
/** The bootstrap token. A text that no binary contains by chance. */
export const TOKEN = "k8sjoi.7pz3wq0vtm5x2hnd";
/** Each node's block of pod addresses. */
export const BLOCKS: Record<string, string> = {
  cp1: "172.16.0.0/26",
  w1: "172.16.0.64/26",
  w2: "172.16.0.128/26",
};
const ADDRESSES = Object.fromEntries(
  SPEC.nodes.map(({ name, address }) => [name, address.split("/")[0] ?? ""]),
);
export const NODES = Object.keys(ADDRESSES);

const machines = SPEC.nodes.map(({ name, address, subnet }) => ({
  name,
  address: address.split("/")[0],
  subnet: SPEC.subnets.find((one) => one.name === subnet)?.cidr,
}));
const plan = planLab(
  parseConfig({
    cloud: "hosts",
    kubernetesVersion: KUBERNETES,
    hosts: { machines },
    calico: { install: "none" },
  }),
);

/** What is killed: the connection from the engine, the step's shell on the node, or everything at work on the node. */
export type Cut = "the connection" | "the shell" | "everything";

/** When and what to kill. */
export interface Killed {
  /** Killed as soon as this command line runs on the node. */
  at: string;
  cut: Cut;
}

/** Command lines of a step that run one after the other: the moments to kill at. */
const MOMENTS = {
  prepare: ["bash -s -- create", "containerd config", "systemctl restart containerd"],
  init: ["kubeadm init", "etcd --advertise", "kube-apiserver --advertise", "delete secrets"],
  join: ["kubeadm join", "kubelet --bootstrap-kubeconfig"],
  reset: ["kubeadm reset", "ctr --namespace", "systemctl daemon-reload"],
};

function nodePlan(node: string): NodePlan {
  const planned = plan.nodes.find(({ name }) => name === node);
  assert.ok(planned);
  return planned;
}

/** What each step of the lab gets. */
export const values = {
  prepare: (node: string) => ({
    ...checkValues(plan, nodePlan(node), "lab"),
    HOSTS: NODES.map((name) => `${ADDRESSES[name]} ${name}`).join("\n"),
    REQUIRE_IPIP: "0",
  }),
  init: { KUBEADM_CONFIG: initConfig(plan, ["127.0.0.1"]), CLUSTER: clusterIdentity(plan) },
  join: (node: string, caHash: string) => {
    return { JOIN_CONFIG: joinConfig(plan, nodePlan(node), { token: TOKEN, caHash }) };
  },
  /** Static routes: like Felix', and unlike BIRD's. */
  routes: (...lines: string[]) => ({
    EXPECTED: lines.map((line) => `${line} Felix`).join("\n"),
    ABSENT: "",
    POD_MTU: String(SPEC.mtu),
  }),
  podNetwork: (node: string, others: string[] = NODES) => ({
    POD_CIDR,
    BLOCK: BLOCKS[node] ?? "",
    ROUTES: others
      .filter((other) => other !== node)
      .map((other) => `${BLOCKS[other]} ${ADDRESSES[other]}`)
      .join("\n"),
    MTU: String(SPEC.mtu),
    NAT_OUTGOING: "1",
  }),
};

/** Three node containers, and the steps that make them a cluster. */
export class NodeSteps {
  /** The CA's hash, as `init` has printed it. */
  hash = "";

  private constructor(readonly lab: Containers) {}

  static async booted(): Promise<NodeSteps> {
    const routes = NODES.map((name) => ({ block: BLOCKS[name] ?? "", via: ADDRESSES[name] ?? "" }));
    return new NodeSteps(await Containers.booted({ layer: build("layer"), routes }));
  }

  /** Runs a step on a node, and kills it if wanted. `reached`: whether it came to the moment. */
  async take(
    node: string,
    step: StepName,
    given: Record<string, string> = {},
    action = "create",
    killed?: Killed,
  ): Promise<Result & { reached: boolean }> {
    const script = stepScript(step, { NODE_NAME: node, ...given });
    const child = spawn("ssh", this.lab.sshArgv(node, `bash -s -- ${action}`), { stdio: "pipe" });
    child.stdin.on("error", () => {}); // the test kills the other side
    child.stdin.end(script);
    const { ended } = new Running(child);
    const killer = killed && this.cutOff(node, killed, () => child.kill("SIGKILL"));
    const result = await ended;
    const reached = (await killer?.()) ?? false;
    return { ...result, stdout: result.stdout.trim(), reached };
  }

  /**
   * Waits for the moment on the node itself, to lose no time.
   * @returns what to call when the step has ended. It stops a wait that was in vain: else that would kill a later step.
   */
  private cutOff(node: string, { at, cut }: Killed, close: () => void): () => Promise<boolean> {
    const shell = "pkill -KILL -x -f 'bash -s -- (create|delete)'";
    const ends: Record<Cut, string> = {
      "the connection": "true",
      "the shell": shell,
      everything: `${shell}; pkill -KILL -x '(kubeadm|kubectl|apt-get|dpkg|ctr)'`,
    };
    // The first character in brackets: else pgrep would find this loop itself.
    const pattern = `[${at.slice(0, 1)}]${at.slice(1)}`;
    // `read` returns more than 128 when its time is over, and 1 at the end of its input.
    const loop = `until pgrep -f '${pattern}' >/dev/null; do read -rt 0.05; (($? > 128)) || exit 0; done`;
    const watch = spawn("ssh", this.lab.sshArgv(node, `${loop}; ${ends[cut]}; echo reached`), {
      stdio: "pipe",
    });
    watch.stdin.on("error", () => {}); // it has ended before the step
    const { ended } = new Running(watch, close);
    return async () => {
      watch.stdin.end();
      return (await ended).stdout === "reached\n";
    };
  }

  /** Runs a step once for each of its moments, and kills it there. It must come to one of them. */
  async killed(node: string, step: keyof typeof MOMENTS, cut: Cut): Promise<void> {
    const given = {
      prepare: () => values.prepare(node),
      init: () => values.init,
      join: () => values.join(node, this.hash),
      reset: () => ({ POD_CIDR }),
    }[step]();
    const action = step === "reset" ? "delete" : "create";
    const reached: string[] = [];
    for (const at of MOMENTS[step])
      if ((await this.take(node, step, given, action, { at, cut })).reached) reached.push(at);
    assert.notDeepEqual(reached, [], `${step} came to none of its moments`);
  }

  /** Runs a step that must succeed. */
  async done(node: string, step: StepName, given?: Record<string, string>, action?: string): Promise<Result> {
    const answer = await this.take(node, step, given, action);
    assert.equal(answer.status, 0, `${step} on ${node}: ${answer.stderr}`);
    return answer;
  }

  prepare = (node: string) => this.done(node, "prepare", values.prepare(node));
  token = () => this.done("cp1", "token", { TOKENS: TOKEN, MINUTES: "15" });
  join = (node: string) => this.done(node, "join", values.join(node, this.hash));
  podNetwork = (node: string) => this.done(node, "pod-network", values.podNetwork(node));
  reset = (node: string) => this.done(node, "reset", { POD_CIDR }, "delete");

  async init(): Promise<Result> {
    const answer = await this.done("cp1", "init", values.init);
    this.hash = answer.stdout;
    return answer;
  }

  kubectl(command: string): string {
    const config = "--kubeconfig /etc/kubernetes/admin.conf";
    return this.lab.on("cp1", `KUBECACHEDIR=/run/kube-cache kubectl ${config} ${command}`);
  }

  /** The cluster's nodes, as `node/w1`. */
  nodes(): string[] {
    return this.kubectl("get nodes --output name").split("\n").sort();
  }
}
