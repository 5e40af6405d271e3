/** The prober of a real cluster. */
import { setTimeout as delay } from "node:timers/promises";
import { type LabPlan, type Pair, podNames, rowsOf } from "../../plan";
import type { Measured, NodeFacts } from "../measured";
import type { Prober } from "../prober";
import type { Sample } from "../sample";
import type { ClusterApi } from "./api";
import { calicoNodes, checkReadiness, isReadyAsJudged, sessionsAmiss, sessionsOf } from "./bgp";
import { takeCaptures } from "./captures";
import { checkNames } from "./dns";
import type { Field } from "./field";
import { askNodePorts, nodePortChecks } from "./nodeports";
import {
  type BlockAffinity,
  blockLines,
  checkFacts,
  factsOf,
  NODE_COMMANDS,
  POD_COMMANDS,
  routesAmiss,
} from "./nodes";
import type { Pod } from "./places";
import { INTERNET, nodesToInternet, probeAll } from "./probes";
import { clusterSample, exampleOf } from "./sample";
import { openStudy, type Study } from "./start";

/** How a cluster is measured. */
export interface ClusterProberArgs {
  /** The administrator's kubeconfig, as text. */
  kubeconfig: string;
  /** The image of the study's pods. */
  image: string;
  /** A host in the internet that answers pings, and TCP on port 443. Default: {@link INTERNET}. */
  internet?: string;
  /** Makes security groups outside the nodes forget every connection. Absent for groups that cannot be told to. */
  forget?: (() => Promise<void>) | undefined;
  /** Tells the user what is waited for. Default: no one is told. */
  say?: (sentence: string) => void;
}

/** Seconds for the routes and BGP sessions to become what the plan says. */
const CONVERGE = 20;

/** Seconds for calico-node to become ready or not: a session that has ended is noticed by three probes, ten seconds apart. */
const READINESS = 45;

/** Measures a cluster through its API: with the study's pods, which it starts, and from the nodes' own networks. */
export function clusterProber(args: ClusterProberArgs): Prober {
  const { internet = INTERNET, forget } = args;
  return {
    of: "the cluster",
    sample: clusterSample,
    async measure(plan, sample) {
      const { api, study, field } = await openStudy(args, plan);
      const measured = await measure({ api, field, plan, study, sample, internet, forget });
      return { measured, evidence: field.evidence };
    },
    async runner(plan) {
      const { study, field } = await openStudy(args, plan);
      return {
        addressOf: (name) => study.places.ready.get(name)?.address,
        async run(name, command, seconds) {
          const [ran] = await field.run(name, [command], seconds);
          return ran ?? { where: name, command, output: "" };
        },
      };
    },
  };
}

interface Args {
  api: ClusterApi;
  field: Field;
  plan: LabPlan;
  study: Study;
  sample: Sample;
  internet: string;
  forget: (() => Promise<void>) | undefined;
}

async function measure(args: Args): Promise<Measured> {
  const { api, field, plan, study, sample, internet, forget } = args;
  const probes = { plan, real: study.real, pairs: sample.pairs, internet, forget };
  // It may take its whole window, and nothing but the probes to the internet needs it.
  const reaching = nodesToInternet(field, probes);
  const { facts, sessions, pods, amiss } = await converge({ api, field, plan, study });
  const results = await probeAll(field, { ...probes, reaching });
  const reached = await reaching;
  const isSeen = ({ to }: Pair) => to.kind !== "internet" || reached.size > 0;
  const rows = rowsOf(plan).rows.flatMap(({ key }) => {
    const pair = exampleOf(sample.pairs, key, plan);
    return pair && isSeen(pair) ? [{ key, pair }] : [];
  });
  const nodePorts = { plan, real: study.real };
  const [captures, readiness, names, silent] = await Promise.all([
    takeCaptures(field, study.real, { rows, facts, internet }),
    checkReadiness(field, plan, pods),
    checkNames(args),
    // What is dropped where it enters a node is never on a device at which a capture looks.
    askNodePorts(field, { ...nodePorts, isAnswered: false }),
  ]);
  // After the captures, which could take these packets for theirs.
  const answered = await askNodePorts(field, { ...nodePorts, isAnswered: true });
  return {
    notConverged: amiss.slice(0, 20),
    results,
    sessions,
    captures,
    checks: [
      ...readiness,
      ...names,
      ...nodePortChecks(plan, study.real, [...silent, ...answered]),
      ...facts.flatMap((one) => checkFacts(plan, one)),
    ],
    nodes: facts,
  };
}

interface Converged {
  facts: NodeFacts[];
  sessions: Measured["sessions"];
  pods: Pod[];
  amiss: string[];
}

/** Looks at the nodes until their routes and sessions are what the plan says, or the time is over. */
async function converge({
  api,
  field,
  plan,
  study,
}: Pick<Args, "api" | "field" | "plan" | "study">): Promise<Converged> {
  const start = Date.now();
  for (;;) {
    const [affinities, pods] = await Promise.all([
      plan.calico ? api.list<BlockAffinity>("crd.projectcalico.org/v1", "BlockAffinity") : [],
      plan.calico ? calicoNodes(api) : [],
    ]);
    const [looks, sessions] = await Promise.all([look(field, plan), sessionsOf(field, plan, pods)]);
    const blocks = blockLines(affinities);
    const amiss = [
      ...looks.flatMap(({ name, ran: [routes] }) =>
        routes?.exit === 0 ? routesAmiss(plan, name, blocks, routes.output) : [],
      ),
      ...sessionsAmiss(plan, sessions),
    ];
    const recorded = (name: string) =>
      study.nodes.find(({ metadata }) => metadata.name === name)?.metadata.annotations?.[
        "projectcalico.org/IPv4Address"
      ];
    const facts = looks.map(({ name, ran, pod }) =>
      factsOf(plan, name, { ran, pod, recordedAddress: recorded(name) }),
    );
    const isOver = (seconds: number) => Date.now() > start + seconds * 1000;
    const hasConverged = amiss.length === 0 && (isReadyAsJudged(plan, pods) || isOver(READINESS));
    if (hasConverged || (amiss.length > 0 && isOver(CONVERGE))) return { facts, sessions, pods, amiss };
    await delay(1000);
  }
}

const look = (field: Field, plan: LabPlan) =>
  field.each(plan.nodes, async ({ name }) => {
    const [ran, pod] = await Promise.all([
      field.run(name, NODE_COMMANDS, 5),
      field.run(podNames(name)[0] ?? "", POD_COMMANDS, 5),
    ]);
    return { name, ran, pod };
  });
