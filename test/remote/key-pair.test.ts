/** SSH key pairs: every program can read them. */
import assert from "node:assert/strict";
import { utils } from "ssh2";
import { newKeyPair } from "../../components/remote/key-pair";

describe("a new key pair", () => {
  const generate = utils.generateKeyPairSync;
  afterEach(() => {
    utils.generateKeyPairSync = generate;
  });

  it("is made again when ssh2 has dropped a zero byte of it, as it does with one of 256", () => {
    // Of the public key, in the middle of both halves: what a program then reads is a byte short.
    const broken = () => {
      for (;;) {
        const pair = generate("ed25519");
        if (utils.parseKey(pair.private) instanceof Error) return pair;
      }
    };
    const made = [broken(), generate("ed25519")];
    utils.generateKeyPairSync = (() => made.shift()) as typeof generate;
    const { privateKey, publicKey } = newKeyPair("lab");
    assert.equal(made.length, 0);
    const [own, shown] = [utils.parseKey(privateKey), utils.parseKey(publicKey)];
    assert.ok(!(own instanceof Error) && !(shown instanceof Error));
    assert.deepEqual(own.getPublicSSH(), shown.getPublicSSH());
    // The lengths, the type's name and 32 bytes of key.
    assert.equal(own.getPublicSSH().length, 4 + "ssh-ed25519".length + 4 + 32);
  });

  it("is of Ed25519, in OpenSSH's format, with the comment as the last word", () => {
    const { privateKey, publicKey } = newKeyPair("encaplab");
    assert.match(privateKey, /^-----BEGIN OPENSSH PRIVATE KEY-----\n/);
    assert.match(publicKey, /^ssh-ed25519 \S+ encaplab$/);
  });
});
