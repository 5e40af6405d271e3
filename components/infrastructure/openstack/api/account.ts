/** The OpenStack account: an entry of clouds.yaml, or the variables of an openrc file. */
import { existsSync, readFileSync } from "node:fs";
import { homedir } from "node:os";
import { dirname, join } from "node:path";
import { parse } from "yaml";

/** Cloud and region, from the stack's `openstack` section. */
export interface CloudName {
  cloud?: string;
  region?: string;
}

/** Environment variables. */
export type Environment = Readonly<Record<string, string | undefined>>;
/** The fields of `auth` in clouds.yaml. */
export type Credentials = Readonly<Record<string, string | undefined>>;

/** Credentials and endpoint, with the field names of clouds.yaml. */
export interface Account {
  auth: Credentials;
  region?: string;
  interface?: string;
  /** Path of a file. */
  cacert?: string;
  insecure: boolean;
}

/**
 * The variables for each field of `auth` in clouds.yaml. The first that is set counts (keystoneauth, os-client-config).
 */
const VARIABLES: Readonly<Record<string, readonly string[]>> = {
  auth_url: ["OS_AUTH_URL"],
  username: ["OS_USERNAME"],
  user_id: ["OS_USER_ID"],
  password: ["OS_PASSWORD"],
  token: ["OS_TOKEN", "OS_AUTH_TOKEN"],
  project_id: ["OS_PROJECT_ID", "OS_TENANT_ID"],
  project_name: ["OS_PROJECT_NAME", "OS_TENANT_NAME"],
  user_domain_id: ["OS_USER_DOMAIN_ID"],
  user_domain_name: ["OS_USER_DOMAIN_NAME"],
  project_domain_id: ["OS_PROJECT_DOMAIN_ID"],
  project_domain_name: ["OS_PROJECT_DOMAIN_NAME"],
  domain_id: ["OS_DOMAIN_ID"],
  domain_name: ["OS_DOMAIN_NAME"],
  default_domain: ["OS_DEFAULT_DOMAIN"],
  application_credential_id: ["OS_APPLICATION_CREDENTIAL_ID"],
  application_credential_name: ["OS_APPLICATION_CREDENTIAL_NAME"],
  application_credential_secret: ["OS_APPLICATION_CREDENTIAL_SECRET"],
};

/**
 * The account of the named cloud, else of the cloud in OS_CLOUD, else of the other OS_ variables.
 * @throws {Error} in one sentence when clouds.yaml is missing or has no such entry.
 */
export function findAccount({ cloud, region }: CloudName, env: Environment): Account {
  const name = cloud ?? (env.OS_CLOUD || undefined);
  const account = name ? fromFile(name, env) : fromEnvironment(env);
  return region ? { ...account, region } : account;
}

function fromEnvironment(env: Environment): Account {
  const auth = Object.entries(VARIABLES).map(([key, names]) => [
    key,
    names.map((variable) => env[variable]).find(Boolean),
  ]);
  return {
    auth: Object.fromEntries(auth),
    region: env.OS_REGION_NAME || undefined,
    interface: env.OS_INTERFACE || env.OS_ENDPOINT_TYPE || undefined,
    cacert: env.OS_CACERT || undefined,
    insecure: /^(1|t|true)$/i.test(env.OS_INSECURE ?? ""),
  };
}

interface CloudEntry {
  auth?: Credentials;
  region_name?: string;
  interface?: string;
  cacert?: string;
  verify?: boolean;
}

function fromFile(name: string, env: Environment): Account {
  const file = cloudsFile(name, env);
  const clouds = cloudsIn(file);
  const entry = clouds[name];
  if (!entry) {
    const known = Object.keys(clouds).join(", ") || "none";
    throw new Error(`${file} has no cloud named ${name}; it has ${known}`);
  }
  // Passwords may be in a separate file beside it, secure.yaml.
  const secureFile = join(dirname(file), "secure.yaml");
  const secret = existsSync(secureFile) ? cloudsIn(secureFile)[name] : undefined;
  const around = fromEnvironment(env);
  return {
    auth: { ...entry.auth, ...secret?.auth },
    region: entry.region_name ?? around.region,
    interface: entry.interface ?? around.interface,
    cacert: entry.cacert ?? around.cacert,
    insecure: entry.verify === false || around.insecure,
  };
}

/** Looks where gophercloud, and thus the provider, looks (gophercloud/utils, clientconfig.FindAndReadYAML). */
function cloudsFile(name: string, env: Environment): string {
  const places = env.OS_CLIENT_CONFIG_FILE
    ? [env.OS_CLIENT_CONFIG_FILE]
    : [".", join(homedir(), ".config", "openstack"), "/etc/openstack"].map((folder) =>
        join(folder, "clouds.yaml"),
      );
  const file = places.find(existsSync);
  if (file) return file;
  throw new Error(`there is no clouds.yaml to find the cloud ${name} in: looked for ${places.join(", ")}`);
}

function cloudsIn(file: string): Record<string, CloudEntry> {
  const content = parse(readFileSync(file, "utf8")) as { clouds?: Record<string, CloudEntry> } | null;
  return content?.clouds ?? {};
}
