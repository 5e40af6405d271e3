/** The parts of a proposal, and the numbers that IKE gives to its groups. */
import assert from "node:assert/strict";
import {
  cipherParts,
  GROUP_NUMBERS,
  isGcm,
  proposalParts,
  withoutGroup,
} from "../../components/plan/proposal";

describe("a proposal", () => {
  it("has a cipher, a hash and a group, of which it may lack two", () => {
    assert.deepEqual(proposalParts("aes128-sha256-modp2048"), {
      cipher: "aes128",
      hash: "sha256",
      group: "modp2048",
    });
    assert.deepEqual(proposalParts("aes256-sha512"), { cipher: "aes256", hash: "sha512", group: "" });
    assert.deepEqual(proposalParts("aes256gcm16"), { cipher: "aes256gcm16", hash: "", group: "" });
    assert.deepEqual(proposalParts("aes256gcm16-modp1024"), {
      cipher: "aes256gcm16",
      hash: "",
      group: "modp1024",
    });
  });

  it("of AES-GCM in IKE has a pseudo-random function in the place of the hash", () => {
    assert.deepEqual(proposalParts("aes256gcm16-prfsha384-modp3072"), {
      cipher: "aes256gcm16",
      hash: "sha384",
      group: "modp3072",
    });
  });

  it("may be told without its group", () => {
    assert.equal(withoutGroup("aes128-sha256-modp2048"), "aes128-sha256");
    assert.equal(withoutGroup("aes256gcm16-modp1024"), "aes256gcm16");
    assert.equal(withoutGroup("aes128-sha256"), "aes128-sha256");
  });

  it("says the bits of its key, and of AES-GCM the bytes of its check value", () => {
    assert.deepEqual(cipherParts("aes128"), { bits: 128 });
    assert.deepEqual(cipherParts("aes192gcm12"), { bits: 192, gcm: 12 });
    assert.deepEqual(["aes128", "aes256", "aes128gcm16", "aes256gcm8"].map(isGcm), [
      false,
      false,
      true,
      true,
    ]);
  });

  it("has a group with a number (RFC 2409, 6.2; RFC 3526)", () => {
    assert.deepEqual(GROUP_NUMBERS, {
      modp1024: 2,
      modp1536: 5,
      modp2048: 14,
      modp3072: 15,
      modp4096: 16,
    });
  });
});
