import assert from "node:assert/strict";
import * as fc from "fast-check";
import { renderNetwork } from "../../../components/infrastructure/twin/network";
import { planLab } from "../../../components/plan";
import { labConfigs } from "../../support/arbitraries";
import { changed, planOf } from "../../support/problems";

describe("the network's state", () => {
  it("has a bridge and a gateway interface for each subnet", () => {
    const { build } = renderNetwork(planOf({}));
    assert.equal(build.match(/link add subnet\d type bridge .*\nlink set subnet\d mtu 1500$/gm)?.length, 2);
    assert.match(build, /addr add 10\.0\.3\.1\/24 dev eth0/);
    assert.match(build, /addr add 10\.0\.4\.1\/24 dev eth1/);
  });

  it("has routes to pods only with podRoutes", () => {
    assert.deepEqual(renderNetwork(planOf({})).routes, [
      "default via 203.0.113.10",
      "blackhole 172.16.0.0/16",
    ]);
    assert.deepEqual(renderNetwork(planOf({ podRoutes: true })).routes.slice(2), [
      "172.16.0.0/26 via 10.0.3.10",
      "172.16.0.64/26 via 10.0.3.11",
      "172.16.0.128/26 via 10.0.4.10",
      "172.16.0.192/26 via 10.0.4.11",
    ]);
  });

  it("translates the nodes' addresses, but not the pods'", () => {
    const { masquerade } = renderNetwork(planOf({}));
    assert.match(masquerade, /ip saddr \{ 10\.0\.3\.0\/24, 10\.0\.4\.0\/24 \} masquerade/);
    assert.doesNotMatch(masquerade, /172\.16/);
  });

  it("is the same for every encapsulation, so that a switch never touches it", () => {
    fc.assert(
      fc.property(labConfigs, (config) => {
        // Of several pools, another one may then have the addresses of tunnels, to whose blocks static routes lead.
        const routes = config.ipPools ? { podRoutes: "none" as const } : {};
        const stateWith = (encapsulation: "VXLAN" | "IPIP") =>
          renderNetwork(planLab(changed(config, { encapsulation, bgp: undefined, ...routes })));
        const [one, two] = [stateWith("VXLAN"), stateWith("IPIP")];
        assert.deepEqual(one, two);
      }),
    );
  });
});
