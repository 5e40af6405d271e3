/** The provider: which cloud, with whose credentials. */
import * as openstack from "@pulumi/openstack";
import * as pulumi from "@pulumi/pulumi";
import { ConfigError, type OpenStackConfig, type ProviderSettings } from "../../config";
import { type Account, findAccount } from "../openstack-api";

type Environment = Readonly<Record<string, string | undefined>>;

/** Settings of the provider that nobody may read in the state; the provider marks only the password itself. */
const SECRETS = ["password", "token", "applicationCredentialSecret", "key"] as const;

/**
 * Finds the account before the provider is started, which would tell of a missing one in a page of its own.
 * @returns undefined when the stack names the API itself (`openstack:authUrl`): then the provider knows more than we do.
 * @throws {ConfigError} when nothing names an account, or clouds.yaml does not have it.
 */
export function requireAccount(
  { cloud, region }: OpenStackConfig,
  settings: ProviderSettings,
  environment: Environment = process.env,
): Account | undefined {
  const named = cloud ?? (typeof settings.cloud === "string" ? settings.cloud : undefined);
  if (!named && settings.authUrl) return undefined;
  const report = (message: string) => new ConfigError([{ key: "openstack.cloud", value: named, message }]);
  let account: Account;
  try {
    account = findAccount({ cloud: named, region }, environment);
  } catch (error) {
    throw report(`${(error as Error).message}; allowed is an entry of that file`);
  }
  if (account.auth.auth_url) return account;
  throw report(
    "there are no OpenStack credentials; name an entry of clouds.yaml (pulumi config set --path openstack.cloud mycloud, or OS_CLOUD), or source your openrc file, which sets OS_AUTH_URL and the like",
  );
}

/**
 * A provider resource of the lab's own. What neither the config nor the stack says it reads from OS_* itself
 * (terraform-provider-openstack, openstack/provider.go), so that no password need be in a stack file.
 */
export function createProvider(
  { cloud, region }: OpenStackConfig,
  settings: ProviderSettings,
  options?: pulumi.ResourceOptions,
): openstack.Provider {
  const hidden = SECRETS.filter((key) => settings[key] !== undefined).map((key) => [
    key,
    pulumi.secret(settings[key]),
  ]);
  const args = {
    ...settings,
    ...Object.fromEntries(hidden),
    ...(cloud && { cloud }),
    ...(region && { region }),
  };
  return new openstack.Provider("openstack", args as openstack.ProviderArgs, options);
}
