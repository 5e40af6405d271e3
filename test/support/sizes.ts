/** Labs of any size. */
import type { LabPlan } from "../../components/plan";
import { planOf, type RawConfig } from "./problems";

/** A lab of `size` nodes in two subnets. */
export function labOfSize(size: number, raw: RawConfig = {}): LabPlan {
  const names = Array.from({ length: size }, (_, i) => (i === 0 ? "cp1" : `w${i}`));
  const half = Math.ceil(size / 2);
  const topology = [
    { name: "a", cidr: "10.0.3.0/24", nodes: names.slice(0, half) },
    { name: "b", cidr: "10.0.4.0/24", nodes: names.slice(half) },
  ];
  return planOf({ topology, ...raw });
}
