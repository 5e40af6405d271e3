/** The pairwise selection covers what it promises, on any list of cases and on the twin's matrix. */
import assert from "node:assert/strict";
import * as fc from "fast-check";
import type { Fault } from "../components/config";
import { ENCAPSULATION_FACTS, FAULT_FACTS } from "../components/plan";
import { OF_MATRIX } from "./support/fault-settings";
import { pairsOf, pairwise, type Values } from "./support/pairwise";
import {
  BY_FACT,
  type Case,
  COMBINATIONS,
  EFFECTIVE,
  inPairs,
  MATRIX,
  needsQemu,
  PLACED,
  PLACED_SELECTION,
  SELECTION,
  SITES,
  selectPairs,
  titleOf,
  VARIED,
  worthOf,
} from "./support/twin-cases";

const pairsIn = (cases: readonly Values[]) => new Set(cases.flatMap(pairsOf));

describe("a pairwise selection", () => {
  /** Some of the combinations of two to five dimensions, as if constraints ruled the others out. */
  const lists = fc
    .array(fc.integer({ min: 1, max: 4 }), { minLength: 2, maxLength: 5 })
    .chain((sizes) => {
      const value = fc.tuple(...sizes.map((size) => fc.nat(size - 1)));
      return fc.uniqueArray(value, { selector: String, maxLength: 40 });
    })
    .map((rows): Values[] => rows.map((row) => Object.fromEntries(row.map((one, i) => [`d${i}`, `${one}`]))));

  it("covers every pair that occurs in some case, with cases of the list, each at most once", () => {
    fc.assert(
      fc.property(lists, (cases) => {
        const selection = pairwise(cases);
        assert.deepEqual(pairsIn(selection), pairsIn(cases));
        assert.equal(new Set(selection).size, selection.length);
        for (const one of selection) assert.ok(cases.includes(one));
      }),
    );
  });

  it("has no case that adds no pair to those before it", () => {
    fc.assert(
      fc.property(lists, (cases) => {
        pairwise(cases).forEach((one, i, all) => {
          const before = pairsIn(all.slice(0, i));
          assert.ok(pairsOf(one).some((pair) => !before.has(pair)));
        });
      }),
    );
  });

  it("begins with the cases that were chosen before, and adds only what they lack", () => {
    fc.assert(
      fc.property(lists, fc.nat(), (cases, size) => {
        const chosen = cases.slice(0, size % (cases.length + 1));
        const selection = pairwise(cases, chosen);
        assert.deepEqual(selection.slice(0, chosen.length), chosen);
        assert.deepEqual(pairsIn(selection), pairsIn(cases));
        assert.deepEqual(pairwise(cases, selection), selection);
      }),
    );
  });

  it("is the same on each run", () => {
    fc.assert(
      fc.property(lists, (cases) => assert.deepEqual(pairwise(structuredClone(cases)), pairwise(cases))),
    );
  });

  it("takes 9 of the 81 combinations of four dimensions with three values each", () => {
    const values = ["0", "1", "2"];
    const cases = values.flatMap((a) =>
      values.flatMap((b) => values.flatMap((c) => values.map((d) => ({ a, b, c, d })))),
    );
    assert.equal(pairwise(cases).length, 9);
  });
});

describe("the twin's matrix", () => {
  it("leaves out only faults that the fabric cannot have, and bgp off where BIRD distributes the routes", () => {
    const isPossible = ({ encapsulation, fabric, fault, variant }: Case) =>
      (fault === "no fault" || FAULT_FACTS[fault as Fault].fabrics.includes(SITES[fabric].fabric)) &&
      (variant !== "bgp off" || ENCAPSULATION_FACTS[encapsulation].routesBy !== "BIRD");
    assert.deepEqual(VARIED, COMBINATIONS.filter(isPossible));
  });

  const selected = SELECTION.filter((one) => inPairs(one) && VARIED.includes(one));
  // A fault of one node leaves the other nodes' paths as they are without it.
  const inQemu = SELECTION.filter(needsQemu);

  it(`is covered by CI's selection of ${SELECTION.length} of its ${MATRIX.length} cases: every varied pair of the fabrics aws, openstack and plain that occurs, and in QEMU each encapsulation and fabric once, and each fault that only IP in IP shows`, () => {
    const played = new Set([...selected.flatMap(pairsOf), ...[...selected, ...inQemu].flatMap(worthOf)]);
    const wanted = [...VARIED.filter(inPairs).filter((one) => !needsQemu(one)), ...EFFECTIVE.filter(inPairs)];
    assert.deepEqual(
      wanted.flatMap(worthOf).filter((pair) => !played.has(pair)),
      [],
    );
    assert.ok(SELECTION.length < MATRIX.length / 3, `${SELECTION.length}`);
    assert.deepEqual(SELECTION.filter((one) => !MATRIX.includes(one)).map(titleOf), []);
  });

  it("has every encapsulation on every fabric with every fault that changes something there, and every pair of values", () => {
    const triples = (cases: readonly Case[]) =>
      new Set(cases.map(({ encapsulation, fabric, fault }) => `${encapsulation} ${fabric} ${fault}`));
    const varied = MATRIX.filter((one) => VARIED.includes(one));
    assert.deepEqual(
      [...triples(EFFECTIVE)].filter((one) => !triples(varied).has(one)),
      [],
    );
    assert.deepEqual(pairsIn(varied), pairsIn(VARIED));
    assert.deepEqual(
      PLACED.filter((one) => !MATRIX.includes(one)),
      [],
    );
  });

  it("is covered in CI by cases whose fault changes something, wherever a pair has such a case", () => {
    const playing = [...selected.filter((one) => EFFECTIVE.includes(one)), ...inQemu];
    const played = new Set(playing.flatMap(worthOf));
    const wanted = EFFECTIVE.filter(inPairs).flatMap(worthOf);
    assert.deepEqual(
      wanted.filter((pair) => !played.has(pair)),
      [],
    );
  });

  it("is covered in CI by at least one case on each of the other fabrics", () => {
    const others = SELECTION.filter((one) => !inPairs(one));
    assert.deepEqual(others.map(titleOf).sort(), BY_FACT.map(titleOf).sort());
    assert.deepEqual(
      Object.keys(SITES).filter((site) => !SELECTION.some(({ fabric }) => fabric === site)),
      [],
    );
  });

  it("has in CI every fault of a single node, and few cases that need QEMU for one", () => {
    const namesIn = (cases: readonly Case[]) => [...new Set(cases.map(({ fault }) => fault))].sort();
    assert.deepEqual(namesIn(PLACED_SELECTION), namesIn(PLACED));
    for (const fault of OF_MATRIX.filter((name) => !FAULT_FACTS[name].onAllBecause))
      assert.ok(
        namesIn(PLACED_SELECTION).some((name) => name.startsWith(`${fault} on w2`)),
        fault,
      );
    const tunnelled = PLACED_SELECTION.filter(needsQemu);
    assert.deepEqual(namesIn(tunnelled), ["ipip-blocked on w2", "ipip-blocked on w2 (out)"]);
    assert.equal(tunnelled.length, 2);
  });

  it("gives the same selection on each run", () => {
    assert.deepEqual(selectPairs(), selected);
  });
});
