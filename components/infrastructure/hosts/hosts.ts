/** The plan's nodes on existing machines, which stay after the lab. */
import * as pulumi from "@pulumi/pulumi";
import { CONTAINERS, ConfigError, type HostsConfig, type MachineConfig } from "../../config";
import type { LabPlan } from "../../plan";
import { apiOf, scopeOf } from "../common";
import { ROUTER } from "../fabric";
import type { Connection, Endpoint, Machine, MachineInfrastructure, RemoteMachine } from "../interface";
import { connectionsTo, findKey, withRouter } from "./login";

/** What {@link Hosts} is made from. */
export interface HostsArgs {
  /** Its nodes are the machines of the config. */
  plan: LabPlan;
  /** The section `hosts` of the config, with a list of machines. */
  config: HostsConfig;
  /** Begins the name of every resource. Default: the component's name and a hyphen. */
  prefix?: string;
}

/**
 * Machines that exist already, reached over SSH: bare metal, virtual machines, anything with Linux. They stay after the
 * lab. If the config does not name a machine's host key, the key of the first login is recorded in the stack's state,
 * and no other one is accepted later.
 *
 * @example
 * ```ts
 * import { Hosts, parseConfig, planLab } from "encaplab";
 *
 * const config = parseConfig({
 *   cloud: "hosts",
 *   hosts: {
 *     user: "ubuntu",
 *     privateKeyFile: "~/.ssh/id_ed25519",
 *     machines: [
 *       { name: "cp1", address: "192.168.10.11", subnet: "192.168.10.0/24" },
 *       { name: "w1", address: "192.168.10.12", subnet: "192.168.10.0/24" },
 *     ],
 *   },
 * });
 * const machines = new Hosts("study", { plan: planLab(config), config: config.hosts ?? {} });
 * export const hostKeys = machines.nodes.map(({ name, connection }) => ({ name, key: connection.hostKey }));
 * ```
 */
export class Hosts extends pulumi.ComponentResource implements MachineInfrastructure {
  /** In the plan's order. */
  readonly nodes: Machine[];
  readonly api: Endpoint;
  readonly router?: RemoteMachine;

  /**
   * @throws {ConfigError} before anything is touched, when the machines or their login key are missing, or the API would
   *   be unreachable.
   */
  constructor(
    name: string,
    { plan, config, prefix = `${name}-` }: HostsArgs,
    options?: pulumi.ComponentResourceOptions,
  ) {
    const machines = requireMachines(config);
    const privateKey = findKey(config);
    super("encaplab:hosts:Hosts", name, {}, options);
    const reached = withRouter(config, machines);
    const connections = connectionsTo(config, reached, privateKey, scopeOf(this, prefix));
    this.nodes = plan.nodes.map((node) => ({
      ...node,
      connection: connections.get(node.name) as Connection,
    }));
    const router = connections.get(ROUTER);
    if (router) this.router = { name: ROUTER, connection: router };
    const { host, port } = apiOf(plan, this.nodes);
    this.api = { host: config.api?.address ?? host, port: config.api?.port ?? port };
    this.registerOutputs({
      addresses: Object.fromEntries(this.nodes.map((node) => [node.name, node.address])),
    });
  }
}

/** The machines of a config. @throws {ConfigError} when it names none, or its keys do not fit them. */
function requireMachines({ machines, layer, jump, api }: HostsConfig): readonly MachineConfig[] {
  if (!machines || machines === CONTAINERS) {
    throw problem(
      "machines",
      machines,
      `must be a list of machines, each { name, address, port, user, subnet, role }, or ${CONTAINERS} to make them on this machine; or set rehearse: true to play the plan on the twin`,
    );
  }
  if (layer !== undefined) {
    throw problem(
      "layer",
      layer,
      `only node containers have a layer: remove this key, or set machines: ${CONTAINERS}`,
    );
  }
  if (jump && !api) {
    throw problem(
      "api",
      undefined,
      `the machines are behind ${jump.address}, and kubectl and Pulumi reach the API without SSH: set { address, port }, where they can connect to it`,
    );
  }
  return machines;
}

const problem = (key: string, value: unknown, message: string): ConfigError =>
  new ConfigError([{ key: `hosts.${key}`, value, message }]);
