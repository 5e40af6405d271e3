/** Which release of Calico runs. */
import type { Document } from "./documents";
import { type Facts, know } from "./facts";
import { maybe, object, text } from "./fields";
import { shaped } from "./shape";

const information = object({ spec: maybe(object({ calicoVersion: maybe(text()) })) });

/** Reads the ClusterInformation. */
export function readClusterInformation(document: Document, facts: Facts): void {
  const parsed = shaped(facts, document, information, "ClusterInformation");
  know(facts, "calico", parsed?.spec?.calicoVersion, document.at(["spec", "calicoVersion"]));
}
