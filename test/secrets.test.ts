// Where secrets must not be: in messages, in files that git tracks, in advice.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { inspect } from "node:util";
import { CliCheckout } from "./support/cli-checkout";
import { errorOf } from "./support/problems";
import { REPOSITORY } from "./support/repository";
import { stackNames } from "./support/stacks";

const KEY =
  "-----BEGIN OPENSSH PRIVATE KEY-----\nb3BlbnNzaC1rZXktdjEAAAAABG5vbmUAAAAE\n-----END OPENSSH PRIVATE KEY-----";

describe("secrets", function () {
  this.timeout(60_000);

  const config = (hosts: unknown) => ({ cloud: "hosts", hosts });
  for (const [what, hosts, secret] of [
    ["is not one", { privateKey: "hunter2hunter2" }, "hunter2"],
    ["has a misspelt name", { privatekey: "hunter2hunter2" }, "hunter2"],
    ["has another name", { key: KEY }, "b3Blbn"],
    ["is in a list", { machines: [{ name: "cp1", key: KEY }] }, "b3Blbn"],
    ["is the whole section", KEY, "b3Blbn"],
    ["is in a section of the wrong kind", [{ privateKey: "hunter2hunter2" }], "hunter2"],
  ] as const)
    it(`a key that ${what} is in no message, and in no property of the error`, () => {
      const error = errorOf(config(hosts));
      assert.ok(error);
      assert.doesNotMatch(inspect(error, { depth: null }), new RegExp(secret));
    });

  it("other values of a wrong config are still shown", () => {
    assert.match(String(errorOf({ aws: { regionn: "x" }, mtu: 100 })), /mtu is 100: .*/);
  });

  it("a bad key is shown by no command", async () => {
    const checkout = new CliCheckout().withStandIn();
    try {
      checkout.write(
        "stacks/Pulumi.bad.yaml",
        "config:\n  encaplab:cloud: aws\n  encaplab:hosts:\n    privateKey: hunter2hunter2\n",
      );
      for (const words of [["leftovers"], ["verdict"], ["up"], ["check"], ["status"]]) {
        const { status, stdout, stderr } = await checkout.launch(...words, "bad");
        assert.doesNotMatch(`${stdout}${stderr}`, /hunter2/, words[0]);
        assert.doesNotMatch(stderr, /^ +at /m);
        if (words[0] !== "status") assert.equal(status, 2, stderr);
      }
    } finally {
      checkout.remove();
    }
  });

  it("of a lab that are saved beside the checkout's files are ignored by git", () => {
    const files = ["kubeconfig", "kubeconfig-aws", "kubeconfig.yaml", "aws.kubeconfig", "aws.key", "aws.pem"];
    const said = execFileSync("git", ["check-ignore", ...files], { cwd: REPOSITORY, encoding: "utf8" });
    assert.deepEqual(said.trim().split("\n"), files);
  });

  it("are not advised into a stack file, which git tracks", () => {
    for (const stack of stackNames()) {
      const text = readFileSync(join(REPOSITORY, "stacks", `Pulumi.${stack}.yaml`), "utf8");
      assert.doesNotMatch(text, /--secret|privateKey(?!File)/, stack);
    }
    for (const file of ["README.md", "Pulumi.yaml", "stacks/schema.json"])
      assert.doesNotMatch(
        readFileSync(join(REPOSITORY, file), "utf8"),
        /config set[^\n]*--secret|with `--secret`/,
        file,
      );
  });
});
