import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as pulumi from "@pulumi/pulumi";
import { utils } from "ssh2";
import { parse } from "yaml";
import { cloudInit } from "../../../components/infrastructure/common/cloud-init";
import { sshCommand } from "../../../components/infrastructure/common/key";
import { keyPair } from "../../../components/infrastructure/common/providers";
import { resolved, startMocks } from "../../support/mocks";

describe("a key pair", () => {
  it("is Ed25519 in OpenSSH's format, and a real ssh-keygen finds the public key in the private one", async () => {
    const { privateKey, publicKey } = await keyPair.create({});
    assert.match(
      privateKey,
      /^-----BEGIN OPENSSH PRIVATE KEY-----\n[\s\S]+\n-----END OPENSSH PRIVATE KEY-----\n$/,
    );
    assert.match(publicKey, /^ssh-ed25519 AAAA\S+ encaplab$/);
    const folder = mkdtempSync(join(tmpdir(), "encaplab-key-"));
    try {
      const file = join(folder, "key");
      writeFileSync(file, privateKey, { mode: 0o600 });
      assert.equal(execFileSync("ssh-keygen", ["-y", "-f", file], { encoding: "utf8" }).trim(), publicKey);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  // One of 256 is not: ssh2 drops a zero byte at the beginning of the public key.
  it("is readable each of a thousand times", async () => {
    for (let i = 0; i < 1000; i++) {
      const { privateKey, publicKey } = await keyPair.create({});
      const parsed = utils.parseKey(privateKey);
      assert.ok(!(parsed instanceof Error), String(parsed));
      const [, base64 = ""] = publicKey.split(" ");
      assert.equal(parsed.getPublicSSH().toString("base64"), base64);
      // The type and 32 bytes, each after its length (RFC 8709).
      assert.equal(Buffer.from(base64, "base64").length, 4 + "ssh-ed25519".length + 4 + 32);
    }
  });

  it("differs from every other key pair, and is never renewed", async () => {
    const made = await keyPair.create({});
    assert.notEqual((await keyPair.create({})).publicKey, made.publicKey);
    assert.equal(await keyPair.changed({}, made), false);
    assert.deepEqual(await keyPair.update({}, made), made);
  });
});

describe("the user data for the first boot", () => {
  before(() => startMocks());
  const hostKey = {
    privateKey: pulumi.secret(
      "-----BEGIN OPENSSH PRIVATE KEY-----\nb3Bl\n-----END OPENSSH PRIVATE KEY-----\n",
    ),
    publicKey: pulumi.output("ssh-ed25519 AAAA encaplab"),
  };

  it("contains the machine's name and its host key, and is secret", async () => {
    const text = cloudInit("w1", hostKey);
    assert.equal(await pulumi.isSecret(text), true);
    const [first, ...rest] = (await resolved(text)).split("\n");
    assert.equal(first, "#cloud-config");
    const config = parse(rest.join("\n"));
    assert.equal(config.hostname, "w1");
    assert.deepEqual(config.ssh_keys, {
      ed25519_private: await resolved(hostKey.privateKey),
      ed25519_public: "ssh-ed25519 AAAA encaplab",
    });
  });

  it("has the same text at every preview", async () => {
    assert.equal(await resolved(cloudInit("w1", hostKey)), await resolved(cloudInit("w1", hostKey)));
  });
});

describe("the command to log in", () => {
  before(() => startMocks());
  const privateKey = pulumi.secret("private");
  const connection = { host: pulumi.output("198.51.100.7"), port: 22, user: "ubuntu", privateKey };

  it("contains the key file, the user and the host", async () => {
    assert.equal(await resolved(sshCommand(connection, "aws.key")), "ssh -i aws.key ubuntu@198.51.100.7");
  });

  it("contains no key file when the user's agent has the key, and the port if it is not 22", async () => {
    const own = { ...connection, privateKey: undefined, port: 2222 };
    assert.equal(await resolved(sshCommand(own, "aws.key")), "ssh -p 2222 ubuntu@198.51.100.7");
  });

  it("goes over a jump host, with the key file for both", async () => {
    const behind = { ...connection, host: "10.0.3.11", jump: connection };
    assert.equal(
      await resolved(sshCommand(behind, "os.key")),
      'ssh -i os.key -o ProxyCommand="ssh -i os.key ubuntu@198.51.100.7 -W %h:%p" ubuntu@10.0.3.11',
    );
  });

  it("is not secret, because it contains the path of the key and not the key", async () => {
    assert.equal(await pulumi.isSecret(sshCommand(connection, "aws.key")), false);
  });
});
