/** Login to Keystone: gets a token and the service catalogue. */
import { readFileSync } from "node:fs";
import type { Account, Credentials } from "./account";
import { reasonOf, type Service, type Session, send } from "./request";

/** Logs in. @throws {Error} in one sentence when there are no credentials, or Keystone does not accept them. */
export async function openSession(account: Account): Promise<Session> {
  const { auth, region, cacert, insecure } = account;
  const url = auth.auth_url;
  if (!url) {
    throw new Error(
      "there are no OpenStack credentials: set OS_CLOUD to an entry of clouds.yaml, or source your openrc file",
    );
  }
  const tls = { ca: cacert === undefined ? undefined : readFileSync(cacert, "utf8"), insecure };
  const tokens = `${url.replace(/\/+$/, "").replace(/\/v(2\.0|3)$/, "")}/v3/auth/tokens`;
  const { status, headers, body } = await send("POST", tokens, { body: { auth: authRequest(auth) }, tls });
  const token = headers["x-subject-token"];
  if (status !== 201 || typeof token !== "string") {
    throw new Error(`OpenStack at ${url} did not accept the credentials: status ${status}${reasonOf(body)}`);
  }
  const details = (body as { token?: { catalog?: Service[]; project?: { id: string } } } | undefined)?.token;
  return {
    token,
    projectId: details?.project?.id ?? "",
    catalogue: details?.catalog ?? [],
    region,
    interface: account.interface,
    tls,
  };
}

/** The body of Keystone's `POST /v3/auth/tokens` (API reference, "Authentication and token management"). */
function authRequest(auth: Credentials): object {
  const secret = auth.application_credential_secret;
  if (secret) {
    const credential = auth.application_credential_id
      ? { id: auth.application_credential_id, secret }
      : { name: auth.application_credential_name, secret, user: userOf(auth) };
    // An application credential already belongs to a project, and Keystone refuses a scope with it.
    return { identity: { methods: ["application_credential"], application_credential: credential } };
  }
  const identity =
    auth.token && !auth.password
      ? { methods: ["token"], token: { id: auth.token } }
      : { methods: ["password"], password: { user: { ...userOf(auth), password: auth.password } } };
  // Without a project, Keystone uses the user's default project, if they have one.
  return auth.project_id || auth.project_name
    ? { identity, scope: { project: projectOf(auth) } }
    : { identity };
}

const userOf = (auth: Credentials) =>
  auth.user_id ? { id: auth.user_id } : { name: auth.username, domain: domainOf(auth, "user") };

const projectOf = (auth: Credentials) =>
  auth.project_id ? { id: auth.project_id } : { name: auth.project_name, domain: domainOf(auth, "project") };

function domainOf(auth: Credentials, of: "user" | "project"): { id: string } | { name: string } {
  const id = auth[`${of}_domain_id`];
  const name = auth[`${of}_domain_name`];
  if (id) return { id };
  if (name) return { name };
  if (auth.domain_name && !auth.domain_id) return { name: auth.domain_name };
  return { id: auth.domain_id ?? auth.default_domain ?? "default" };
}
