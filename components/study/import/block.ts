/** The blocks of Calico's IPAM: which node has which. */
import { z } from "zod";
import type { Document } from "./documents";
import type { Facts } from "./facts";
import { maybe, object, range, text } from "./fields";
import { shaped } from "./shape";

const block = object({
  spec: object({
    cidr: range(),
    affinity: maybe(text()),
    node: maybe(text()),
    state: maybe(text()),
    deleted: maybe(z.unknown()),
  }),
});

/** Reads an IPAMBlock or a BlockAffinity. */
export function readBlock(document: Document, facts: Facts): void {
  const parsed = shaped(facts, document, block, "IPAM block");
  if (!parsed) return;
  const { cidr, affinity, node = affinity?.replace(/^host:/, "") } = parsed.spec;
  if (cidr.includes(":") || node === undefined) return;
  facts.blocks.push({ cidr, node, source: document.at(["spec"]) });
}
