/** `lab diagnose`: what is wrong with a living cluster. */
import type { Command } from "commander";
import { STUDY_IMAGE } from "../../../components/config";
import { type ClusterOptions, cloudOption, fabricOption } from "../cluster-options";
import { command, endsWith } from "../command";
import { BAD_USAGE, badUsage } from "../failure";
import { print, say, widthOf } from "../terminal";

interface Options extends ClusterOptions {
  kubeconfig?: string;
  pods: boolean;
  image: string;
  internet?: string;
}

/** 0 healthy, 1 trouble found, 2 could not look. */
const TROUBLE = 1;

export const diagnoseCommand = (): Command =>
  command("diagnose", {
    summary: "find out what is wrong with a living cluster",
    details:
      "Reads a cluster, predicts its paths, measures them with pods of its own, and says what fails, the most likely cause with its evidence, the fix, and a reference. It finds several causes together, and says what it has ruled out where nothing fits.\n\n" +
      "Changes nothing in the cluster but its pods in the namespace encaplab-study, which are removed at the end and on Ctrl-C. --no-pods only reads. Exit codes: 0 healthy, 1 trouble found, 2 could not look.",
    examples: ["diagnose --kubeconfig ~/.kube/config", "diagnose --kubeconfig prod --cloud aws --no-pods"],
  })
    .requiredOption(
      "--kubeconfig <file>",
      "the cluster's kubeconfig; `lab import --rbac` prints what reading needs",
    )
    .addOption(cloudOption())
    .addOption(fabricOption("cluster"))
    .option("--no-pods", "only read: start no pod in the cluster, and measure nothing")
    .option("--image <image>", "the image of the pods", STUDY_IMAGE)
    .option("--internet <address>", "a host outside that answers pings, and TCP on port 443")
    .action(endsWith(run));

async function run(options: Options): Promise<number> {
  try {
    return await look(options);
  } catch (error) {
    // Whatever kept it from looking: the other exit codes are for what was seen.
    if (error instanceof Error && ["ClusterError", "ImportError", "Failure"].includes(error.name))
      throw badUsage(error.message);
    throw error;
  }
}

async function look({ kubeconfig = "", cloud, fabric, pods, image, internet }: Options): Promise<number> {
  const fs = require("node:fs") as typeof import("node:fs");
  const { fromCloud, fromCluster } = require("../import-live") as typeof import("../import-live");
  const imports =
    require("../../../components/study/import") as typeof import("../../../components/study/import");
  const study =
    require("../../../components/study/diagnose") as typeof import("../../../components/study/diagnose");
  const { judge, withFaults } =
    require("../../../components/plan") as typeof import("../../../components/plan");
  const inputs = [await fromCluster(kubeconfig)];
  if (cloud) inputs.push(...fromCloud(cloud, imports.addressesIn(imports.readFacts(inputs))));
  const lab = imports.labOf(imports.readFacts(inputs), { ...(fabric && { fabric }) });
  const plan = study.withNames(lab.plan, lab.originals);
  const ports = Object.entries(lab.ids.ports).map(([name, id]) => [lab.originals[name] ?? name, id]);
  const base = {
    plan,
    verdict: judge(plan),
    found: lab.faults,
    ids: { ...lab.ids, ports: Object.fromEntries(ports) },
  };
  for (const problem of lab.facts.problems) say(`Not read: ${imports.showProblem(problem)}`);
  const width = widthOf(process.stdout);
  if (!pods) {
    print(study.formatDiagnosis(base, width));
    return study.isHealthy(base) ? 0 : TROUBLE;
  }
  const dnsDown = plan.faults.includes("dns-loop");
  const measured = await measure(fs.readFileSync(kubeconfig, "utf8"), {
    plan: study.probed(plan),
    image,
    internet,
  });
  const { observation, outcomes } = measured;
  if (outcomes.every(({ observed }) => observed === "not measured"))
    throw badUsage("Nothing could be measured in the cluster, so nothing can be said about it.");
  const healthy = withFaults(plan, []);
  const diagnosis = study.diagnose(
    healthy,
    { outcomes, dnsDown, sessionsDown: observation.sessionsDown, nodes: observation.nodes },
    plan.faults,
  );
  const report = { ...base, observation, diagnosis };
  print(study.formatDiagnosis(report, width));
  return study.isHealthy(report) ? 0 : TROUBLE;
}

interface Measuring {
  plan: import("../../../components/plan").LabPlan;
  image: string;
  internet?: string | undefined;
}

/** Measures, and removes the pods whatever happens. */
async function measure(kubeconfig: string, { plan, image, internet }: Measuring) {
  const { observeWithEvidence } =
    require("../../../components/study") as typeof import("../../../components/study");
  const { clusterProber, cleanUp } =
    require("../../../components/study/cluster") as typeof import("../../../components/study/cluster");
  const stop = () => {
    say("Removing the study's pods.");
    cleanUp(kubeconfig)
      .catch((error: Error) => say(error.message))
      .finally(() => process.exit(BAD_USAGE));
  };
  process.once("SIGINT", stop).once("SIGTERM", stop);
  try {
    const prober = clusterProber({ kubeconfig, image, ...(internet && { internet }), say });
    return await observeWithEvidence(prober, plan);
  } finally {
    process.off("SIGINT", stop).off("SIGTERM", stop);
    await cleanUp(kubeconfig).catch((error: Error) =>
      say(`The study's pods are still there: ${error.message}`),
    );
  }
}
