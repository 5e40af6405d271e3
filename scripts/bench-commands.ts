/** Times the commands of the command line on a twin of four nodes, on a warm machine. */
import { spawnSync } from "node:child_process";
import * as fs from "node:fs";
import * as path from "node:path";

const ROOT = path.resolve(__dirname, "..");

/** Rounds of each command. */
const ROUNDS = 4;

const median = (values: readonly number[]): number => {
  const sorted = [...values].sort((a, b) => a - b);
  const half = sorted.length / 2;
  return ((sorted[Math.ceil(half) - 1] ?? 0) + (sorted[Math.floor(half)] ?? 0)) / 2;
};

/**
 * Lines with the seconds of observation, watched switch and report, what they shall be, and their ratios.
 * @param scratch a folder for the lab's state.
 * @param say is told what is timed.
 */
export function timeCommands(scratch: string, say: (what: string) => void): string[] {
  const { PULUMI_BACKEND_URL, PULUMI_CONFIG_PASSPHRASE, ...rest } = process.env;
  const env = { ...rest, XDG_STATE_HOME: path.join(scratch, "commands") };
  fs.mkdirSync(env.XDG_STATE_HOME);
  const lab = (...words: string[]): number => {
    say(`lab ${words.join(" ")}`);
    const start = performance.now();
    const { status, stdout, stderr } = spawnSync("node", [path.join(ROOT, "scripts/lab.cjs"), ...words], {
      cwd: ROOT,
      env,
      encoding: "utf8",
      maxBuffer: 1 << 28,
    });
    if (status !== 0) throw new Error(`lab ${words.join(" ")} failed:\n${stdout}\n${stderr}`);
    return (performance.now() - start) / 1000;
  };
  // The first run of each is not counted: it may make the bundle, and what it reads is not in memory yet.
  const warm = (...words: string[]) =>
    median(Array.from({ length: ROUNDS + 1 }, () => lab(...words)).slice(1));
  lab("up", "local");
  try {
    const floor = warm("version");
    const times = (seconds: number) => `${(seconds / floor).toFixed(1)} times as long as lab version`;
    const [observe, report] = [warm("observe", "local"), warm("report", "local")];
    const { watched, unwatched } = timeSwitches(lab);
    const more = median(watched.map((one, i) => one - (unwatched[i] ?? 0)));
    return [
      `lab observe, 4 nodes: ${observe.toFixed(2)} s (aim: 1.5), ${times(observe)}`,
      `lab report, 4 nodes: ${report.toFixed(2)} s (aim: 1), ${times(report)}`,
      `lab switch, 4 nodes, watched: ${median(watched).toFixed(2)} s, ${more.toFixed(2)} s more than unwatched (aim: 1), ${(median(watched) / median(unwatched)).toFixed(2)} times as long`,
    ];
  } finally {
    lab("down", "local");
  }
}

/** A watched switch beside the same change by `up`, which watches nothing. Each takes both directions in turn. */
function timeSwitches(lab: (...words: string[]) => number) {
  const [watched, unwatched]: [number[], number[]] = [[], []];
  const watch = (to: string) => watched.push(lab("switch", to, "--stack", "local"));
  const change = (to: string) => unwatched.push(lab("up", "local", "--config", `encapsulation=${to}`));
  for (let round = 0; round < ROUNDS; round += 2) {
    watch("VXLAN");
    change("VXLANCrossSubnet");
    change("VXLAN");
    watch("VXLANCrossSubnet");
  }
  return { watched, unwatched };
}
