/** The provider's own session, for the questions that the provider has no word for. */
import { readFileSync } from "node:fs";
import * as openstack from "@pulumi/openstack";
import { ConfigError, type OpenStackConfig, type ProviderSettings } from "../../config";
import { type Account, openSession, type Session } from "../openstack-api";
import { providerSentence } from "./failure";

/**
 * Logs in, as the provider does with whatever it was given: a token, a password, an application credential.
 * @param account what clouds.yaml or the environment say besides the credentials; undefined when the stack says all.
 * @returns undefined when nothing can be asked: the provider asks Keystone where the catalogue says it is, a few clouds do
 *   not list it, and we have no credentials of our own there.
 * @throws {ConfigError} when OpenStack does not accept the credentials, cannot be reached, or has no such region or project.
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

/** A place that is none shows as a missing endpoint of each service, in words that name neither it nor the mistake. */
function requirePlace(
  { catalogue, region }: Session,
  { cloud }: OpenStackConfig,
  account: Account | undefined,
): void {
  if (catalogue.length === 0) {
    const message = `the credentials${placeOf(account)} are for no project, and without one there is nothing to build in; name it: OS_PROJECT_NAME, or project_name in clouds.yaml`;
    throw new ConfigError([{ key: "openstack.cloud", value: cloud, message }]);
  }
  const regions = new Set(catalogue.flatMap(({ endpoints }) => endpoints.map((endpoint) => endpoint.region)));
  if (!region || regions.has(region)) return;
  const message = `OpenStack${placeOf(account)} has no such region; there are: ${[...regions].sort().join(", ")}`;
  throw new ConfigError([{ key: "openstack.region", value: region, message }]);
}

const placeOf = (account: Account | undefined): string =>
  account?.auth.auth_url ? ` at ${account.auth.auth_url}` : "";

const textOf = (value: unknown): string | undefined =>
  typeof value === "string" && value !== "" ? value : undefined;

/** The provider takes a file's name or its content. One that cannot be read the provider has complained of already. */
function certificate(file: string | undefined): string | undefined {
  if (file === undefined || file.includes("-----BEGIN")) return file;
  try {
    return readFileSync(file, "utf8");
  } catch {
    return undefined;
  }
}

function refusal(cloud: string | undefined, account: Account | undefined, error: Error): ConfigError {
  return new ConfigError([
    {
      key: "openstack.cloud",
      value: cloud,
      message: `OpenStack${placeOf(account)} did not let us in: ${providerSentence(error)}; check the credentials with: openstack token issue`,
    },
  ]);
}
