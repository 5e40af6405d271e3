/** Finds what is left of a stack on OpenStack, with an imitation of OpenStack on this machine. */
import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { stringify } from "yaml";
import { findExpired, findLeftovers } from "../../../components/infrastructure/openstack";
import { keyPairName } from "../../../components/infrastructure/openstack/api";
import { EMPTY_PROJECT, FakeOpenStack, type Replies } from "../../support/openstack-api";

const LAB = "0123456789ab";

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
    assert.deepEqual(await findLeftovers("lab", [LAB], {}, {}, openrc()), []);
    const lists = fake.asked.slice(1).map(({ path }) => path);
    assert.equal(lists.filter((path) => path.endsWith("?tags=project=encaplab,stack=lab")).length, 7);
    // Finds what a killed engine left without tags: Neutron sets tags in a separate request.
    assert.equal(lists.filter((path) => path.endsWith("?description=encaplab: lab")).length, 6);
    assert.equal(lists.filter((path) => path.endsWith(`?description=encaplab: lab ${LAB}`)).length, 6);
    // This cloud has no VPN as a service, which the first of its lists shows.
    assert.deepEqual(
      lists.filter((path) => path.includes("/vpn/")),
      ["/network/v2.0/vpn/ipsec-site-connections"],
    );
    assert.equal(lists.length, 7 + 6 + 6 + 1 + 1);
    const nova = fake.asked.find(({ path }) => path.startsWith("/compute/v2.1/servers/detail"));
    assert.equal(nova?.headers["x-openstack-nova-api-version"], "2.26");
  });

  it("are everything with the marks, rules, interfaces and routes too, each with the command that deletes it", async () => {
    const key = keyPairName("lab", LAB, "ssh-ed25519 AAAA");
    const tags = ["project=encaplab", "stack=lab", `lab=${LAB}`];
    const [other] = [["project=encaplab", "stack=lab", "lab=ffffffffffff"]];
    await start({
      "/compute/v2.1/servers/detail": { servers: [{ id: "1", name: "lab-cp1", tags }] },
      "/network/v2.0/floatingips": { floatingips: [{ id: "2", floating_ip_address: "198.51.100.7", tags }] },
      "/network/v2.0/routers": {
        routers: [
          {
            id: "r",
            name: "lab-router",
            tags,
            routes: [{ destination: "172.16.0.0/26", nexthop: "10.0.3.10" }],
          },
        ],
      },
      "/network/v2.0/subnets": { subnets: [{ id: "s", name: "lab-a", tags, cidr: "10.0.3.0/24" }] },
      "/network/v2.0/security-groups": {
        security_groups: [
          { id: "3", name: "lab-nodes", description: `encaplab: lab ${LAB}`, tags: [] },
          { id: "4", name: "lab-nodes", tags: other },
        ],
      },
      "/network/v2.0/security-group-rules": {
        security_group_rules: [
          { id: "5", description: "encaplab: bgp" },
          { id: "6", description: "the user's own" },
        ],
      },
      "/network/v2.0/ports": {
        ports: [
          {
            id: "p",
            tags: [],
            device_owner: "network:router_interface",
            fixed_ips: [{ subnet_id: "s", ip_address: "10.0.3.1" }],
          },
        ],
      },
      "/compute/v2.1/os-keypairs": {
        keypairs: ["ada", key, keyPairName("lab-two", LAB, "ssh-ed25519 AAAA")].map((name) => ({
          keypair: { name },
        })),
      },
    });
    const found = await findLeftovers("lab", [LAB], {}, {}, openrc());
    assert.deepEqual(
      // The stand-in answers with all ports to each question.
      found.filter(({ kind }) => kind !== "port").map(({ kind, lab, command }) => [kind, lab, command]),
      [
        ["server", LAB, "openstack server delete 1"],
        ["floating ip", LAB, "openstack floating ip delete 2"],
        ["router route", LAB, "openstack router unset --route destination=172.16.0.0/26,gateway=10.0.3.10 r"],
        ["router interface", LAB, "openstack router remove subnet r s"],
        ["router", LAB, "openstack router delete r"],
        ["subnet", LAB, "openstack subnet delete s"],
        ["security group rule", LAB, "openstack security group rule delete 5"],
        ["security group rule", "ffffffffffff", "openstack security group rule delete 5"],
        ["security group", LAB, "openstack security group delete 3"],
        ["security group", "ffffffffffff", "openstack security group delete 4"],
        ["keypair", LAB, `openstack keypair delete ${key}`],
      ],
    );
  });

  it("are the parts of a VPN, by their description, as they have no tags", async () => {
    const parts = (key: string, path: string) => ({
      [`/network/v2.0/vpn/${path}`]: {
        [key]: [
          { id: `${key}-1`, name: "lab-vpn", description: `encaplab: lab ${LAB}` },
          { id: `${key}-2`, name: "lab-vpn", description: "encaplab: lab ffffffffffff" },
          { id: `${key}-3`, name: "vpn", description: "the office" },
          { id: `${key}-4`, name: "lab2-vpn", description: `encaplab: lab2 ${LAB}` },
        ],
      },
    });
    await start({
      ...parts("ipsec_site_connections", "ipsec-site-connections"),
      ...parts("endpoint_groups", "endpoint-groups"),
      ...parts("ipsecpolicies", "ipsecpolicies"),
      ...parts("ikepolicies", "ikepolicies"),
      ...parts("vpnservices", "vpnservices"),
    });
    const found = await findLeftovers("lab", [LAB], {}, {}, openrc());
    assert.deepEqual(
      found.filter(({ lab }) => lab === LAB).map(({ command }) => command),
      [
        "openstack vpn ipsec site connection delete ipsec_site_connections-1",
        "openstack vpn endpoint group delete endpoint_groups-1",
        "openstack vpn ipsec policy delete ipsecpolicies-1",
        "openstack vpn ike policy delete ikepolicies-1",
        "openstack vpn service delete vpnservices-1",
      ],
    );
    assert.deepEqual([...new Set(found.map(({ lab }) => lab))].sort(), [LAB, "ffffffffffff"]);
    assert.equal(found.length, 10);
  });

  it("are, with --expired, every lab of the project past its ttl, of every owner", async () => {
    const of = (lab: string, stack: string, expiry: string) => ({
      id: lab,
      tags: ["project=encaplab", `stack=${stack}`, `lab=${lab}`, "owner=grace", `expiry=${expiry}`],
    });
    await start({
      "/compute/v2.1/servers/detail": {
        servers: [
          of("aaaaaaaaaaaa", "lab", "2026-01-01T08:00:00Z"),
          of("aaaaaaaaaaaa", "lab", "2026-01-01T08:00:00Z"),
          of("bbbbbbbbbbbb", "other", "2026-01-03T08:00:00Z"),
        ],
      },
      "/network/v2.0/networks": { networks: [of("cccccccccccc", "third", "2025-12-31T08:00:00Z")] },
    });
    const found = await findExpired(Date.parse("2026-01-02T00:00:00Z"), {}, {}, openrc());
    assert.deepEqual(
      found.map(({ lab, stack, owner, resources }) => [lab, stack, owner, resources]),
      [
        ["cccccccccccc", "third", "grace", 1],
        ["aaaaaaaaaaaa", "lab", "grace", 2],
      ],
    );
    assert.ok(fake.asked.slice(1).every(({ path }) => path.endsWith("?tags=project=encaplab")));
  });

  it("are found with a password from the environment", async () => {
    await start();
    await findLeftovers("lab", [LAB], {}, {}, openrc());
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
    await findLeftovers("lab", [LAB], {}, {}, { ...openrc(), OS_PROJECT_NAME: "" });
    assert.deepEqual(Object.keys(loginBody() as object), ["identity"]);
  });

  it("are found with an application credential from clouds.yaml, which implies its project", async () => {
    await start();
    const env = cloudsYaml({ application_credential_id: "id", application_credential_secret: "secret" });
    await findLeftovers("lab", [LAB], { openstack: { cloud: "mycloud" } }, {}, env);
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
    assert.deepEqual(await findLeftovers("lab", [LAB], {}, { cloud: "mycloud" }, env), []);
  });

  it("are found with a password from secure.yaml, and with a token", async () => {
    await start();
    const env = cloudsYaml({ user_id: "u", project_id: "p" });
    writeFileSync(
      join(folder, "secure.yaml"),
      stringify({ clouds: { mycloud: { auth: { password: "x" } } } }),
    );
    await findLeftovers("lab", [LAB], {}, {}, { ...env, OS_CLOUD: "mycloud" });
    assert.deepEqual(loginBody(), {
      identity: { methods: ["password"], password: { user: { id: "u", password: "x" } } },
      scope: { project: { id: "p" } },
    });
    fake.asked.length = 0;
    const { OS_AUTH_URL, OS_REGION_NAME } = openrc();
    await findLeftovers(
      "lab",
      [LAB],
      {},
      {},
      { OS_AUTH_URL, OS_REGION_NAME, OS_TOKEN: "t", OS_PROJECT_ID: "p" },
    );
    assert.deepEqual(loginBody(), {
      identity: { methods: ["token"], token: { id: "t" } },
      scope: { project: { id: "p" } },
    });
  });

  it("are not reported as none when OpenStack cannot be asked", async () => {
    await start({ "/identity/v3/auth/tokens": 401, "/network/v2.0/ports": 503 });
    const fails = (env: Record<string, string>, openstack: object, sentence: RegExp) =>
      assert.rejects(findLeftovers("lab", [LAB], { openstack }, {}, env), ({ message }: Error) =>
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
