/** What is asked of the cloud before anything is built, and the error for each thing that it lacks. */
import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as pulumi from "@pulumi/pulumi";
import { ConfigError, type Problem, parseConfig } from "../../../components/config";
import { OpenStackInfrastructure } from "../../../components/infrastructure/openstack";
import { createProvider, requireAccount } from "../../../components/infrastructure/openstack/provider";
import { borrowSession, tryLogin } from "../../../components/infrastructure/openstack/session";
import { planLab } from "../../../components/plan";
import { resolved, startMocks } from "../../support/mocks";
import { answers } from "../../support/openstack";
import { EMPTY_PROJECT, FakeOpenStack, PROJECT_ID, type Replies, scopeOf } from "../../support/openstack-api";

/** The provider's own messages (terraform-provider-openstack v1.54.1, data_source_*.go). */
const NONE = "1 error occurred:\n\t* Your query returned no results. Please change your search criteria\n\n";
const SEVERAL =
  "1 error occurred:\n\t* Your query returned more than one result. Please try a more specific\n\n";

const IMAGE = { id: "image-id", name: "ubuntu-24.04", minDiskGb: 5, minRamMb: 0 };
const FLAVOR = { id: "flavor-id", name: "m1.medium", vcpus: 2, ram: 4096, disk: 40 };
const NETWORK = { id: "external-id", name: "public" };
const GOOD = { image: "ubuntu-24.04", flavor: "m1.medium", accessCidrs: ["203.0.113.7/32"] };
/** Sets the API without the environment. */
const SETTINGS = { authUrl: "http://127.0.0.1:9/v3" };

describe("the lookup on OpenStack before anything is built", () => {
  let fake: FakeOpenStack;
  afterEach(() => fake?.stop());

  /** @param functions the answers of the provider's functions, by the end of their names. A text is an error. */
  async function build(
    section: Record<string, unknown>,
    functions: Record<string, unknown> = {},
    replies: Replies = {},
    raw: Record<string, unknown> = {},
  ) {
    fake = await FakeOpenStack.start({ ...EMPTY_PROJECT, ...replies });
    const all: Record<string, unknown> = {
      getAuthScope: scopeOf(fake),
      getImage: IMAGE,
      getFlavor: FLAVOR,
      getNetwork: NETWORK,
      ...functions,
    };
    const asked: [string, unknown][] = [];
    await startMocks({
      ...answers,
      call: (token, inputs) => {
        const name = token.split(":").at(-1) ?? "";
        asked.push([name, inputs]);
        // Pulumi passes on only the details of the engine's error.
        if (typeof all[name] === "string") throw Object.assign(new Error(), { details: all[name] });
        return all[name] as Record<string, unknown>;
      },
    });
    const config = parseConfig({ cloud: "openstack", openstack: section, ...raw });
    const lab = await OpenStackInfrastructure.create("test", {
      plan: planLab(config),
      config: config.openstack ?? {},
      settings: SETTINGS,
    });
    return { lab, asked: Object.fromEntries(asked) };
  }

  async function problemsOf(...args: Parameters<typeof build>): Promise<readonly Problem[]> {
    const error = await build(...args).then(
      () => undefined,
      (reason: unknown) => reason,
    );
    assert.ok(error instanceof ConfigError, String(error));
    return error.problems;
  }
  const sentences = (problems: readonly Problem[]) =>
    problems.map(({ key, value, message }) => `${key} ${value}: ${message}`);

  it("finds what the config names, the newest image of a name, and the only external network", async () => {
    const { lab, asked } = await build(GOOD);
    assert.deepEqual(asked.getImage, { name: "ubuntu-24.04", mostRecent: true });
    assert.deepEqual(asked.getNetwork, { external: true });
    assert.equal(lab.nodes.length, 4);
    assert.match(lab.cost.sentence, /4 × m1\.medium; no price is known/);
    await resolved(lab.urn);
    await fake.stop();
    assert.deepEqual((await build({ ...GOOD, externalNetwork: "public" })).asked.getNetwork, {
      name: "public",
      external: true,
    });
  });

  it("finds out whether there is VPN as a service, and builds while the other site has no stack yet", async () => {
    const raw = {
      topology: [{ name: "office", cidr: "192.168.1.0/24", nodes: ["cp1"] }],
      link: { peer: "site-aws" },
    };
    const alone = { readStackOutputs: 'unknown stack "site-aws"' };
    const having = (...aliases: string[]) => ({
      "/network/v2.0/extensions": { extensions: aliases.map((alias) => ({ alias })) },
    });
    const [problem] = await problemsOf(GOOD, alone, having("router"), raw);
    assert.match(
      `${problem?.key} ${problem?.message}`,
      /^link.gateway this cloud's Neutron has no VPN as a service/,
    );
    const instance = { ...raw, link: { ...raw.link, gateway: "instance" } };
    await fake.stop();
    const onInstance = await build(GOOD, alone, having("router"), instance);
    assert.match(onInstance.lab.cost.sentence, /^cost: 2 × m1\.medium/);
    await fake.stop();
    const { lab } = await build(GOOD, alone, having("vpnaas", "vpn-endpoint-groups"), raw);
    assert.equal((await resolved(lab.end?.site))?.address, "198.51.100.99");
    assert.match(lab.cost.sentence, /1 × VPN connection/);
  });

  it("lists images and flavors when the config names none, with suitable ones first", async () => {
    assert.deepEqual(sentences(await problemsOf({ accessCidrs: ["203.0.113.7/32"] })), [
      "openstack.image undefined: set the image: pulumi config set --path openstack.image <name>; available: ubuntu-24.04, cirros, debian-12",
      "openstack.flavor undefined: set the flavor: pulumi config set --path openstack.flavor <name>; available: m1.medium (2 vCPU, 4 GiB, disk 40 GB), m1.large (4 vCPU, 8 GiB, disk 80 GB), m1.tiny (1 vCPU, 0.5 GiB, disk 1 GB)",
    ]);
  });

  it("lists the available names when names are wrong, all of them at once", async () => {
    const networks = { networks: [{ name: "public" }, { name: "provider" }] };
    const found = await problemsOf(
      { ...GOOD, image: "noble", flavor: "big", externalNetwork: "net" },
      { getImage: NONE, getFlavor: NONE, getNetwork: NONE },
      { "/network/v2.0/networks": networks },
    );
    const [image, flavor, network] = sentences(found);
    assert.match(image ?? "", /^openstack\.image noble: there is no such image; available: ubuntu-24\.04, /);
    assert.match(flavor ?? "", /^openstack\.flavor big: there is no such flavor; available: m1\.medium /);
    assert.equal(
      network,
      "openstack.externalNetwork net: there is no such external network; available: provider, public",
    );
  });

  it("asks you to choose among several external networks, and says when there is none", async () => {
    const networks = { networks: [{ name: "public" }, { name: "provider" }] };
    const [several] = await problemsOf(GOOD, { getNetwork: SEVERAL }, { "/network/v2.0/networks": networks });
    assert.match(several?.message ?? "", /several external networks match.*: provider, public$/);
    await fake.stop();
    const [none] = await problemsOf(GOOD, { getNetwork: NONE });
    assert.match(none?.message ?? "", /no such external network; this project can see no external network$/);
  });

  it("says how to list the names by hand when they cannot be read", async () => {
    const [image] = await problemsOf(GOOD, { getImage: NONE }, { "/image/v2/images": 503 });
    assert.equal(image?.message, "there is no such image; list them with: openstack image list");
    await fake.stop();
    const getAuthScope = "No suitable endpoint could be found in the service catalog.";
    const [flavor] = await problemsOf(GOOD, { getAuthScope, getFlavor: NONE });
    assert.equal(flavor?.message, "there is no such flavor; list them with: openstack flavor list");
  });

  it("says in one sentence that the password is wrong: not the raw answer of Keystone", async () => {
    const answer =
      '{"error":{"code":401,"message":"The request you have made requires authentication.","title":"Unauthorized"}}';
    const getAuthScope = `invocation of openstack:identity/getAuthScope:getAuthScope returned an error: 1 error occurred:\n\t* Error creating OpenStack identity client: Expected HTTP response code [200 201 202] when accessing [POST https://keystone:5000/v3/auth/tokens], but got 401 instead: ${answer}\n\n`;
    const sentence =
      "does not accept the user name, the password or the project (status 401: The request you have made requires authentication.); check the credentials with: openstack token issue";
    assert.deepEqual(sentences(await problemsOf({ ...GOOD, cloud: undefined }, { getAuthScope })), [
      `openstack.cloud undefined: OpenStack ${sentence}`,
    ]);
    await fake.stop();
    fake = await FakeOpenStack.start({ "/identity/v3/auth/tokens": 401 });
    const auth = { auth_url: `${fake.url}/identity`, username: "ada", password: "wrong" };
    await assert.rejects(tryLogin({}, { auth, insecure: false }), (error: Error) => {
      assert.ok(error instanceof ConfigError);
      assert.match(
        error.message,
        /does not accept the user name, the password or the project \(status 401: no\)/,
      );
      return true;
    });
    // A cloud that is down is no wrong password.
    await fake.stop();
    await tryLogin({}, { auth, insecure: false });
    fake = await FakeOpenStack.start(EMPTY_PROJECT);
  });

  it("says that the region is unknown or the project is missing, which the provider reports as a missing endpoint", async () => {
    fake = await FakeOpenStack.start(EMPTY_PROJECT);
    const log: string[] = [];
    const say = async (place: Record<string, string>, catalog = fake.catalogue) => {
      await fake.stop();
      const token = { project: { id: PROJECT_ID }, catalog };
      fake = await FakeOpenStack.start({ "/identity/v3/auth/tokens": { token } });
      const noEndpoint = "No suitable endpoint could be found in the service catalog.";
      await startMocks({
        ...answers,
        call: () => {
          throw Object.assign(new Error(), { details: noEndpoint });
        },
      });
      const auth = {
        auth_url: `${fake.url}/identity`,
        username: "ada",
        password: "secret",
        project_name: "lab",
      };
      const account = { auth, insecure: false, ...place };
      const session = await borrowSession(createProvider("openstack", {}, {}), {}, {}, account).catch(
        (error: unknown) => {
          assert.ok(error instanceof ConfigError, String(error));
          log.push(...sentences(error.problems).map((sentence) => sentence.replace(auth.auth_url, "URL")));
        },
      );
      return session?.catalogue;
    };
    assert.equal((await say({ region: "here" }))?.length, 4);
    assert.equal((await say({}))?.length, 4);
    await say({ region: "mars" });
    await say({ region: "here" }, []);
    assert.deepEqual(log, [
      "openstack.region mars: OpenStack at URL has no such region; available: elsewhere, here",
      "openstack.cloud undefined: the credentials at URL are for no project, and the lab needs one; set OS_PROJECT_NAME, or project_name in clouds.yaml",
    ]);
  });

  it("says which quotas are too small, unless the lab exists already or they cannot be read", async () => {
    const limits = (absolute: object) => ({ "/compute/v2.1/limits": { limits: { absolute } } });
    const details = `/network/v2.0/quotas/${PROJECT_ID}/details.json`;
    const small = {
      ...limits({ maxTotalInstances: 10, totalInstancesUsed: 8, maxTotalCores: 20, totalCoresUsed: 12 }),
      [details]: { quota: { floatingip: { limit: 2, used: 2 }, port: { limit: -1, used: 9 } } },
    };
    const found = await problemsOf(GOOD, {}, small);
    const rest = "make the lab smaller, delete something else in the project, or request a larger quota";
    assert.deepEqual(sentences(found), [
      `topology 4 nodes in 2 subnets: they need 4 instances, and the project's quota is 10, of which 8 are in use; ${rest}`,
      `topology 4 nodes in 2 subnets: they need 1 floating IPs, and the project's quota is 2, of which 2 are in use; ${rest}`,
    ]);
    await fake.stop();
    await build(GOOD, {}, { ...small, "/compute/v2.1/servers": { servers: [{ id: "1", name: "cp1" }] } });
    await fake.stop();
    await build(GOOD, {}, { ...small, [details]: 403 });
  });

  it("refuses a flavor that is smaller than the image's minimum", async () => {
    const [flavor] = await problemsOf(GOOD, { getImage: { ...IMAGE, minDiskGb: 60 } });
    assert.equal(flavor?.key, "openstack.flavor");
    assert.match(flavor?.message ?? "", /image ubuntu-24\.04 needs 60 GB of disk and 0 MiB of memory/);
  });
});

describe("the OpenStack account", () => {
  const problem = (...args: Parameters<typeof requireAccount>) => {
    try {
      requireAccount(...args);
    } catch (error) {
      if (error instanceof ConfigError) return error.problems[0];
      throw error;
    }
    return undefined;
  };

  it("comes from clouds.yaml, the environment, or the stack's own provider settings", () => {
    const folder = mkdtempSync(join(tmpdir(), "encaplab-clouds-"));
    try {
      const file = join(folder, "clouds.yaml");
      writeFileSync(file, "clouds: {mycloud: {auth: {auth_url: 'https://one'}, region_name: r1}}");
      const env = { OS_CLIENT_CONFIG_FILE: file, OS_AUTH_URL: "https://two" };
      assert.equal(requireAccount({ cloud: "mycloud" }, {}, env)?.auth.auth_url, "https://one");
      assert.equal(requireAccount({}, { cloud: "mycloud" }, env)?.region, "r1");
      assert.equal(requireAccount({}, {}, env)?.auth.auth_url, "https://two");
      assert.equal(requireAccount({}, { authUrl: "https://three" }, {}), undefined);
      assert.match(
        problem({ cloud: "other" }, {}, env)?.message ?? "",
        /no cloud named other; it has mycloud; must be an entry of clouds\.yaml$/,
      );
      assert.match(problem({}, {}, {})?.message ?? "", /^there are no OpenStack credentials; set an entry/);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  it("is encrypted in the state, and the config's cloud and region take precedence over the provider's", async () => {
    const seen: Record<string, pulumi.Input<unknown>> = {};
    await startMocks();
    createProvider(
      "openstack",
      { cloud: "mine", region: "r2" },
      { cloud: "other", token: "t", applicationCredentialSecret: "s", password: "p", insecure: true },
      {
        transformations: [
          ({ props }) => {
            Object.assign(seen, props);
            return undefined;
          },
        ],
      },
    );
    for (const key of ["token", "applicationCredentialSecret", "password"])
      assert.ok(await pulumi.isSecret(pulumi.output(seen[key])), key);
    assert.deepEqual([seen.cloud, seen.region, await resolved(seen.insecure)], ["mine", "r2", "true"]);
  });
});
