import assert from "node:assert/strict";
import * as fc from "fast-check";
import { ENCAPSULATIONS, FAULTS, nearest, suggestion } from "../../components/config";

describe("the nearest name", () => {
  it("is found whatever the capitals, hyphens and underscores", () => {
    assert.equal(nearest("vxlan", ENCAPSULATIONS), "VXLAN");
    assert.equal(nearest("ipip-cross-subnet", ENCAPSULATIONS), "IPIPCrossSubnet");
    assert.equal(nearest("BGP_Blocked", FAULTS), "bgp-blocked");
  });

  it("is found with a letter wrong, missing, too many or swapped", () => {
    assert.equal(nearest("VXLAM", ENCAPSULATIONS), "VXLAN");
    assert.equal(nearest("VXLN", ENCAPSULATIONS), "VXLAN");
    assert.equal(nearest("VXLANN", ENCAPSULATIONS), "VXLAN");
    assert.equal(nearest("VXALN", ENCAPSULATIONS), "VXLAN");
    assert.equal(nearest("mtu-to-big", FAULTS), "mtu-too-big");
  });

  it("is none for another word, for what is not text, and for a very long text", () => {
    for (const typed of ["GRE", "", "wireguard", 5, null, ["VXLAN"], "VXLAN".repeat(1000)])
      assert.equal(nearest(typed, ENCAPSULATIONS), undefined, String(typed).slice(0, 20));
  });

  it("is the name itself for every name", () => {
    for (const name of [...ENCAPSULATIONS, ...FAULTS])
      assert.equal(nearest(name, [...ENCAPSULATIONS, ...FAULTS]), name);
  });

  it("is always one of the names", () => {
    fc.assert(
      fc.property(fc.string(), (typed) => {
        const name = nearest(typed, FAULTS);
        assert.ok(name === undefined || FAULTS.includes(name));
      }),
    );
  });

  it("ends an error message, which is unchanged without it", () => {
    assert.equal(suggestion("vxlan", ENCAPSULATIONS), "; did you mean VXLAN?");
    assert.equal(suggestion("GRE", ENCAPSULATIONS), "");
  });
});
