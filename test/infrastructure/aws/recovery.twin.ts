/** The throw-away stack that deletes what a state does not know, with the real engine and a stand-in for the provider. */
import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { deleteByProvider } from "../../../components/infrastructure/aws/recovery";
import { engineFolder } from "../../support/engine";
import { REPOSITORY } from "../../support/repository";

const THINGS = [
  { kind: "instance", type: "aws:ec2/instance:Instance", id: "i-1" },
  { kind: "route", type: "aws:ec2/route:Route", id: "rtb-1_0.0.0.0/0" },
  { kind: "subnet", type: "aws:ec2/subnet:Subnet", id: "subnet-1" },
  { kind: "vpc", type: "aws:ec2/vpc:Vpc", id: "vpc-1" },
].map((one) => ({ ...one, command: `aws ec2 delete ${one.id}` }));

describe("what is unknown to a state on AWS", function () {
  this.timeout(120_000);
  const before = { ...process.env };
  let folder: string;
  let file: string;

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "encaplab-recovery-test-"));
    file = join(folder, "things");
    const path = [engineFolder(), join(REPOSITORY, "test/standins/provider"), before.PATH];
    Object.assign(process.env, { PATH: path.join(delimiter), STANDIN_THINGS: file, PULUMI_HOME: folder });
  });
  afterEach(() => {
    for (const name of ["PATH", "STANDIN_THINGS", "PULUMI_HOME"])
      if (before[name] === undefined) delete process.env[name];
      else process.env[name] = before[name];
    rmSync(folder, { recursive: true, force: true });
  });
  const write = (things: readonly { type: string; id: string }[]) =>
    writeFileSync(file, things.map(({ type, id }) => `${type} ${id}`).join("\n"));

  it("is deleted by the provider, in its order, also when some of it is gone by then", async () => {
    write(THINGS.filter(({ kind }) => kind !== "route"));
    await deleteByProvider(THINGS, { region: "eu-central-1" });
    assert.equal(readFileSync(file, "utf8"), "");
  });

  it("is named with the commands that delete it when the provider refuses", async () => {
    write([{ type: "other:x/y:Z", id: "in-the-way" }, ...THINGS]);
    await assert.rejects(deleteByProvider(THINGS, { region: "eu-central-1" }), ({ message }: Error) => {
      assert.match(message, /EC2 does not delete .*DependencyViolation: i-1 is needed by other/s);
      assert.match(message, /by hand:\naws ec2 delete i-1\n/);
      return true;
    });
  });
});
