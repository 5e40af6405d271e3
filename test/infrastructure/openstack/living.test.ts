/** Changes to a lab that is up on OpenStack: the project's quota of rules holds on the way. */
import assert from "node:assert/strict";
import type { StateResource } from "../../../components/infrastructure/common";
import { roomForRules } from "../../../components/infrastructure/openstack/quota";
import { ofType } from "../../support/mocks";
import { buildOpenStack, RULE } from "../../support/openstack";
import { EMPTY_PROJECT, FakeOpenStack, PROJECT_ID } from "../../support/openstack-api";

const cidrs = (count: number, net: string) => Array.from({ length: count }, (_, i) => `${net}.${i}/32`);
const [OLD, NEW] = [cidrs(20, "203.0.113"), cidrs(20, "198.51.100")];

describe("many CIDRs that change at once on OpenStack", () => {
  const rulesOf = async (operatorCidrs: readonly string[], more: object = {}) =>
    ofType((await buildOpenStack({}, { operatorCidrs, ...more })).resources, RULE);
  let held: StateResource[];
  before(async () => {
    const names = (await rulesOf(OLD)).map(({ name }) => name);
    held = names.map((name) => ({ type: RULE, urn: `urn:pulumi:s::encaplab::a$${RULE}::${name}` }));
  });
  const taken = (rules: Awaited<ReturnType<typeof rulesOf>>) =>
    rules.filter(({ opts }) => opts.aliases !== undefined);

  it("each take an old rule's place, which goes first, where the quota has no room for old and new", async () => {
    const rules = await rulesOf(NEW, { living: { held, room: 10 } });
    const changed = taken(rules);
    // SSH, the API and node ports, of each CIDR.
    assert.equal(changed.length, 60);
    assert.ok(changed.every(({ opts }) => opts.deleteBeforeReplace === true));
    const old = changed.map(({ opts }) => (opts.aliases as { name: string }[])[0]?.name ?? "");
    assert.equal(new Set(old).size, 60);
    assert.ok(old.every((name) => /^(ssh|api-operator|nodeport)-203\.0\.113\./.test(name)));
  });

  it("are new rules before the old ones go where there is room, so that your address is never locked out", async () => {
    assert.deepEqual(taken(await rulesOf(NEW, { living: { held, room: 60 } })), []);
    assert.deepEqual(taken(await rulesOf(NEW)), []);
  });

  it("take no rule of another lab in the same stack", async () => {
    const others = ["other-", "study-x-"].flatMap((prefix) =>
      held.map(({ urn = "", ...rest }) => ({ ...rest, urn: urn.replace(/::(?!.*::)/, `::${prefix}`) })),
    );
    const living = { held: others, room: 0 };
    assert.deepEqual(taken(await rulesOf(NEW, { living, prefix: "study-" })), []);
  });

  it("have the room that the project's quota leaves, and any where it cannot be read or has no limit", async () => {
    const details = `/network/v2.0/quotas/${PROJECT_ID}/details.json`;
    const room = async (reply: object | number) => {
      const fake = await FakeOpenStack.start({ ...EMPTY_PROJECT, [details]: reply } as never);
      try {
        return await roomForRules({
          token: "a-token",
          projectId: PROJECT_ID,
          catalogue: fake.catalogue,
          region: "here",
        });
      } finally {
        await fake.stop();
      }
    };
    const quota = (limit: number) => ({ quota: { security_group_rule: { limit, used: 93, reserved: 0 } } });
    assert.equal(await room(quota(100)), 7);
    assert.equal(await room(quota(-1)), Number.POSITIVE_INFINITY);
    assert.equal(await room(403), Number.POSITIVE_INFINITY);
  });
});
