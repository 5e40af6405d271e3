// `lab check`: over SSH to machines that the config names, before they are a lab. The servers are stand-ins.
import assert from "node:assert/strict";
import * as fs from "node:fs";
import * as path from "node:path";
import { stringify } from "yaml";
import { CliCheckout } from "../../support/cli-checkout";
import { publicOf, SshServers } from "../../support/ssh-server";

describe("lab check", function () {
  this.timeout(120_000);
  let checkout: CliCheckout;
  const servers = new SshServers();
  let key: string;

  before(() => {
    checkout = new CliCheckout().withStandIn();
    key = path.join(checkout.root, "id");
    fs.writeFileSync(key, servers.own.privateKey, { mode: 0o600 });
  });
  after(() => {
    servers.stop();
    checkout.remove();
  });

  const machines = (ports: Record<string, number>) => {
    const list = Object.entries(ports).map(([name, port], i) => ({
      ...{ name, address: "127.0.0.1", port, hostKey: publicOf(servers.host) },
      ...{ subnet: "10.0.3.0/24", nodeAddress: `10.0.3.1${i}` },
    }));
    const hosts = { machines: list, privateKeyFile: key, api: { address: "127.0.0.1" } };
    const config = { "encaplab:cloud": "hosts", "encaplab:hosts": hosts };
    checkout.write("stacks/Pulumi.mine.yaml", stringify({ config }));
  };
  const answers = (stdout: string, code = 0) => servers.sshd({ answer: () => ({ stdout, code }) });

  it("ends with 0 when nothing is found, and sends the script on standard input only", async () => {
    const seen: string[][] = [];
    const port = await servers.sshd({
      answer: (command, input) => {
        seen.push([command, input]);
        return { stdout: "fact\tmac\t02:01\n", code: 0 };
      },
    });
    machines({ cp1: port });
    const { status, stdout } = await checkout.launch("check", "mine");
    assert.deepEqual([status, stdout], [0, "Nothing was found on cp1.\n"]);
    assert.equal(seen[0]?.[0], "bash -s -- look");
    assert.match(seen[0]?.[1] ?? "", /^NODE_ADDRESS='10\.0\.3\.10'$/m);
  });

  it("ends with 1 when something is found, and compares the machines", async () => {
    const found = "refuse\tport-in-use\tTCP 179 is in use on w1\nfact\tmac\t02:01\n";
    machines({ cp1: await answers("fact\tmac\t02:01\n"), w1: await answers(found) });
    const { status, stdout } = await checkout.launch("check", "mine");
    assert.equal(status, 1);
    assert.match(
      stdout,
      /^refused: TCP 179 is in use on w1 \(port-in-use\)\nrefused: w1 and cp1 have the same MAC/,
    );
    const json = await checkout.launch("check", "mine", "--json");
    assert.equal(json.status, 1);
    const parsed = JSON.parse(json.stdout);
    assert.deepEqual(parsed.machines, ["cp1", "w1"]);
    assert.deepEqual(
      parsed.findings.map(({ node, code }: { node: string; code: string }) => [node, code]),
      [
        ["w1", "port-in-use"],
        ["w1", "equal-mac"],
      ],
    );
  });

  it("ends with 2 when a machine cannot be looked at, and says why", async () => {
    machines({ cp1: await answers("", 1), w1: await answers("") });
    const { status, stdout, stderr } = await checkout.launch("check", "mine");
    assert.equal(status, 2);
    assert.equal(stdout, "Nothing was found on w1.\n");
    assert.match(stderr, /cp1 could not be looked at: the look ended with 1/);
  });

  it("ends with 2 where there is no machine", async () => {
    for (const [stack, why] of [
      ["local", /is a twin: it has no machines/],
      ["aws", /has no machines yet; `scripts\/lab up aws` makes them/],
    ] as const) {
      const { status, stderr } = await checkout.launch("check", stack);
      assert.equal(status, 2);
      assert.match(stderr, why);
    }
  });
});
