/** What runs below Neutron: asked of an imitation of its API on this machine, and said where the verdict is for another. */
import assert from "node:assert/strict";
import { parseConfig } from "../../../components/config";
import { OpenStackInfrastructure } from "../../../components/infrastructure/openstack";
import { backendWarning, findBackend } from "../../../components/infrastructure/openstack/backend";
import { planLab } from "../../../components/plan";
import { startMocks } from "../../support/mocks";
import { answers } from "../../support/openstack";
import { EMPTY_PROJECT, FakeOpenStack, scopeOf } from "../../support/openstack-api";
import { planOf } from "../../support/problems";

const AGENTS = "/network/v2.0/agents";
const agents = (...types: string[]) => ({ agents: types.map((agent_type) => ({ agent_type })) });

describe("what runs below Neutron", () => {
  let fake: FakeOpenStack;
  afterEach(() => fake?.stop());

  it("is found out from the list of agents, and is unknown where that is forbidden, empty or of another kind", async () => {
    const found = async (reply: unknown) => {
      fake = await FakeOpenStack.start({ [AGENTS]: reply });
      const { tokenId: token, projectId, serviceCatalogs: catalogue, region } = scopeOf(fake);
      const backend = await findBackend({ token, projectId, catalogue, region });
      await fake.stop();
      return backend;
    };
    assert.equal(await found(agents("OVN Metadata agent", "OVN Controller Gateway agent")), "ovn");
    assert.equal(await found(agents("DHCP agent", "L3 agent", "Open vSwitch agent")), "ovs");
    assert.equal(await found(agents("Linux bridge agent")), "ovs");
    assert.equal(await found(agents("NIC Switch agent")), undefined);
    assert.equal(await found(agents()), undefined);
    assert.equal(await found(403), undefined);
    assert.equal(await findBackend(undefined), undefined);
  });

  it("is asked for before anything is built, and a lab is built where it cannot be found out", async () => {
    fake = await FakeOpenStack.start(EMPTY_PROJECT);
    const all: Record<string, object> = {
      getAuthScope: scopeOf(fake),
      getImage: { id: "i", name: "ubuntu-24.04", minDiskGb: 5, minRamMb: 0 },
      getFlavor: { id: "f", name: "m1.medium", vcpus: 2, ram: 4096, disk: 40 },
      getNetwork: { id: "n", name: "public" },
    };
    await startMocks({
      ...answers,
      call: (token) => all[token.split(":").at(-1) ?? ""] as Record<string, unknown>,
    });
    const section = { image: "ubuntu-24.04", flavor: "m1.medium", accessCidrs: ["203.0.113.7/32"] };
    const config = parseConfig({ cloud: "openstack", openstack: section });
    const settings = { authUrl: "http://127.0.0.1:9/v3" };
    const lab = await OpenStackInfrastructure.create("test", {
      plan: planLab(config),
      config: config.openstack ?? {},
      settings,
    });
    assert.equal(lab.nodes.length, 4);
    assert.ok(fake.asked.some(({ path }) => path === `${AGENTS}?fields=agent_type`));
  });

  it("is a warning where the verdict is for the other backend, with the outcomes that differ", () => {
    const raw = { cloud: "openstack", natOutgoing: false, podRoutes: true };
    const warning = backendWarning(planOf(raw), "ovs") ?? "";
    assert.match(
      warning,
      /^the verdict is for OVN below Neutron, but this cloud has ML2\/OVS, and other outcomes/,
    );
    assert.match(warning, /pod-to-internet ICMP works; .*: pulumi config set --path openstack\.backend ovs$/);
    const ovs = planOf({ ...raw, openstack: { backend: "ovs" } });
    assert.match(backendWarning(ovs, "ovn") ?? "", /this cloud has OVN, .*pod-to-internet ICMP fails/);
    assert.doesNotMatch(backendWarning(planOf({ cloud: "openstack" }), "ovs") ?? "", /other outcomes/);
    for (const found of ["ovs", undefined] as const) assert.equal(backendWarning(ovs, found), undefined);
    assert.equal(backendWarning(planOf(raw), "ovn"), undefined);
  });
});
