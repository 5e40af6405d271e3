/** `lab import`: from what people have of a cluster that is broken to a stack that reproduces it here. */
import type { Command } from "commander";
import type { ImportedLab } from "../../../components/study/import";
import { type ClusterOptions, cloudOption, fabricOption } from "../cluster-options";
import { command, endsWith } from "../command";
import { badUsage } from "../failure";
import { typed } from "../invocation";
import { print, say, widthOf } from "../terminal";

interface Options extends ClusterOptions {
  kubeconfig?: string;
  rbac?: boolean;
  name?: string;
  out?: string;
  stdout?: boolean;
  partial?: boolean;
  force?: boolean;
  asIs?: boolean;
}

export const importCommand = (): Command =>
  command("import", {
    summary: "make a stack of a cluster's YAML, of its kubeconfig, or of a bundle",
    details:
      "Reads what there is of a cluster, and writes a stack whose lab reproduces its network on this machine, with the faults that the input shows. Beside it, a page says what was read from where, what was assumed, and what the lab cannot express.\n\n" +
      "FILE is a file, a folder, an archive, or - for standard input, in any mixture: objects of kubectl and calicoctl (-o yaml or json), text of `calicoctl node status`, `ip route` and `ip addr` of a node, a whole issue in Markdown, the folder or archive of `calicoctl cluster diags`, JSON of `aws ec2 describe-instances`, `-security-groups`, `-subnets`, `-route-tables`, and of `openstack security group rule list --long`, `port list --long`, `port show`, `subnet list`. A bundle of `lab bundle` gives its lab back.\n\n" +
      "Nothing is changed in the cluster or the cloud. A name of a node in a file's name, or a prompt, says which node a text is from.",
    examples: [
      "import nodes.yaml ippools.yaml routes-w1.txt --name broken",
      "import --kubeconfig ~/.kube/config --cloud aws --name prod",
      "import bundle.tar",
    ],
  })
    .argument("[file...]", "files, folders, archives; - is standard input")
    .option("--kubeconfig <file>", "also read the cluster of this kubeconfig, without changing anything")
    .option("--rbac", "print the rights that --kubeconfig needs, as a ClusterRole, and import nothing")
    .addOption(cloudOption())
    .addOption(fabricOption("input"))
    .option("--name <name>", "the stack's name; default: that of the first file")
    .option("--out <folder>", "write the two files there; default: stacks/")
    .option("--stdout", "print the stack file, and write nothing")
    .option("--partial", "import the rest if something cannot be read")
    .option("--force", "replace a stack of that name")
    .option(
      "--as-is",
      "of a bundle: keep where the lab was, e.g. on AWS; default: rehearse it on this machine",
    )
    .action(endsWith((files: string[], options: Options) => run(files, options)));

async function run(names: readonly string[], options: Options): Promise<number> {
  if (options.rbac) {
    const { rightsNeeded } =
      require("../../../components/study/cluster") as typeof import("../../../components/study/cluster");
    process.stdout.write(rightsNeeded());
    return 0;
  }
  if (names.length === 0 && !options.kubeconfig && !options.cloud)
    throw badUsage("Import what? Name files, or a cluster by --kubeconfig. --help shows what is understood.");
  const { STACK_NAME, ImportError } =
    require("../../../components/study/import") as typeof import("../../../components/study/import");
  const { stackNameOf, targetOf } = require("../import-files") as typeof import("../import-files");
  const name = options.name ?? stackNameOf(names.length > 0 ? names : ["cluster"]);
  if (!STACK_NAME.test(name))
    throw badUsage(
      `--name is ${JSON.stringify(name)}: it must be at most 40 letters, digits, - and _, and begin with a letter.`,
    );
  // Before a cluster is asked, which takes time.
  const target = options.stdout ? undefined : targetOf(name, options);
  try {
    return await write(names, { ...options, name, target });
  } catch (error) {
    if (!(error instanceof ImportError)) throw error;
    throw badUsage(error.message);
  }
}

type Prepared = Options & {
  name: string;
  target: ReturnType<typeof import("../import-files")["targetOf"]> | undefined;
};

async function write(names: readonly string[], options: Prepared): Promise<number> {
  const { readInputs } = require("../import-inputs") as typeof import("../import-inputs");
  const { bundleIn } =
    require("../../../components/study/bundle") as typeof import("../../../components/study/bundle");
  const inputs = await readInputs(names);
  const bundle = bundleIn(inputs.map(({ file, text }) => ({ name: file, text })));
  if (bundle) {
    const { importBundle } = require("../import-bundle") as typeof import("../import-bundle");
    return importBundle(bundle, options);
  }
  const { fromCloud, fromCluster } = require("../import-live") as typeof import("../import-live");
  const study =
    require("../../../components/study/import") as typeof import("../../../components/study/import");
  if (options.kubeconfig) inputs.push(await fromCluster(options.kubeconfig));
  if (options.cloud) inputs.push(...fromCloud(options.cloud, study.addressesIn(study.readFacts(inputs))));
  const facts = study.readFacts(inputs);
  refuseProblems(facts.problems.map(study.showProblem), options);
  const lab = study.labOf(facts, { ...(options.fabric && { fabric: options.fabric }) });
  const read = names.length === 1 ? names[0] : `${inputs.length} inputs`;
  const text = study.stackFile(
    `${options.name}: imported from ${options.kubeconfig ? "a cluster" : read}.`,
    lab,
  );
  finish(text, study.page(options.name, lab), lab, options);
  return 0;
}

/** Most problems that are shown. */
const MOST = 12;

function refuseProblems(problems: readonly string[], { partial }: Options): void {
  if (problems.length === 0) return;
  const shown = problems.slice(0, MOST).map((problem) => `  - ${problem}`);
  if (problems.length > MOST) shown.push(`  - and ${problems.length - MOST} more`);
  if (!partial)
    throw badUsage(`Not everything can be read:\n${shown.join("\n")}\n--partial imports the rest.`);
  say(`Left out, because it cannot be read:\n${shown.join("\n")}`);
}

function finish(text: string, page: string, lab: ImportedLab, { name, target }: Prepared): void {
  const { encapsulationText, judge } =
    require("../../../components/plan") as typeof import("../../../components/plan");
  const study = require("../../../components/study") as typeof import("../../../components/study");
  const { showFault, grouped } =
    require("../../../components/study/import") as typeof import("../../../components/study/import");
  const { faultLabel } = require("../../../components/config") as typeof import("../../../components/config");
  const { shown, writeTarget } = require("../import-files") as typeof import("../import-files");
  const { plan, faults, assumptions, facts } = lab;
  const missing = grouped(facts.notExpressed).length;
  const lines = [
    `${name}: ${encapsulationText(plan)} on the ${plan.fabric} fabric, ${plan.nodes.length} nodes.`,
    ...faults.map((one) => `found: ${faultLabel(one.setting)}: ${showFault(one)}`),
    ...(faults.length === 0 ? ["found: no fault"] : []),
    study.formatOutcomes(judge(plan), { width: widthOf(process.stdout) }),
  ];
  const assumed = assumptions.length === 1 ? "1 thing was" : `${assumptions.length} things were`;
  const lost = missing === 1 ? "1 that was read has" : `${missing} that were read have`;
  const counted = `${assumed} assumed, and ${lost} no place in the lab`;
  if (!target) {
    process.stdout.write(text);
    say([...lines, `${counted}.`].join("\n"));
    return;
  }
  writeTarget(target, text, page);
  const next = target.isInStacks
    ? `next: ${typed(`verdict ${name}`)} · ${typed(`up ${name}`)}`
    : `next: put both files into stacks/, then ${typed(`verdict ${name}`)}`;
  print([...lines, `${counted}: ${shown(target.page)}.`, `Written: ${shown(target.stack)}`, next].join("\n"));
}
