/** The provider's own session, for the questions that the provider has no word for. */
import { readFileSync } from "node:fs";
import * as openstack from "@pulumi/openstack";
import { ConfigError, type OpenStackConfig, type ProviderSettings } from "../../config";
import type { Account, Session } from "../openstack-api";
import { providerSentence } from "./failure";

/**
 * Logs in, as the provider does with whatever it was given: a token, a password, an application credential.
 * @param account what clouds.yaml or the environment say besides the credentials; undefined when the stack says all.
 * @returns undefined when the provider has a session, but cannot tell of it: a few clouds do not list Keystone itself.
 * @throws {ConfigError} when OpenStack does not accept the credentials, or cannot be reached.
 */
export async function borrowSession(
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
  const place = account?.auth.auth_url ? ` at ${account.auth.auth_url}` : "";
  return new ConfigError([
    {
      key: "openstack.cloud",
      value: cloud,
      message: `OpenStack${place} did not let us in: ${providerSentence(error)}; check the credentials with: openstack token issue`,
    },
  ]);
}
