/** Finds what is left of a stack on OpenStack, with an imitation of OpenStack on this machine. */
import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { stringify } from "yaml";
import { findLeftovers } from "../../../components/infrastructure/openstack";
import { keyPairName } from "../../../components/infrastructure/openstack/api";
import { EMPTY_PROJECT, FakeOpenStack, type Replies } from "../../support/openstack-api";

describe("the leftovers of a stack on OpenStack", () => {
  let fake: FakeOpenStack;
  let folder: string;
  const start = async (replies: Replies = {}) => {
    fake = await FakeOpenStack.start({ ...EMPTY_PROJECT, ...replies });
  };
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "encaplab-clouds-"));
  });
  afterEach(async () => {
    rmSync(folder, { recursive: true });
    await fake?.stop();
  });
  const openrc = () => ({
    OS_AUTH_URL: `${fake.url}/identity/v3`,
    OS_USERNAME: "ada",
    OS_PASSWORD: "secret",
    OS_PROJECT_NAME: "lab",
    OS_USER_DOMAIN_NAME: "Default",
    OS_PROJECT_DOMAIN_ID: "default",
    OS_REGION_NAME: "here",
  });
  const cloudsYaml = (auth: object, rest: object = {}) => {
    const file = join(folder, "clouds.yaml");
    const entry = { auth: { auth_url: `${fake.url}/identity`, ...auth }, region_name: "here", ...rest };
    writeFileSync(file, stringify({ clouds: { mycloud: entry } }));
    return { OS_CLIENT_CONFIG_FILE: file };
  };
  const loginBody = () => (fake.asked[0] as { body: { auth: unknown } }).body.auth;

  it("are none where nothing has both of the stack's tags", async () => {
    await start();
    assert.deepEqual(await findLeftovers("lab", {}, {}, openrc()), []);
    const lists = fake.asked.slice(1).map(({ path }) => path);
    assert.equal(lists.filter((path) => path.endsWith("?tags=project=encaplab,stack=lab")).length, 7);
    // Finds what a killed engine left without tags: Neutron sets tags in a separate request.
    assert.equal(lists.filter((path) => path.endsWith("?description=encaplab: lab")).length, 6);
    assert.equal(lists.length, 7 + 6 + 1);
    const nova = fake.asked.find(({ path }) => path.startsWith("/compute/v2.1/servers"));
    assert.equal(nova?.headers["x-openstack-nova-api-version"], "2.26");
  });

  it("are everything that has both tags, and the stack's own key pairs", async () => {
    const key = keyPairName("lab", "ssh-ed25519 AAAA");
    await start({
      "/compute/v2.1/servers": { servers: [{ id: "1", name: "lab-cp1" }] },
      "/network/v2.0/floatingips": { floatingips: [{ id: "2", floating_ip_address: "198.51.100.7" }] },
      "/network/v2.0/security-groups": { security_groups: [{ id: "3", name: "lab-nodes" }] },
      "/compute/v2.1/os-keypairs": {
        keypairs: ["ada", key, keyPairName("lab-two", "ssh-ed25519 AAAA")].map((name) => ({
          keypair: { name },
        })),
      },
    });
    assert.deepEqual(await findLeftovers("lab", {}, {}, openrc()), [
      { kind: "server", id: "1", name: "lab-cp1" },
      { kind: "floating ip", id: "2", name: "198.51.100.7" },
      { kind: "security group", id: "3", name: "lab-nodes" },
      { kind: "keypair", id: key, name: key },
    ]);
  });

  it("are found with a password from the environment", async () => {
    await start();
    await findLeftovers("lab", {}, {}, openrc());
    assert.deepEqual(loginBody(), {
      identity: {
        methods: ["password"],
        password: { user: { name: "ada", domain: { name: "Default" }, password: "secret" } },
      },
      scope: { project: { name: "lab", domain: { id: "default" } } },
    });
  });

  it("are found in the user's default project when none is named", async () => {
    await start();
    await findLeftovers("lab", {}, {}, { ...openrc(), OS_PROJECT_NAME: "" });
    assert.deepEqual(Object.keys(loginBody() as object), ["identity"]);
  });

  it("are found with an application credential from clouds.yaml, which implies its project", async () => {
    await start();
    const env = cloudsYaml({ application_credential_id: "id", application_credential_secret: "secret" });
    await findLeftovers("lab", { openstack: { cloud: "mycloud" } }, {}, env);
    assert.deepEqual(loginBody(), {
      identity: {
        methods: ["application_credential"],
        application_credential: { id: "id", secret: "secret" },
      },
    });
  });

  it("are found in the cloud of the stack's own provider settings", async () => {
    await start();
    const env = cloudsYaml({ user_id: "u", password: "x" });
    assert.deepEqual(await findLeftovers("lab", {}, { cloud: "mycloud" }, env), []);
  });

  it("are found with a password from secure.yaml, and with a token", async () => {
    await start();
    const env = cloudsYaml({ user_id: "u", project_id: "p" });
    writeFileSync(
      join(folder, "secure.yaml"),
      stringify({ clouds: { mycloud: { auth: { password: "x" } } } }),
    );
    await findLeftovers("lab", {}, {}, { ...env, OS_CLOUD: "mycloud" });
    assert.deepEqual(loginBody(), {
      identity: { methods: ["password"], password: { user: { id: "u", password: "x" } } },
      scope: { project: { id: "p" } },
    });
    fake.asked.length = 0;
    const { OS_AUTH_URL, OS_REGION_NAME } = openrc();
    await findLeftovers("lab", {}, {}, { OS_AUTH_URL, OS_REGION_NAME, OS_TOKEN: "t", OS_PROJECT_ID: "p" });
    assert.deepEqual(loginBody(), {
      identity: { methods: ["token"], token: { id: "t" } },
      scope: { project: { id: "p" } },
    });
  });

  it("are not reported as none when OpenStack cannot be asked", async () => {
    await start({ "/identity/v3/auth/tokens": 401, "/network/v2.0/ports": 503 });
    const fails = (env: Record<string, string>, openstack: object, sentence: RegExp) =>
      assert.rejects(findLeftovers("lab", { openstack }, {}, env), ({ message }: Error) =>
        sentence.test(message),
      );
    await fails({}, {}, /^there are no OpenStack credentials: set OS_CLOUD/);
    await fails(openrc(), {}, /did not accept the credentials: status 401: no$/);
    await fails(
      { ...openrc(), OS_AUTH_URL: "http://127.0.0.1:9/v3" },
      {},
      /^the request to http:\/\/127.0.0.1:9 failed: /,
    );
    await fails(cloudsYaml({}), { cloud: "other" }, /has no cloud named other; it has mycloud$/);
    await fails(
      { OS_CLIENT_CONFIG_FILE: "/nowhere" },
      { cloud: "x" },
      /^there is no clouds.yaml .*\/nowhere$/,
    );
    await fake.stop();
    await start({ "/network/v2.0/ports": 503 });
    await fails(openrc(), {}, /\/network\/v2.0\/ports\?tags=.* answered with status 503: no$/);
    await fails({ ...openrc(), OS_REGION_NAME: "x" }, {}, /no public endpoint of type compute in region x$/);
  });
});
