// Applies the fixes in the verdict as they say: a fix that is refused, does not help, or is missing fails here.
import assert from "node:assert/strict";
import * as fc from "fast-check";
import {
  CLOUDS,
  ConfigError,
  ENCAPSULATIONS,
  FABRICS,
  type FaultSetting,
  faultOf,
} from "../../components/config";
import { judge, type PathVerdict, rowKey } from "../../components/plan";
import { rawConfigs, rawExchanges } from "../support/arbitraries";
import { errorOf, planned, type RawConfig } from "../support/problems";
import { runs } from "../support/runs";

const settingsIn = (raw: RawConfig): readonly FaultSetting[] => raw.faults as FaultSetting[];

/** The values of a lab, or with the name of an IPPool of that pool. */
const inPool = (raw: RawConfig, name: string | undefined, values: RawConfig): RawConfig =>
  name === undefined
    ? values
    : {
        ipPools: (raw.ipPools as RawConfig[]).map((pool) =>
          pool.name === name ? { ...pool, ...values } : pool,
        ),
      };

/** Encapsulations, as {@link inPool} takes them. */
const encapsulations =
  (...names: string[]) =>
  ([, pool]: RegExpExecArray, raw: RawConfig) =>
    names.map((encapsulation) => inPool(raw, pool, { encapsulation }));

/** What a fix says about the config, as the values that a reader would set. */
const WAYS: [said: RegExp, values: (found: RegExpExecArray, raw: RawConfig) => RawConfig[]][] = [
  [
    /take (\S+) out of faults/,
    ([, fault], raw) => [{ faults: settingsIn(raw).filter((one) => faultOf(one) !== fault) }],
  ],
  [/set podRoutes: static/, () => [{ podRoutes: true }]],
  [/set podRoutes: bgp/, () => [{ podRoutes: "bgp" }]],
  [
    /set peering\.(\w+): (\w+)/,
    ([, key = "", value], raw) => [{ peering: { ...(raw.peering as object), [key]: value } }],
  ],
  [
    /put the pod CIDR into them \(link\.selectors: pods\)(, with podRoutes: static)?/,
    ([, routes], raw) => [
      { link: { ...(raw.link as object), selectors: "pods" }, ...(routes && { podRoutes: "static" }) },
    ],
  ],
  [
    /take the IPPool ([a-z0-9-]+) out(?: and set natOutgoing: true for the IPPool ([a-z0-9-]+))?,/,
    ([, gone, pool], raw) => {
      const ipPools = (raw.ipPools as RawConfig[]).filter(({ name }) => name !== gone);
      return [pool ? inPool({ ipPools }, pool, { natOutgoing: true }) : { ipPools }];
    },
  ],
  [
    /(?<!out and )set natOutgoing: true(?: for the IPPool ([a-z0-9-]+))?/,
    ([, pool], raw) => [inPool(raw, pool, { natOutgoing: true })],
  ],
  [
    /use a CrossSubnet encapsulation(?: for the IPPool ([a-z0-9-]+))?/,
    encapsulations("IPIPCrossSubnet", "VXLANCrossSubnet"),
  ],
  [/use VXLAN(?: for the IPPool ([a-z0-9-]+))?,/, encapsulations("VXLAN")],
  [/use IPIP or VXLAN(?: for the IPPool ([a-z0-9-]+))?,/, encapsulations("IPIP", "VXLAN")],
  [/use IPIP for the IPPool ([a-z0-9-]+),/, encapsulations("IPIP")],
];

/** Every config that the fix names. @throws {AssertionError} when the fix has an instruction that the table lacks. */
function configsNamed(fix: string, raw: RawConfig): RawConfig[] {
  const found = WAYS.flatMap(([said, values]) => {
    const matches = [...fix.matchAll(new RegExp(said, "g"))] as RegExpExecArray[];
    return matches.map((match) => ({ text: match[0], values: values(match, raw) }));
  });
  const rest = found.reduce((text, { text: known }) => text.replace(known, ""), fix);
  assert.doesNotMatch(
    rest,
    /\b(set|take|use) |\w: (true|false)\b/,
    `an instruction that this test does not know: ${fix}`,
  );
  return found.flatMap(({ values }) => values.map((one) => ({ ...raw, ...one })));
}

/** What the tests look at in a lab: why its config is refused, and otherwise where its pods are and what fails. */
interface Looked {
  refused?: string;
  pools: string;
  failing: readonly PathVerdict[];
}

function lookAgain(raw: RawConfig): Looked {
  const plan = planned(raw);
  if (plan instanceof ConfigError) return { refused: plan.message, pools: "", failing: [] };
  return {
    pools: plan.nodes.map(({ pool }) => pool).join(),
    failing: judge(plan).paths.filter(({ failure }) => failure),
  };
}

/** The labs that were looked at, by their config: the fixes of most rows of a lab lead to the same few. */
const known = new Map<string, Looked>();

function look(raw: RawConfig): Looked {
  const key = JSON.stringify(raw);
  const looked = known.get(key) ?? lookAgain(raw);
  known.set(key, looked);
  return looked;
}

function failingRows(raw: RawConfig): readonly PathVerdict[] {
  const { refused, failing } = look(raw);
  assert.equal(refused, undefined, JSON.stringify(raw));
  return failing;
}
const sameRow = (a: PathVerdict) => (b: PathVerdict) => rowKey(a) === rowKey(b) && a.probe === b.probe;

/** Applies every fix of a row, then every fix of the failure that remains, and so on, until the row works. */
function assertLeadsOut(raw: RawConfig, row: PathVerdict, stepsLeft: number): void {
  const { fix = "", cause } = row.failure ?? {};
  const story = `${rowKey(row)}, ${row.probe}: ${fix}\n${JSON.stringify(raw)}`;
  assert.ok(stepsLeft > 0, `too many fixes one after the other: ${story}`);
  for (const next of configsNamed(fix, raw)) {
    const { refused, pools, failing } = look(next);
    assert.equal(refused, undefined, `a fix that is refused: ${story}`);
    // Another encapsulation may change of which pool a new cluster takes its pods' addresses. Living pods keep theirs.
    if (pools !== look(raw).pools) continue;
    const after = failing.find(sameRow(row));
    if (!after) continue;
    assert.notEqual(after.failure?.cause, cause, `a fix that does not help: ${story}`);
    assertLeadsOut(next, after, stepsLeft - 1);
  }
}

describe("a fix in the verdict", () => {
  afterEach(() => known.clear());

  const clouds: RawConfig[] = [
    ...CLOUDS.map((name) => ({ cloud: name })),
    ...["aws", "openstack", "hosts"].map((name) => ({ cloud: name, rehearse: true })),
    { cloud: "hosts", hosts: { machines: "containers" } },
  ];
  const fabricsAt = ({ cloud }: RawConfig): RawConfig[] =>
    cloud === "aws" || cloud === "openstack" ? [{}] : FABRICS.map((fabric) => ({ fabric }));

  for (const cloud of clouds) {
    it(`makes the path work with one changed value in every lab without faults: ${JSON.stringify(cloud)}`, () => {
      for (const fabric of fabricsAt(cloud)) {
        for (const encapsulation of ENCAPSULATIONS) {
          for (const natOutgoing of [true, false]) {
            for (const calico of [{}, { calico: { install: "none" } }]) {
              const raw = { ...cloud, ...fabric, ...calico, encapsulation, natOutgoing };
              // On a tailnet a pod's packet needs routes, and its answer in IPIP another tunnel.
              const steps = (raw as RawConfig).fabric === "tailscale" ? 2 : 1;
              for (const row of failingRows(raw)) assertLeadsOut(raw, row, steps);
            }
          }
        }
      }
    });

    it(`suggests podRoutes: true where it is accepted, and the gateway's owner where it is refused: ${JSON.stringify(cloud)}`, () => {
      for (const encapsulation of ENCAPSULATIONS) {
        const raw = { ...cloud, encapsulation };
        const refused = errorOf({ ...raw, podRoutes: true }) !== undefined;
        for (const row of failingRows(raw)) {
          assert.equal(/set podRoutes: static/.test(row.failure?.fix ?? ""), !refused, JSON.stringify(raw));
          assert.equal(/have its owner/.test(row.failure?.fix ?? ""), refused, JSON.stringify(raw));
        }
      }
    });
  }

  it("does not suggest natOutgoing to a node that has lost the rule for it", () => {
    const raw: RawConfig = {
      cloud: "twin",
      fabric: "openstack",
      encapsulation: "IPIPCrossSubnet",
      natOutgoing: false,
      faults: ["port-security", "nat-missing"],
    };
    for (const row of failingRows(raw)) assertLeadsOut(raw, row, 3);
  });

  it("does not name IPIP where BIRD has no session between the two nodes, and so no route", () => {
    const raw: RawConfig = {
      cloud: "openstack",
      openstack: { backend: "ovs" },
      encapsulation: "IPIP",
      podRoutes: true,
      faults: [{ fault: "bgp-blocked", nodes: ["w2"] }],
    };
    for (const row of failingRows(raw)) assertLeadsOut(raw, row, 3);
  });

  it("does not name the gateway's routes where they are set, and the path fails all the same", () => {
    const raw: RawConfig = {
      cloud: "hosts",
      fabric: "tailscale",
      rehearse: "containers",
      encapsulation: "IPIP",
      podRoutes: true,
      faults: ["bgp-blocked"],
    };
    for (const row of failingRows(raw)) assertLeadsOut(raw, row, 4);
  });

  it("is accepted in any lab with any faults, and following the fixes one by one makes the path work", () => {
    fc.assert(
      fc.property(rawConfigs, fc.boolean(), (drawn, withCalico) => {
        // Pools are Calico's.
        const raw = withCalico ? drawn : { ...drawn, calico: { install: "none" }, ipPools: undefined };
        for (const row of failingRows(raw)) assertLeadsOut(raw, row, settingsIn(raw).length + 2);
      }),
      { numRuns: runs(50) },
    );
  });

  it("is accepted with reflectors and a router that speaks BGP, too, and following the fixes makes the path work", () => {
    fc.assert(
      fc.property(rawExchanges, (raw) => {
        for (const row of failingRows(raw)) assertLeadsOut(raw, row, settingsIn(raw).length + 3);
      }),
      { numRuns: runs(50) },
    );
  });

  it("is accepted with several IPPools, names the one that it is for, and following the fixes makes the path work", () => {
    fc.assert(
      fc.property(
        rawConfigs.filter(({ ipPools }) => ipPools !== undefined),
        (raw) => {
          for (const row of failingRows(raw)) assertLeadsOut(raw, row, settingsIn(raw).length + 4);
        },
      ),
      { numRuns: runs(30) },
    );
  });
});
