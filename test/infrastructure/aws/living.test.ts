/** Changes to a lab that is up on AWS: what EC2 cannot change in place is said, and its quota of rules holds on the way. */
import assert from "node:assert/strict";
import { parseConfig } from "../../../components/config";
import { spotWarning } from "../../../components/infrastructure/aws/nodes";
import { changedInPlace, planRules } from "../../../components/infrastructure/aws/security";
import type { StateResource } from "../../../components/infrastructure/common";
import { goneFrom } from "../../../components/infrastructure/common/recovery";
import { planLab } from "../../../components/plan";
import { buildAws, INGRESS, INSTANCE } from "../../support/aws";
import { ofType } from "../../support/mocks";

const plan = planLab(parseConfig({ cloud: "aws" }));
const cidrs = (count: number, net: string) => Array.from({ length: count }, (_, i) => `${net}.${i}/32`);
const same = (name: string) => name;
const inState = (names: readonly string[]): StateResource[] =>
  names.map((name) => ({ type: INGRESS, urn: `urn:pulumi:s::encaplab::a$${INGRESS}::${name}` }));

/** The most rules that the group holds on the way: the engine makes all new ones before it deletes an old one. */
function peak(from: readonly string[], to: readonly string[]): number {
  const rules = planRules(plan, to);
  const held = planRules(plan, from).map(({ name }) => name);
  const former = changedInPlace(rules, inState(held), same);
  const added = rules.filter(({ name }) => !held.includes(name) && !former.has(name));
  const taken = [...former.values()];
  assert.equal(new Set(taken).size, taken.length, "no rule is taken over twice");
  assert.ok(taken.every((name) => held.includes(name) && !rules.some((rule) => rule.name === name)));
  return held.length + added.length;
}

describe("many CIDRs that change at once on AWS", () => {
  it("never pass the quota of 60 rules on the way, whatever they change from and to", () => {
    for (const from of [1, 5, 12, 17])
      for (const to of [1, 5, 12, 17])
        assert.ok(peak(cidrs(from, "203.0.113"), cidrs(to, "198.51.100")) <= 60, `${from} to ${to}`);
  });

  it("are new rules before the old ones go where there is room, so that your address is never locked out", () => {
    const held = inState(planRules(plan, cidrs(1, "203.0.113")).map(({ name }) => name));
    assert.equal(changedInPlace(planRules(plan, cidrs(2, "198.51.100")), held, same).size, 0);
  });

  it("become changes of old rules in place: by an alias, and without a replacement", async () => {
    const held = inState(planRules(plan, cidrs(17, "203.0.113")).map(({ name }) => name));
    const build = (state: readonly StateResource[]) =>
      buildAws({}, { operatorCidrs: cidrs(17, "198.51.100"), held: state });
    const ofOperator = ofType((await build(held)).resources, INGRESS).filter(({ name }) =>
      /198-?\.51/.test(name),
    );
    assert.ok(ofOperator.length >= 34);
    for (const { name, opts } of ofOperator) {
      assert.match(JSON.stringify(opts.aliases), /203\.0\.113/, name);
      assert.equal(opts.replaceOnChanges, undefined, name);
    }
    for (const { opts } of ofType((await build([])).resources, INGRESS))
      assert.equal(opts.aliases, undefined);
  });
});

describe("spot on AWS", () => {
  const machines = (spot: boolean): StateResource[] =>
    ["cp1", "w1"].map((name) => ({
      type: INSTANCE,
      urn: name,
      inputs: spot ? { instanceMarketOptions: { marketType: "spot" } } : {},
    }));

  it("says on a living lab that it replaces the machines, in both directions, and else nothing", () => {
    assert.match(
      spotWarning(machines(false), { spot: true }) ?? "",
      /spot is now true: .* 2 of the lab's 2 machines are replaced/,
    );
    assert.match(spotWarning(machines(true), {}) ?? "", /spot is now false: /);
    assert.equal(spotWarning(machines(true), { spot: true }), undefined);
    assert.equal(spotWarning([], { spot: true }), undefined);
  });
});

describe("a machine that was terminated behind the state's back", () => {
  it("is named by the program, too, with the command that builds it again", () => {
    const state = [
      { type: "pulumi-nodejs:dynamic/encaplab:Beginning", outputs: { lab: "0123456789ab" } },
      ...["cp1", "w1"].map((name) => ({ type: INSTANCE, urn: `urn::${name}`, id: `i-${name}` })),
    ];
    const found = (...ids: string[]) => ids.map((id) => ({ kind: "instance", id, command: "" }));
    assert.match(
      goneFrom(state, found("i-cp1")) ?? "",
      /no longer has the machines w1 \(i-w1\), .*pulumi up --refresh/,
    );
    assert.equal(goneFrom(state, found("i-cp1", "i-w1")), undefined);
  });
});
