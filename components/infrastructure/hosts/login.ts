/** Login to existing machines: with which key, over which jump host, as which user. */
import * as fs from "node:fs";
import * as pulumi from "@pulumi/pulumi";
import { ConfigError, type HostsConfig, type MachineConfig } from "../../config";
import type { Target } from "../../remote";
import type { Scope } from "../common";
import { ROUTER } from "../fabric";
import type { Connection } from "../interface";
import { HostKey, withHostKey } from "./host-key";
import { localPath } from "./local-path";

const SSH_PORT = 22;
/** The login user if the config names none. Any other user needs sudo without a password. */
const USER = "root";

/** The name in messages of the jump host, which has none in the config. */
const JUMP = "the jump host";

/** The machines of a config, and the one between their subnets, which no node can have the name of. */
export const withRouter = (
  { router }: HostsConfig,
  machines: readonly MachineConfig[],
): readonly MachineConfig[] => (router ? [...machines, { name: ROUTER, ...login(router) }] : machines);

const login = ({ address, port, user, hostKey }: NonNullable<HostsConfig["router"]>) => ({
  address,
  port,
  user,
  hostKey,
});

/**
 * The connection to each machine, by machine name.
 * @param privateKey if undefined, the SSH agent is used.
 */
export function connectionsTo(
  config: HostsConfig,
  machines: readonly MachineConfig[],
  privateKey: pulumi.Output<string> | undefined,
  { parent, named }: Scope,
): Map<string, Connection> {
  const connect = (
    { address, port, user, hostKey }: Omit<MachineConfig, "name">,
    jump?: Connection,
  ): Connection => ({
    host: address,
    port: port ?? SSH_PORT,
    user: user ?? config.user ?? USER,
    ...(privateKey && { privateKey }),
    ...(hostKey && { hostKey: pulumi.output(hostKey) }),
    ...(jump && { jump }),
  });
  const verified = (resource: string, machine: string, connection: Connection) =>
    withHostKey(connection, () => new HostKey(named(resource), machine, connection, { parent }));
  const jump = config.jump && verified("jump-host-key", JUMP, connect(config.jump));
  return new Map(
    machines.map((machine) => [
      machine.name,
      verified(`host-key-${machine.name}`, machine.name, connect(machine, jump)),
    ]),
  );
}

/**
 * The login key from the config; undefined if the SSH agent is to be used.
 * @throws {ConfigError} when there is neither, or the file is not a readable private key.
 */
export function findKey(config: HostsConfig): pulumi.Output<string> | undefined {
  const key = keyText(config);
  return key === undefined ? undefined : pulumi.secret(key);
}

/**
 * How to log in to each machine of a config and to its router, by name, without any resource: for a look at machines before
 * the first `up`.
 * @throws {ConfigError} when there is no key, or it cannot be read.
 */
export function targetsOf(config: HostsConfig, machines: readonly MachineConfig[]): Map<string, Target> {
  const privateKey = keyText(config);
  const target = ({ address, port, user, hostKey }: Omit<MachineConfig, "name">): Target => ({
    host: address,
    port: port ?? SSH_PORT,
    user: user ?? config.user ?? USER,
    ...(privateKey && { privateKey }),
    ...(hostKey && { hostKey }),
  });
  const jump = config.jump && target(config.jump);
  return new Map(
    withRouter(config, machines).map((machine) => [
      machine.name,
      { ...target(machine), ...(jump && { jump }) },
    ]),
  );
}

/** The login key as text. Secret. */
function keyText({ privateKey, privateKeyFile }: HostsConfig): string | undefined {
  // OpenSSH needs the final newline, which `pulumi config set` cuts off.
  if (privateKey) return `${privateKey.trim()}\n`;
  if (privateKeyFile) return readKey(privateKeyFile);
  if (process.env.SSH_AUTH_SOCK) return undefined;
  throw problem(
    undefined,
    "there is no key to log in with: set the path of a private key, or start an SSH agent (eval $(ssh-agent); ssh-add)",
  );
}

function readKey(file: string): string {
  const allowed = "must be the path of an OpenSSH private key without a passphrase";
  let text: string;
  try {
    text = fs.readFileSync(localPath(file), "utf8");
  } catch (error) {
    throw problem(file, `it cannot be read (${(error as NodeJS.ErrnoException).code}); ${allowed}`);
  }
  if (!/^-----BEGIN [A-Z ]*PRIVATE KEY-----/.test(text))
    throw problem(file, `the file is not a private key; ${allowed}`);
  return text;
}

const problem = (value: string | undefined, message: string): ConfigError =>
  new ConfigError([{ key: "hosts.privateKeyFile", value, message }]);
