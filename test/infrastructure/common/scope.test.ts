/** Where a cloud's provider is, which must exist before the cloud's component. */
import assert from "node:assert/strict";
import * as pulumi from "@pulumi/pulumi";
import { besideComponent } from "../../../components/infrastructure/common";

describe("a cloud's provider", () => {
  it("is beside the component, also where the component was in an earlier version", () => {
    const parent = pulumi.rootStackResource;
    const aliases = [
      { parent },
      { name: "old" },
      "urn:pulumi:s::p::encaplab:aws:Aws::old",
      { parent, name: "old" },
    ];
    assert.deepEqual(besideComponent({ parent, aliases }), { parent, aliases: [{ parent }] });
  });

  it("is at the top of the stack if the component is", () => {
    assert.deepEqual(besideComponent(), { parent: undefined, aliases: [] });
  });
});
