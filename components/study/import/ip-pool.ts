/** An IPPool, of `projectcalico.org/v3` as calicoctl prints it, or of `crd.projectcalico.org/v1`. */
import { z } from "zod";
import { encapsulationOf } from "../../plan";
import type { Document } from "./documents";
import type { Facts } from "./facts";
import { between, flag, list, maybe, object, range, text } from "./fields";
import { shaped } from "./shape";

const MODES = ["Always", "CrossSubnet", "Never"] as const;

/** The mode of a tunnel; undefined if it is none. Older releases also write it in lower case, or with a dash. */
export const modeIn = (given: string): (typeof MODES)[number] | undefined =>
  MODES.find((one) => one.toLowerCase() === given.toLowerCase().replace("-", ""));

/** An empty mode is `Never`. */
const mode = () =>
  maybe(
    z
      .string({ error: `must be one of ${MODES.join(", ")}` })
      .transform((given) => modeIn(given) ?? given)
      .transform((given) => (given === "" ? "Never" : given))
      .pipe(z.enum(MODES, { error: `must be one of ${MODES.join(", ")}` })),
  );

const ipPool = object({
  metadata: object({ name: text() }),
  spec: object({
    cidr: range(),
    blockSize: maybe(between(20, 128)),
    ipipMode: mode(),
    vxlanMode: mode(),
    natOutgoing: maybe(flag()),
    disabled: maybe(flag()),
    disableBGPExport: maybe(flag()),
    nodeSelector: maybe(text()),
    allowedUses: maybe(list(text())),
  }),
});

/** Reads an IPPool. Its defaults are those of the API: no tunnel, no NAT, blocks of /26. */
export function readIpPool(document: Document, facts: Facts): void {
  const pool = shaped(facts, document, ipPool, "IPPool");
  if (!pool) return;
  const { name } = pool.metadata;
  const {
    cidr,
    blockSize = 26,
    ipipMode = "Never",
    vxlanMode = "Never",
    nodeSelector,
    allowedUses,
  } = pool.spec;
  const source = document.at(["spec"]);
  const list = (what: string, key: string) =>
    facts.notExpressed.push({ what: `IPPool ${name}: ${what}`, source: document.at(["spec", key]) });
  if (cidr.includes(":")) {
    list(`its range ${cidr} is IPv6`, "cidr");
    return;
  }
  if (ipipMode !== "Never" && vxlanMode !== "Never") {
    const message = `IPPool ${name} has ipipMode ${ipipMode} and vxlanMode ${vxlanMode}: one of them must be Never`;
    facts.problems.push({ source: document.at(["spec", "vxlanMode"]), message });
    return;
  }
  facts.pools.push({
    name,
    cidr,
    blockSize,
    encapsulation: encapsulationOf({ ipipMode, vxlanMode }),
    natOutgoing: pool.spec.natOutgoing ?? false,
    exportsDisabled: pool.spec.disableBGPExport ?? false,
    disabled: pool.spec.disabled ?? false,
    ...(nodeSelector && { nodeSelector }),
    ...(allowedUses && { allowedUses }),
    rank: 0,
    source,
  });
}
