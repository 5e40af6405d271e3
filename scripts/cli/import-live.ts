/** What `import` asks a cluster, and a cloud by its own command line, with the user's credentials. Reads only. */
import { execFileSync } from "node:child_process";
import * as fs from "node:fs";
import type { Input } from "../../components/study/import";
import type { LiveCloud } from "./cluster-options";
import { badUsage, Failure } from "./failure";
import { say } from "./terminal";

/** Seconds for one answer of a cloud. */
const ANSWER = 60;

/** The objects of a cluster. @throws {Failure} when it cannot be read. */
export async function fromCluster(file: string): Promise<Input> {
  let kubeconfig: string;
  try {
    kubeconfig = fs.readFileSync(file, "utf8");
  } catch (error) {
    throw badUsage(`${file} cannot be read (${(error as NodeJS.ErrnoException).code}).`);
  }
  const { readObjects } =
    require("../../components/study/cluster") as typeof import("../../components/study/cluster");
  const { objects, refused } = await readObjects(kubeconfig);
  for (const one of refused) say(`Not read: ${one}.`);
  if (refused.length > 0) say("`lab import --rbac` prints the rights that reading everything needs.");
  return {
    file: `the cluster of ${file}`,
    text: JSON.stringify({ kind: "List", items: objects }),
    isOneOfMany: true,
  };
}

/** The commands of each cloud, each with the name that is shown as the source. */
const COMMANDS: Record<LiveCloud, readonly string[][]> = {
  aws: ["describe-instances", "describe-security-groups", "describe-subnets", "describe-route-tables"].map(
    (one) => ["aws", "ec2", one, "--output", "json", "--no-cli-pager"],
  ),
  openstack: [
    ["openstack", "security", "group", "rule", "list", "--long", "-f", "json"],
    ["openstack", "port", "list", "--long", "-f", "json"],
    ["openstack", "subnet", "list", "-f", "json"],
  ],
};

/**
 * What a cloud says.
 * @param addresses of the nodes: on OpenStack each one's port is asked for its address pairs.
 */
export function fromCloud(cloud: LiveCloud, addresses: readonly string[]): Input[] {
  const answers = COMMANDS[cloud].map(ask);
  if (cloud === "aws") return answers;
  const ports = answers.find(({ file }) => file.startsWith("openstack port list"));
  return [
    ...answers,
    ...portsOf(ports?.text ?? "[]", addresses).map((id) =>
      ask(["openstack", "port", "show", id, "-f", "json"]),
    ),
  ];
}

function portsOf(text: string, addresses: readonly string[]): string[] {
  const ports = JSON.parse(text) as { ID?: unknown; "Fixed IP Addresses"?: unknown }[];
  return ports.flatMap(({ ID: id, "Fixed IP Addresses": fixed }) => {
    const shown = JSON.stringify(fixed ?? "");
    const isNodes = addresses.some((address) =>
      new RegExp(`[^\\d.]${address.replaceAll(".", "\\.")}[^\\d.]`).test(shown),
    );
    return typeof id === "string" && /^[\w-]+$/.test(id) && isNodes ? [id] : [];
  });
}

function ask([program = "", ...argv]: readonly string[]): Input {
  const shown = [program, ...argv.filter((one) => !/^(-f|json|--output|--no-cli-pager)$/.test(one))].join(
    " ",
  );
  try {
    const text = execFileSync(program, argv, {
      encoding: "utf8",
      timeout: ANSWER * 1000,
      maxBuffer: 64_000_000,
      stdio: ["ignore", "pipe", "pipe"],
    });
    JSON.parse(text);
    return { file: shown, text, isOneOfMany: true };
  } catch (error) {
    const { code, stderr, message } = error as NodeJS.ErrnoException & { stderr?: string };
    if (code === "ENOENT")
      throw new Failure(
        `The program ${program} is not on PATH. Install it, or run its commands elsewhere and import their JSON.`,
        1,
      );
    const why =
      String(stderr || message)
        .trim()
        .split("\n")
        .at(-1) ?? "";
    throw new Failure(`\`${shown}\` failed: ${why}`, 1);
  }
}
