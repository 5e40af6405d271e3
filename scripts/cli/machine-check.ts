/** The look at a lab's machines: by the logins of its state, or before the first `up` by those of its config. */
import {
  compareClocks,
  compareFacts,
  type Finding,
  type Look,
  lookAt,
  lookAtRouter,
  peerGatewayOf,
} from "../../components/cluster/check";
import { CONTAINERS, ConfigError, parseStackConfig } from "../../components/config";
import { ROUTER } from "../../components/infrastructure/fabric";
import type { LabPlan } from "../../components/plan";
import type { Target } from "../../components/remote";
import type { StackConfig } from "./config-path";
import { deploymentOf } from "./deployment";
import { BAD_USAGE, badUsage, Failure } from "./failure";
import { typed } from "./invocation";
import { planOf } from "./lab-plan";
import { labConfig } from "./overlay";
import { machinesOf, targetOf } from "./remote-shell";
import { prepareEngineFor } from "./setup";

/** What a look at all machines of a lab has found. */
export interface MachineCheck {
  /** Names of the machines that were looked at. */
  machines: string[];
  findings: Finding[];
  /** Why a machine could not be looked at, by its name. */
  failures: Record<string, string>;
}

/**
 * Looks at the machines of a lab.
 * @throws {Failure} with exit code 2 when there is no machine to look at, or the config does not say how to log in.
 */
export async function checkMachines(stack: string): Promise<MachineCheck> {
  const { file, config } = labConfig(stack);
  if (file.secrets.includes("encaplab:hosts")) {
    throw badUsage(
      `${file.name}: only the engine can read encaplab:hosts, which holds a secret. Set privateKeyFile instead, or use an SSH agent.`,
    );
  }
  const plan = planOf(file, config);
  if (plan.onTwin) throw badUsage(`The lab ${stack} is a twin: it has no machines that could be looked at.`);
  const targets = await targetsFor(stack, config, plan);
  const router = plan.bgp.gatewayAsNumber === undefined ? undefined : targets.get(ROUTER);
  const looks = await Promise.all([
    ...plan.nodes.flatMap((node) => {
      const target = targets.get(node.name);
      const peer = targets.get(peerGatewayOf(plan, node) ?? "")?.host;
      return target ? [attempt(node.name, () => lookAt(target, plan, node, peer))] : [];
    }),
    ...(router ? [attempt(ROUTER, () => lookAtRouter(router, plan))] : []),
  ]);
  return summarize(looks);
}

/** What {@link lookAt} returned for a machine, or why it failed. */
type Attempt = [name: string, look: (Look & { ahead: number }) | Error];

const attempt = async (name: string, look: () => ReturnType<typeof lookAt>): Promise<Attempt> => [
  name,
  await look().catch((error: Error) => error),
];

/** Puts the looks at all machines together, and compares the machines. */
export function summarize(looks: readonly Attempt[]): MachineCheck {
  const seen = looks.flatMap(([name, look]) => (look instanceof Error ? [] : [[name, look] as const]));
  const failed = looks.flatMap(([name, look]) => (look instanceof Error ? [[name, look.message]] : []));
  const clocks = seen.filter(([, { ahead }]) => Number.isFinite(ahead));
  return {
    machines: seen.map(([name]) => name),
    findings: [
      ...seen.flatMap(([, { findings }]) => findings),
      ...compareFacts(Object.fromEntries(seen.map(([name, { facts }]) => [name, facts]))),
      ...compareClocks(Object.fromEntries(clocks.map(([name, { ahead }]) => [name, ahead]))),
    ],
    failures: Object.fromEntries(failed),
  };
}

async function targetsFor(stack: string, config: StackConfig, plan: LabPlan): Promise<Map<string, Target>> {
  const up = machinesOf(deploymentOf(stack) ?? {});
  if (up.length > 0) {
    await prepareEngineFor(stack); // only the engine can decrypt the logins
    return new Map(up.map((name) => [name, targetOf(stack, name)]));
  }
  const { hosts = {} } = parseStackConfig(config);
  const { machines = [] } = hosts;
  if (plan.cloud !== "hosts" || machines === CONTAINERS || machines.length === 0) {
    throw badUsage(
      `The lab ${stack} has no machines yet; \`${typed(`up ${stack}`)}\` makes them, and looks at each before it changes it.`,
    );
  }
  const { targetsOf } =
    require("../../components/infrastructure/hosts") as typeof import("../../components/infrastructure/hosts");
  try {
    return targetsOf(hosts, machines);
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    throw new Failure(error.message, BAD_USAGE);
  }
}
