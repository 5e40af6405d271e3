/** The provider's own session, for requests that the provider cannot make. */
import { readFileSync } from "node:fs";
import * as openstack from "@pulumi/openstack";
import { ConfigError, type OpenStackConfig, type ProviderSettings } from "../../config";
import { type Account, openSession, type Session } from "./api";
import { isRefusedLogin, providerSentence } from "./failure";

/**
 * Logs in once before the provider does, whose error for a wrong password is the raw answer of Keystone.
 * @param account from clouds.yaml or the environment; undefined if the stack sets everything.
 * @throws {ConfigError} when Keystone refuses the login. Whatever else is wrong, the provider says.
 */
export async function tryLogin(config: OpenStackConfig, account: Account | undefined): Promise<void> {
  if (!account) return;
  await openSession(account).catch((error: Error) => {
    if (/status 401/.test(error.message)) throw refusal(config.cloud, account, error);
  });
}

/**
 * Logs in with what the provider was given: a token, a password or an application credential.
 * @param account from clouds.yaml or the environment; undefined if the stack sets everything.
 * @returns undefined if no API can be asked: the provider looks for Keystone in the catalogue, a few clouds do not list
 *   it there, and we have no credentials of our own.
 * @throws {ConfigError} when OpenStack does not accept the credentials, cannot be reached, or has no such region or
 *   project.
 */
export async function borrowSession(
  provider: openstack.Provider,
  config: OpenStackConfig,
  settings: ProviderSettings,
  account: Account | undefined,
): Promise<Session | undefined> {
  const session =
    (await ofProvider(provider, config, settings, account)) ??
    (account && (await openSession(account).catch(() => undefined)));
  if (session) requirePlace(session, config, account);
  return session;
}

async function ofProvider(
  provider: openstack.Provider,
  { cloud }: OpenStackConfig,
  settings: ProviderSettings,
  account: Account | undefined,
): Promise<Session | undefined> {
  const scope = await openstack.identity
    .getAuthScope({ name: "encaplab", setTokenId: true }, { provider })
    .catch((error: Error) => {
      if (/No suitable endpoint|service catalog/i.test(error.message)) return undefined;
      throw refusal(cloud, account, error);
    });
  if (!scope) return undefined;
  return {
    token: scope.tokenId,
    projectId: scope.projectId,
    catalogue: scope.serviceCatalogs,
    region: scope.region || undefined,
    interface: textOf(settings.endpointType) ?? account?.interface,
    tls: {
      ca: certificate(textOf(settings.cacertFile) ?? account?.cacert),
      insecure: settings.insecure === true || account?.insecure === true,
    },
  };
}

/** An unknown region or project shows up as missing endpoints, with errors that name neither. So check them here. */
function requirePlace(
  { catalogue, region }: Session,
  { cloud }: OpenStackConfig,
  account: Account | undefined,
): void {
  if (catalogue.length === 0) {
    const message = `the credentials${cloudOf(account)} are for no project, and the lab needs one; set OS_PROJECT_NAME, or project_name in clouds.yaml`;
    throw new ConfigError([{ key: "openstack.cloud", value: cloud, message }]);
  }
  const regions = new Set(catalogue.flatMap(({ endpoints }) => endpoints.map((endpoint) => endpoint.region)));
  if (!region || regions.has(region)) return;
  const message = `OpenStack${cloudOf(account)} has no such region; available: ${[...regions].sort().join(", ")}`;
  throw new ConfigError([{ key: "openstack.region", value: region, message }]);
}

const cloudOf = (account: Account | undefined): string =>
  account?.auth.auth_url ? ` at ${account.auth.auth_url}` : "";

const textOf = (value: unknown): string | undefined =>
  typeof value === "string" && value !== "" ? value : undefined;

/** The provider takes a file's name or its content. If a file cannot be read, the provider has already said so. */
function certificate(file: string | undefined): string | undefined {
  if (file === undefined || file.includes("-----BEGIN")) return file;
  try {
    return readFileSync(file, "utf8");
  } catch {
    return undefined;
  }
}

function refusal(cloud: string | undefined, account: Account | undefined, error: Error): ConfigError {
  // Our own request has the URL in its message, too.
  const why = providerSentence(error).replace(/^.*did not accept the credentials: /, "");
  return new ConfigError([
    {
      key: "openstack.cloud",
      value: cloud,
      message: `${
        isRefusedLogin(error)
          ? `OpenStack${cloudOf(account)} does not accept the user name, the password or the project`
          : `the login to OpenStack${cloudOf(account)} failed`
      } (${why}); check the credentials with: openstack token issue`,
    },
  ]);
}
