/** The machine between the subnets of a lab on machines: the step that runs BIRD there, in which order, and its reset. */
import assert from "node:assert/strict";
import type * as pulumi from "@pulumi/pulumi";
import { buildCluster, COMMAND } from "../support/cluster";
import { named, ofType, type Recorded, resolved } from "../support/mocks";

const waitsFor = async ({ opts }: Recorded): Promise<string[]> => {
  const all = [await resolved(opts.dependsOn as pulumi.Input<pulumi.Resource[]>)].flat();
  return Promise.all(all.map(async (one) => (await resolved(one.urn)).split("::").slice(-2).join(" ")));
};
const RESET = "pulumi-nodejs:dynamic/encaplab:HostReset";

describe("a cluster with a machine between its subnets", () => {
  const build = () => buildCluster({ encapsulation: "None", podRoutes: "bgp" });

  it("runs BIRD there before the cluster begins, with every node as a peer of its address in the node's subnet", async () => {
    const { resources } = await build();
    const step = named(resources, COMMAND, "router-router");
    const stdin = String(step.props.stdin);
    assert.ok(stdin.includes("SUBNETS='10.0.3.0/24 10.0.3.1\n10.0.4.0/24 10.0.4.254'"));
    assert.match(
      stdin,
      /Node_10_0_4_10 from nodes \{ local 10\.0\.4\.254 as 64512; neighbor 10\.0\.4\.10 as 64512;/,
    );
    assert.equal(step.props.connection.host, "192.0.2.1");
    assert.equal(step.props.connection.user, "admin");
    const init = await waitsFor(named(resources, COMMAND, "init-cp1"));
    assert.ok(
      init.some((one) => one.endsWith(" router-router")),
      init.join(),
    );
  });

  it("gives the nodes that address as their peer", async () => {
    const { resources } = await build();
    const peers = resources.flatMap(({ props }) => (props.kind === "BGPPeer" ? [props.spec.peerIP] : []));
    assert.deepEqual(peers, ["10.0.3.1", "10.0.4.254"]);
  });

  it("records its use before anything logs in to change it, and undoes the step's work in the end", async () => {
    const { resources } = await build();
    const reset = named(resources, RESET, "router");
    assert.equal(reset.props.step, "router");
    assert.equal("step" in named(resources, RESET, "w1").props, false);
    const reachable = named(resources, "pulumi-nodejs:dynamic/encaplab:Reachable", "router");
    assert.ok((await waitsFor(reachable)).some((one) => one.endsWith(":HostReset router")));
    assert.ok(
      (await waitsFor(named(resources, COMMAND, "router-router"))).some((one) =>
        one.endsWith(":Reachable router"),
      ),
    );
    // A machine that does not answer must not block a destroy, as a Command's delete would.
    assert.equal(named(resources, COMMAND, "router-router").props.delete, undefined);
  });

  it("has no such step where the lab does not use it", async () => {
    const { resources } = await buildCluster({ encapsulation: "None" });
    assert.deepEqual(
      ofType(resources, COMMAND).filter(({ name }) => name.startsWith("router")),
      [],
    );
  });
});
