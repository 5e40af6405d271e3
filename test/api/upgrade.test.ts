/** Every resource of a stack that version 0.1 made has a successor, so that an `up` replaces none. */
import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { EVERY_CLOUD } from "../support/answers";
import { MANIFEST } from "../support/calico-manifest";
import { type Fate, fateOf, registrationsOf } from "../support/registrations";

import program = require("../../index");

/** A stack of version 0.1: its config, and its resources as the engine names them, without the URN's first parts. */
interface Old {
  stack: string;
  config: Record<string, unknown>;
  resources: string[];
}
const OLD: Record<string, Old> = JSON.parse(
  readFileSync(join(__dirname, "../fixtures/resources-0.1.json"), "utf8"),
);

/** What was a component of its own inside another one, and is now that one. */
const INNER = "encaplab:hosts:ContainerHosts$encaplab:hosts:NodeContainers::containers";

/** New in this version: the host key of an existing machine, recorded at the first login, and a cluster's observation. */
const NEW = /\$pulumi-nodejs:dynamic\/encaplab:(HostKey|ClusterObservation)::/;

/**
 * Ranges of ports took the place of single rules between the nodes. The engine creates the new ones before it deletes the
 * old, and no cloud takes a range for the same rule as a port in it, so a lab that is up is never closed to itself.
 */
const FORMER_RULE = /(SecurityGroupIngressRule|SecGroupRule)::(api|kubelet|ssh-jump)$/;
const NEW_RULE = /(SecurityGroupIngressRule|SecGroupRule)::nodes-(tcp|udp)-\d+$/;

describe("a stack of version 0.1", function () {
  this.timeout(60_000);
  let files: string;
  const agent = process.env.SSH_AUTH_SOCK;

  before(() => {
    files = mkdtempSync(join(tmpdir(), "encaplab-upgrade-"));
    writeFileSync(join(files, "MANIFEST"), MANIFEST);
    writeFileSync(join(files, "KEY"), "-----BEGIN OPENSSH PRIVATE KEY-----\nx\n");
    writeFileSync(
      join(files, "IMAGES"),
      Buffer.concat([Buffer.alloc(257), Buffer.from("ustar"), Buffer.alloc(762)]),
    );
  });
  after(() => {
    rmSync(files, { recursive: true, force: true });
    if (agent !== undefined) process.env.SSH_AUTH_SOCK = agent;
  });

  async function upgrade({ stack, config, resources }: Old): Promise<Fate> {
    const text = JSON.stringify(config).replace(/"@([A-Z]+)@"/g, (_, name) =>
      JSON.stringify(join(files, name)),
    );
    const registrations = await registrationsOf(program, stack, JSON.parse(text), EVERY_CLOUD);
    const first = `urn:pulumi:${stack}::encaplab::`;
    return fateOf(
      stack,
      registrations,
      resources.map((resource) => first + resource),
    );
  }
  const shortened = (urns: readonly string[]) => urns.map((urn) => urn.split("::").slice(2).join("::"));

  for (const [name, old] of Object.entries(OLD)) {
    it(`keeps every resource in an up, and gets nothing new but the lab around them: ${name}`, async () => {
      const { kept, created, deleted, claimedTwice } = await upgrade(old);
      assert.deepEqual(
        shortened(deleted).filter((urn) => !FORMER_RULE.test(urn)),
        old.resources.includes(INNER) ? [INNER] : [],
      );
      assert.deepEqual(
        shortened(created).filter((urn) => !NEW.test(urn) && !NEW_RULE.test(urn)),
        ["encaplab:index:Lab::lab"],
      );
      assert.deepEqual(claimedTwice, []);
      assert.equal(kept.size, old.resources.length - deleted.length);
    });
  }

  it("would lose a resource whose alias is missing: the rule that this file checks by can fail", async () => {
    const old = OLD.local as Old;
    const registrations = await registrationsOf(program, old.stack, old.config, EVERY_CLOUD);
    const without = registrations.map((one) => (one.name === "sandbox" ? { ...one, aliases: [] } : one));
    const resources = old.resources.map((resource) => `urn:pulumi:${old.stack}::encaplab::${resource}`);
    assert.deepEqual(shortened(fateOf(old.stack, without, resources).deleted), [
      "encaplab:twin:Twin$pulumi-nodejs:dynamic/encaplab:Realm::realm",
    ]);
  });
});
