/** The OpenStack provider: which cloud, with which credentials. */
import * as openstack from "@pulumi/openstack";
import * as pulumi from "@pulumi/pulumi";
import { ConfigError, type OpenStackConfig, type ProviderSettings } from "../../config";
import { type Account, findAccount } from "./api";

type Environment = Readonly<Record<string, string | undefined>>;

/** Provider settings that must be encrypted in the state. The provider itself marks only the password as secret. */
const SECRETS = ["password", "token", "applicationCredentialSecret", "key"] as const;

/**
 * Finds the account before the provider starts, whose own error for a missing account is a page long.
 * @returns undefined if the stack sets the API itself (`openstack:authUrl`): the provider then knows more than we do.
 * @throws {ConfigError} when no account is set, or clouds.yaml does not contain it.
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
    throw report(`${(error as Error).message}; must be an entry of clouds.yaml`);
  }
  if (account.auth.auth_url) return account;
  throw report(
    "there are no OpenStack credentials; set an entry of clouds.yaml (pulumi config set --path openstack.cloud mycloud, or OS_CLOUD), or source your openrc file, which sets OS_AUTH_URL and the like",
  );
}

/**
 * The lab's own provider resource. It reads from OS_* what neither the config nor the stack sets
 * (terraform-provider-openstack, openstack/provider.go), so that no stack file needs a password.
 */
export function createProvider(
  name: string,
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
  return new openstack.Provider(name, args as openstack.ProviderArgs, options);
}
