/**
 * Times the lab on a warm machine and compares it with two baselines: the engine running an empty program, and Mininet
 * building as many hosts and switches. Prints ratios, because they depend less on the machine than seconds do.
 */
import { spawnSync } from "node:child_process";
import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";

import { stringify } from "yaml";
import { parseConfig } from "../components/config";
import { PODS_PER_NODE, planLab } from "../components/plan";
import { formatColumns } from "../components/study";

const ROOT = path.resolve(__dirname, "..");
const SIZES = [4, 16, 64];
const ROUNDS = 3;

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

/** A program with the same engine, language host and packages that does nothing. */
function emptyProgram(): Program {
  const folder = path.join(scratch, "empty");
  fs.mkdirSync(folder);
  fs.symlinkSync(path.join(ROOT, "node_modules"), path.join(folder, "node_modules"));
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

/** A lab of `size` nodes in two subnets. */
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
    stringify({ config: { "encaplab:topology": topology } }),
  );
  return { folder, stack };
}

interface Times {
  up: number;
  again: number;
  switch: number;
  down: number;
}

function timeLab(program: Program, to: string, word: (name: string) => void): Times {
  word("up");
  const up = pulumi(program, "up");
  word("up, nothing to change");
  const again = pulumi(program, "up");
  word("switch");
  const changed = pulumi(program, "up", "--config", `encaplab:encapsulation=${to}`);
  word("down");
  const down = pulumi(program, "destroy");
  return { up, again, switch: changed, down };
}

/**
 * Seconds that Mininet takes; undefined where it is not installed. It runs in its own namespaces, so that it creates no
 * bridges on this machine, and with the system's Python, because Debian's package is for that one.
 */
function timeMininet(size: number): number | undefined {
  if (spawnSync("sh", ["-c", "command -v mn"]).status !== 0) return undefined;
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
    median(Array.from({ length: ROUNDS }, () => seconds("node", [...preload, "-e", code])));
  return load(script) - load("");
}

const median = (values: number[]): number =>
  [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0;

function medianTimes(runs: readonly Times[]): Times {
  const of = (key: keyof Times) => median(runs.map((run) => run[key]));
  return { up: of("up"), again: of("again"), switch: of("switch"), down: of("down") };
}

function main(): void {
  fs.mkdirSync(path.join(scratch, "backend"));
  const say = (text: string) => process.stderr.write(`bench: ${text}\n`);
  const empty = emptyProgram();
  createStack(empty);
  const floors = Array.from({ length: ROUNDS }, () => ({
    up: pulumi(empty, "up"),
    down: pulumi(empty, "destroy"),
  }));
  const floor = { up: median(floors.map(({ up }) => up)), down: median(floors.map(({ down }) => down)) };
  say(
    `floor: an empty program comes up in ${floor.up.toFixed(1)} s and goes down in ${floor.down.toFixed(1)} s`,
  );
  const head = [
    "nodes",
    "up s",
    "up / floor",
    "up / Mininet",
    "again s",
    "switch s",
    "switch / floor",
    "down s",
    "down / floor",
  ];
  const rows: string[][] = [];
  const folder = folderOf();
  const ups: number[] = [];
  for (const size of SIZES) {
    const lab = labOf(folder, size);
    createStack(lab);
    const rounds = size > 16 ? 1 : ROUNDS;
    const runs = Array.from({ length: rounds }, (_, i) =>
      // `up --config` saves the value in the stack's file, so the next round starts from it.
      timeLab(lab, i % 2 === 0 ? "VXLAN" : "VXLANCrossSubnet", (word) =>
        say(`${size} nodes, round ${i + 1} of ${rounds}: ${word}`),
      ),
    );
    const times = medianTimes(runs);
    const mininet = timeMininet(size);
    ups.push(times.up);
    rows.push([
      String(size),
      times.up.toFixed(1),
      (times.up / floor.up).toFixed(1),
      mininet ? (times.up / mininet).toFixed(1) : "no Mininet",
      times.again.toFixed(1),
      times.switch.toFixed(1),
      (times.switch / floor.up).toFixed(1),
      times.down.toFixed(1),
      (times.down / floor.down).toFixed(1),
    ]);
  }
  const loading = ["twin", "aws", "openstack"].map((cloud) => {
    const time = timeLoading(cloud);
    return `${cloud} ${time.toFixed(1)} s (${(time / floor.up).toFixed(1)} of the floor)`;
  });
  console.log(
    "Medians. up and switch include the observation of every pair of pods; Mininet sends one ping.",
  );
  console.log(
    formatColumns(
      head.map((title) => ({ head: title })),
      rows,
    ),
  );
  console.log(
    `Growth of the time above the floor, per node, from one size to the next (1 is linear): ${growth(ups, floor.up)}`,
  );
  console.log(`Program and SDK, loaded before any provider is asked: ${loading.join(", ")}`);
}

function growth(ups: readonly number[], floor: number): string {
  return SIZES.slice(1)
    .map((size, i) => {
      const perNode = ((ups[i + 1] ?? 0) - floor) / size;
      const before = ((ups[i] ?? 0) - floor) / (SIZES[i] ?? 1);
      return `${SIZES[i]} to ${size}: ${(perNode / before).toFixed(2)}`;
    })
    .join(", ");
}

try {
  main();
} finally {
  fs.rmSync(scratch, { recursive: true, force: true });
}
