import assert from "node:assert/strict";
import * as fc from "fast-check";
import ipaddr from "ipaddr.js";
import {
  blockOf,
  contains,
  formatCidr,
  hasHostBits,
  overlap,
  parseCidr,
  sizeOf,
  toAddress,
  toNumber,
} from "../../components/plan";

const addresses = fc.ipV4();
const texts = fc.tuple(addresses, fc.integer({ min: 0, max: 32 })).map(([ip, prefix]) => `${ip}/${prefix}`);
/** Two ranges near each other: ranges drawn from all addresses hardly ever overlap. */
const neighbours = fc
  .tuple(
    fc.integer({ min: 0, max: 4095 }),
    fc.integer({ min: 0, max: 4095 }),
    fc.integer({ min: 20, max: 32 }),
    fc.integer({ min: 20, max: 32 }),
  )
  .map(
    ([a, b, p, q]) =>
      [
        parseCidr(`${toAddress(0x0a000000 + a)}/${p}`),
        parseCidr(`${toAddress(0x0a000000 + b)}/${q}`),
      ] as const,
  );

describe("addressing", () => {
  it("turns an address into a number and back", () => {
    assert.equal(toNumber("10.0.3.1"), 0x0a000301);
    assert.equal(toNumber("255.255.255.255"), 2 ** 32 - 1);
    fc.assert(fc.property(addresses, (address) => assert.equal(toAddress(toNumber(address)), address)));
  });

  it("finds the network of a range as ipaddr.js does", () => {
    fc.assert(
      fc.property(texts, (text) => {
        const network = ipaddr.IPv4.networkAddressFromCIDR(text).toString();
        assert.equal(formatCidr(parseCidr(text)), `${network}/${text.split("/")[1]}`);
      }),
    );
  });

  it("finds the last address of a range as ipaddr.js does", () => {
    fc.assert(
      fc.property(texts, (text) => {
        const cidr = parseCidr(text);
        const last = ipaddr.IPv4.broadcastAddressFromCIDR(text).toString();
        assert.equal(toAddress(cidr.first + sizeOf(cidr) - 1), last);
      }),
    );
  });

  it("tells whether an address is inside a range as ipaddr.js does", () => {
    fc.assert(
      fc.property(texts, addresses, fc.integer({ min: -2, max: 2 }), (text, far, step) => {
        const cidr = parseCidr(text);
        const edge = Math.min(Math.max(cidr.first + sizeOf(cidr) - 1 + step, 0), 2 ** 32 - 1);
        for (const number of [toNumber(far), edge]) {
          const expected = ipaddr.IPv4.parse(toAddress(number)).match(ipaddr.IPv4.parseCIDR(text));
          assert.equal(contains(cidr, number), expected);
        }
      }),
    );
  });

  it("finds an overlap exactly when one range contains the other's network, in either order", () => {
    fc.assert(
      fc.property(neighbours, ([a, b]) => {
        const wider = a.prefix <= b.prefix ? a : b;
        const narrower = wider === a ? b : a;
        const inside = ipaddr.IPv4.parse(toAddress(narrower.first)).match(
          ipaddr.IPv4.parseCIDR(formatCidr(wider)),
        );
        assert.equal(overlap(a, b), inside);
        assert.equal(overlap(b, a), inside);
      }),
    );
  });

  it("detects bits set after the prefix", () => {
    assert.equal(hasHostBits("10.0.3.0/24"), false);
    assert.equal(hasHostBits("10.0.3.1/24"), true);
    assert.equal(hasHostBits("10.0.3.1/32"), false);
    assert.equal(hasHostBits("0.0.0.0/0"), false);
    fc.assert(fc.property(texts, (text) => assert.equal(hasHostBits(formatCidr(parseCidr(text))), false)));
  });

  it("divides a pool into consecutive blocks", () => {
    const pool = parseCidr("172.16.0.0/16");
    assert.deepEqual(
      [0, 1, 5, 1023].map((i) => formatCidr(blockOf(pool, 26, i))),
      ["172.16.0.0/26", "172.16.0.64/26", "172.16.1.64/26", "172.16.255.192/26"],
    );
  });
});
