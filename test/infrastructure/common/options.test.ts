/** The resources of every cloud: what holds for all of them, in every mode and with every fault. */
import assert from "node:assert/strict";
import { type Built, CLOUDS, everyMode, ownKeys, without } from "../../support/clouds";
import { named, ofType, type Recorded } from "../../support/mocks";

for (const under of CLOUDS) {
  const { cloud, component, instance, rule, keyPair, antiSpoofing, build, shownName } = under;

  describe(`the resources of ${cloud}, in every mode with every fault`, function () {
    this.timeout(120_000);
    let built: Built[];
    before(async () => {
      built = await everyMode(under);
    });

    it("are all children of the component, created in its constructor", () => {
      for (const { title, recording } of built) {
        assert.deepEqual(recording.late, [], title);
        const [first, ...children] = recording.resources;
        assert.equal(first?.type, component);
        for (const { name, opts } of children)
          assert.equal(opts.parent, first?.resource, `${title}: ${name}`);
      }
    });

    it("are all created before the component registers its outputs, which it does once", () => {
      for (const { title, recording } of built)
        assert.deepEqual(
          recording.outputs.map(({ after }) => after),
          [recording.resources.length],
          title,
        );
    });

    it("never replace or restart a machine: a mode or a fault changes only rules and the check of addresses", () => {
      const rest = ({ recording }: Built) =>
        recording.resources
          .filter(({ type }) => type !== rule)
          .map(({ type, name, props }) => ({
            type,
            name,
            props: type === antiSpoofing.type ? without(props, antiSpoofing.input) : props,
          }));
      for (const one of built) assert.deepEqual(rest(one), rest(built[0] as Built), one.title);
    });

    it("never change a rule in place: a name stands for the same rule in every mode", () => {
      const rules = new Map<string, Recorded["props"]>();
      for (const { title, recording } of built) {
        for (const { name, props } of ofType(recording.resources, rule)) {
          const known = rules.get(name) ?? props;
          assert.deepEqual(props, known, `${title}: ${name}`);
          rules.set(name, known);
        }
      }
      assert.ok(rules.size > 5);
    });

    it("mark user data and private keys as secret", () => {
      for (const { recording } of built) {
        for (const { secrets } of ofType(recording.resources, instance))
          assert.deepEqual(secrets, ["userData"]);
        const keys = ownKeys(recording.resources);
        assert.ok(keys.length > 1);
        for (const { opts } of keys) assert.deepEqual(opts.additionalSecretOutputs, ["privateKey"]);
      }
    });

    it("have the host key of their machine in every connection, before the first login", () => {
      for (const { recording } of built)
        for (const { name, connection } of recording.result.nodes) assert.ok(connection.hostKey, name);
    });

    it("begin with the prefix, and keep the names that the cloud shows", async () => {
      const [plain, prefixed] = [
        await build({ podRoutes: true }),
        await build({ podRoutes: true }, { prefix: "study-" }),
      ];
      const names = ({ resources }: typeof plain, prefix: string) =>
        resources.slice(1).map((one) => [one.type, `${prefix}${one.name}`, shownName(one)]);
      // The key pair's name on OpenStack contains a digest of the key, which the mocks derive from the resource's name.
      const shown = (list: ReturnType<typeof names>) => list.filter(([type]) => type !== keyPair);
      assert.deepEqual(shown(names(prefixed, "")), shown(names(plain, "study-")));
      assert.match(`${ofType(prefixed.resources, keyPair)[0]?.name}`, /^study-/);
    });
  });

  describe(`the choices of a stack on ${cloud}`, () => {
    it("use the user's own public key, without a private key in the state", async () => {
      const publicKey = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIHkun8 ada";
      const { resources, result } = await build({ [cloud]: { publicKey, user: "rocky" } });
      assert.equal(ofType(resources, keyPair)[0]?.props.publicKey, publicKey);
      assert.ok(!ownKeys(resources).some(({ name }) => name === "login"));
      assert.equal(result.ownKey, undefined);
      assert.equal(result.nodes[0]?.connection.privateKey, undefined);
      assert.equal(result.nodes[0]?.connection.user, "rocky");
    });

    it("set the tags owner and expiry, with the expiry counted from the beginning", async () => {
      const { resources } = await build({ [cloud]: { owner: "grace", ttl: "8h" } });
      const tags = JSON.stringify(named(resources, instance, "cp1").props.tags);
      assert.match(tags, /owner["=:]+grace/);
      assert.match(tags, /expiry["=:]+2026-01-01T08:00:00Z/);
    });
  });
}
