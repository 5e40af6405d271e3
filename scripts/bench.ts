/**
 * Times the lab on a warm machine and compares it with two baselines: the engine running an empty program, which is the
 * floor, and Mininet building as many hosts and switches. Prints ratios, because they depend less on the machine than
 * seconds do. The floor is measured in every round beside the lab: a machine is not equally busy all the time.
 */
import { spawnSync } from "node:child_process";
import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";

import { stringify } from "yaml";
import { parseConfig } from "../components/config";
import { PODS_PER_NODE, planLab } from "../components/plan";
import { timeCommands } from "./bench-commands";
import { formatRounds, type Round, STEPS, type Step } from "./bench-rounds";
import { countDropped, countProcessor, memoryOf } from "./bench-usage";

const ROOT = path.resolve(__dirname, "..");
/** Nodes of the labs, e.g. `npm run bench -- 4 16`. With 0 alone, only the commands of the command line are timed. */
const SIZES = (process.argv.length > 2 ? process.argv.slice(2).map(Number) : [4, 16, 64, 128, 256]).filter(
  (size) => size > 0,
);
/** Rounds for a lab of this size. */
const roundsOf = (size: number): number => (size > 16 ? 1 : 3);

/** Everything that the benchmark writes is in here: backend, state of the twins, the empty program. */
const scratch = fs.mkdtempSync(path.join(os.tmpdir(), "encaplab-bench-"));
const environment = {
  ...process.env,
  PULUMI_HOME: path.join(scratch, "home"),
  PULUMI_BACKEND_URL: `file://${scratch}/backend`,
  PULUMI_CONFIG_PASSPHRASE: "",
  XDG_STATE_HOME: path.join(scratch, "state"),
};

interface Program {
  folder: string;
  stack: string;
}

/** Runs a command and returns how many seconds it took. @throws {Error} when it fails. */
function seconds(command: string, args: readonly string[]): number {
  const start = performance.now();
  const result = spawnSync(command, args, { env: environment, encoding: "utf8", maxBuffer: 1 << 28 });
  if (result.status !== 0)
    throw new Error(`${command} ${args.join(" ")} failed:\n${result.stdout}\n${result.stderr}`);
  return (performance.now() - start) / 1000;
}

function pulumi({ folder, stack }: Program, word: string, ...more: string[]): number {
  const common = [
    "-C",
    folder,
    "-s",
    stack,
    "--non-interactive",
    "--yes",
    "--skip-preview",
    "--suppress-outputs",
  ];
  return seconds("pulumi", [word, ...common, ...more]);
}

function createStack({ folder, stack }: Program): void {
  seconds("pulumi", ["-C", folder, "stack", "init", stack, "--no-select"]);
}

/**
 * A program with the same engine, language host and SDK that does nothing. Without the clouds' packages: the engine would
 * look for their plug-ins, and where it finds none wait before each of its retries.
 */
function emptyProgram(): Program {
  const folder = path.join(scratch, "empty");
  fs.mkdirSync(folder);
  const sdk = path.join("node_modules", "@pulumi", "pulumi");
  fs.mkdirSync(path.join(folder, path.dirname(sdk)), { recursive: true });
  fs.symlinkSync(path.join(ROOT, sdk), path.join(folder, sdk));
  fs.writeFileSync(path.join(folder, "index.js"), "");
  fs.writeFileSync(path.join(folder, "package.json"), '{ "main": "index.js" }');
  const yaml = { name: "empty", runtime: { name: "nodejs", options: { typescript: false } } };
  fs.writeFileSync(path.join(folder, "Pulumi.yaml"), stringify(yaml));
  return { folder, stack: "floor" };
}

/** The lab's program with a separate `stacks` folder, because the engine writes into stack files. */
function folderOf(): string {
  const folder = path.join(scratch, "lab");
  fs.mkdirSync(path.join(folder, "stacks"), { recursive: true });
  for (const name of ["Pulumi.yaml", "package.json", "index.ts", "components", "scripts", "node_modules"]) {
    fs.symlinkSync(path.join(ROOT, name), path.join(folder, name));
  }
  return folder;
}

/**
 * A lab of `size` nodes in two subnets. From 16 nodes on two of them reflect routes, one in each subnet, so that the number of
 * sessions grows with the nodes at every size, and sizes beyond a mesh can be compared with those below.
 */
function labOf(folder: string, size: number): Program {
  const names = Array.from({ length: size }, (_, i) => (i === 0 ? "cp1" : `w${i}`));
  const half = Math.ceil(size / 2);
  const topology = [
    { name: "a", cidr: "10.0.3.0/24", nodes: names.slice(0, half) },
    { name: "b", cidr: "10.0.4.0/24", nodes: names.slice(half) },
  ];
  const stack = `bench${size}`;
  fs.writeFileSync(
    path.join(folder, "stacks", `Pulumi.${stack}.yaml`),
    stringify({
      config: {
        "encaplab:topology": topology,
        ...(size >= 16 && {
          "encaplab:bgp": "routeReflectors",
          "encaplab:routeReflectors": [names[1], names[half]],
        }),
      },
    }),
  );
  return { folder, stack };
}

/** The folder of the twins' folders. */
const TWINS = path.join(scratch, "state", "encaplab", "twins");

function timeRound(empty: Program, lab: Program, say: (step: string) => void): Round {
  const measure = (program: Program, ...args: [string, ...string[]]) => {
    const processor = countProcessor(TWINS, program.stack);
    return { time: pulumi(program, ...args), processor: processor() };
  };
  const timed = (step: Step, ...args: [string, ...string[]]) => {
    say(STEPS[step].title);
    return measure(lab, ...args);
  };
  const config = (encapsulation: string) => ["--config", `encaplab:encapsulation=${encapsulation}`];
  say("the floor");
  const dropped = countDropped();
  return {
    floor: measure(empty, "up"),
    emptyDown: measure(empty, "destroy"),
    // `up --config` saves the value in the stack's file, so name it also where it is the default.
    up: timed("up", "up", ...config("VXLAN")),
    again: timed("again", "up"),
    felix: timed("felix", "up", ...config("VXLANCrossSubnet")),
    bird: timed("bird", "up", ...config("None")),
    memory: memoryOf(TWINS, lab.stack),
    down: timed("down", "destroy"),
    dropped: dropped(),
  };
}

/**
 * Seconds that Mininet takes; undefined where it is not installed. It runs in its own namespaces, so that it creates no
 * bridges on this machine, and with the system's Python, because Debian's package is for that one.
 */
function timeMininet(size: number): number | undefined {
  // Its bridges need brctl, which Debian's package does not depend on.
  if (spawnSync("sh", ["-c", "command -v mn && command -v brctl"]).status !== 0) return undefined;
  const plan = planLab(parseConfig({}));
  const hosts = size * (1 + PODS_PER_NODE) + 2;
  const inside = `mount -t sysfs sysfs /sys && exec /usr/bin/python3 ${path.join(ROOT, "scripts/bench-mininet.py")} ${hosts} ${plan.subnets.length}`;
  const own = ["--user", "--map-root-user", "--net", "--mount", "--pid", "--fork", "--mount-proc"];
  return seconds("unshare", [...own, "sh", "-c", inside]);
}

/**
 * Seconds that a preview on a cloud takes before any provider is asked: the time of a process that loads the program
 * and the cloud's SDK, minus the time of one that loads neither.
 */
function timeLoading(cloud: string): number {
  const modules = ["config", "plan", "study/stack", `infrastructure/${cloud}`];
  const script = modules.map((name) => `require("${ROOT}/components/${name}")`).join(";");
  const preload = ["--require", path.join(ROOT, "scripts/typescript.cjs")];
  const load = (code: string) =>
    Math.min(...Array.from({ length: 3 }, () => seconds("node", [...preload, "-e", code])));
  return load(script) - load("");
}

function main(): void {
  fs.mkdirSync(path.join(scratch, "backend"));
  const say = (text: string) => process.stderr.write(`bench: ${text}\n`);
  if (SIZES.length > 0) timeSizes(say);
  for (const line of timeCommands(scratch, say)) console.log(line);
  const loading = ["twin", "aws", "openstack"].map((cloud) => `${cloud} ${timeLoading(cloud).toFixed(1)} s`);
  console.log(`Program and SDK, loaded before any provider is asked: ${loading.join(", ")}`);
}

/** Times the engine on labs of each size. */
function timeSizes(say: (text: string) => void): void {
  const empty = emptyProgram();
  createStack(empty);
  const folder = folderOf();
  const all = SIZES.map((size) => {
    const lab = labOf(folder, size);
    createStack(lab);
    const count = roundsOf(size);
    const rounds = Array.from({ length: count }, (_, i) =>
      timeRound(empty, lab, (step) => say(`${size} nodes, round ${i + 1} of ${count}: ${step}`)),
    );
    return { size, rounds, mininet: timeMininet(size) };
  });
  for (const line of formatRounds(all)) console.log(line);
  for (const { size, rounds, mininet } of all)
    console.log(
      mininet === undefined
        ? `Mininet, ${size} nodes: left out, because it or brctl is not installed`
        : `Mininet, ${size} nodes: ${mininet.toFixed(1)} s with one ping; up takes ${(Math.min(...rounds.map(({ up }) => up.time)) / mininet).toFixed(1)} times as long`,
    );
}

try {
  main();
} finally {
  fs.rmSync(scratch, { recursive: true, force: true });
}
