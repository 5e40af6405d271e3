/** The cases of the matrix: what is varied, and the failure message that shows what disagreed. */
import assert from "node:assert/strict";
import { type Encapsulation, FAULTS, type Fabric } from "../../components/config";
import { FAULT_FACTS, type LabPlan } from "../../components/plan";
import { formatObservation, type Observation } from "../../components/study";
import { planOf, type RawConfig } from "./problems";
import type { TwinUnderTest } from "./twin";

export interface Case {
  title: string;
  plan: LabPlan;
}

/** One subnet of three, where CrossSubnet and None are alike. */
const ONE_SUBNET = [{ name: "a", cidr: "10.100.200.0/24", nodes: ["cp1", "w1", "w2"] }];

/** What may differ besides encapsulation, fabric and fault; each is played in every mode on every fabric. */
export const VARIANTS: Record<string, RawConfig> = {
  "natOutgoing off": { natOutgoing: false },
  podRoutes: { podRoutes: true },
  "podRoutes, natOutgoing off": { podRoutes: true, natOutgoing: false },
  "one subnet": { topology: ONE_SUBNET, serviceCidr: "10.96.0.0/16" },
  "mtu 1400": { mtu: 1400 },
  "blocks of /28": { blockSize: 28, podCidr: "10.200.0.0/20" },
};

/** No fault, then each that the fabric can have. */
export const faultCases = (encapsulation: Encapsulation, fabric: Fabric, raw: RawConfig = {}): Case[] => [
  caseOf(encapsulation, fabric, "no fault", raw),
  ...FAULTS.filter((fault) => FAULT_FACTS[fault].fabrics.includes(fabric)).map((fault) =>
    caseOf(encapsulation, fabric, fault, { ...raw, faults: [fault] }),
  ),
];

/** Every variant, and those that let pod addresses onto the wire also with the rule for them closed. */
export const variantCases = (encapsulation: Encapsulation, fabric: Fabric): Case[] => {
  const blocked = FAULT_FACTS["pod-cidr-blocked"].fabrics.includes(fabric) ? ["pod-cidr-blocked"] : [];
  const variants = Object.entries({
    ...VARIANTS,
    ...(encapsulation.startsWith("VXLAN") && { "bgp Enabled": { bgp: "Enabled" } }),
  });
  return variants.flatMap(([name, raw]) => [
    caseOf(encapsulation, fabric, name, raw),
    ...blocked
      .filter(() => name.startsWith("podRoutes"))
      .map((fault) => caseOf(encapsulation, fabric, `${name}, ${fault}`, { ...raw, faults: [fault] })),
  ]);
};

const caseOf = (encapsulation: Encapsulation, fabric: Fabric, name: string, raw: RawConfig): Case => ({
  title: `${encapsulation} on ${fabric}: ${name}`,
  plan: planOf({ ...raw, encapsulation, fabric }),
});

/** Brings the twin to the case in place, and holds every packet against the verdict. */
export async function play(twin: TwinUnderTest, { title, plan }: Case): Promise<Observation> {
  await twin.bring(plan);
  const seen = await twin.observe(plan);
  assert.ok(seen.agrees && seen.unsettled.length === 0, `${title}\n${formatObservation(seen)}`);
  // What was not measured would agree with nothing: every row has its pairs and its packet on the wire.
  assert.ok(seen.rows.length > 0 && seen.rows.every(({ pairs, agrees }) => pairs > 0 && agrees), title);
  return seen;
}
