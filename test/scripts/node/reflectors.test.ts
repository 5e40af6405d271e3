// reflectors.sh: which nodes get the label and the cluster ID, and which lose them.
import assert from "node:assert/strict";
import { Sandbox } from "../../support/node-sandbox";

describe("reflectors.sh", () => {
  let sandbox: Sandbox;
  beforeEach(() => {
    sandbox = new Sandbox();
  });
  afterEach(() => sandbox.remove());

  const VALUES = { NODES: "w1\nw2", LABEL: "route-reflector", CLUSTER_ID: "244.0.0.1" };

  /** What kubectl is asked to change, where these nodes have the label. */
  async function changes(labelled: readonly string[], action: "create" | "delete" = "create") {
    sandbox.command(
      "kubectl",
      `case "$*" in
         *"get nodes"*) printf '%s\\n' ${labelled.join(" ") || "''"} ;;
         *" label "* | *" annotate "*) echo "$*" >>${sandbox.path("calls")} ;;
       esac`,
    );
    sandbox.write("calls", "");
    const ran = await sandbox.run("reflectors", VALUES, { action });
    assert.equal(ran.status, 0, ran.stderr);
    return sandbox
      .read("calls")
      .trim()
      .split("\n")
      .map((line) => line.replace(/.* (label|annotate) node /, "$1 ").replace(" --overwrite", ""));
  }

  it("gives each reflector its cluster ID and the label that the BGPPeer selects", async () => {
    assert.deepEqual(await changes([]), [
      "annotate w1 projectcalico.org/RouteReflectorClusterID=244.0.0.1",
      "label w1 route-reflector=true",
      "annotate w2 projectcalico.org/RouteReflectorClusterID=244.0.0.1",
      "label w2 route-reflector=true",
    ]);
  });

  it("takes both from a node that is no reflector any more, and from no other", async () => {
    const all = await changes(["w1", "w3"]);
    assert.deepEqual(all.slice(0, 2), [
      "label w3 route-reflector-",
      "annotate w3 projectcalico.org/RouteReflectorClusterID-",
    ]);
    assert.equal(all.length, 6);
  });
});
