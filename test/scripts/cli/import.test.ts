// `lab import` and `lab bundle`: what is written where, what is refused, and that a bundle gives the same lab back.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import * as fs from "node:fs";
import * as path from "node:path";
import { gzipSync } from "node:zlib";
import { CliCheckout } from "../../support/cli-checkout";
import { NODES, nodesYaml, poolYaml } from "../../support/imports";

/** Runs `lab` with a text as its standard input. */
function launchWith(checkout: CliCheckout, text: string, ...argv: string[]) {
  const file = path.join(checkout.root, "stdin");
  fs.writeFileSync(file, text);
  return checkout.start("bash", ["-c", 'node scripts/lab.cjs "$@" <"$0"', file, ...argv]);
}

describe("lab import", function () {
  this.timeout(60_000);
  let checkout: CliCheckout;
  beforeEach(() => {
    checkout = new CliCheckout().withStandIn();
  });
  afterEach(() => checkout.remove());

  const at = (name: string) => path.join(checkout.root, name);
  const give = (name: string, text: string | Buffer) => {
    fs.mkdirSync(path.dirname(at(name)), { recursive: true });
    fs.writeFileSync(at(name), text);
    return at(name);
  };
  const stackFile = (name: string) => path.join(checkout.folder, "stacks", name);
  const nodes = nodesYaml(NODES);

  it("writes a stack and its page, and says what was found and what to type next", async () => {
    const files = [
      give("nodes.yaml", nodes),
      give("pool.yaml", poolYaml()),
      give("w2.txt", "net.ipv4.ip_forward = 0\n"),
    ];
    const { status, stdout, stderr } = await checkout.launch("import", ...files, "--name", "broken");
    assert.equal(status, 0, stderr);
    assert.match(
      stdout,
      /^broken: IPIP on the plain fabric, 3 nodes\.\nfound: ip-forward-off on w2: .*w2\.txt:1\)\nVerdict \(a prediction\): \d+ of \d+ paths fail\n/,
    );
    assert.match(stdout, /next: .*verdict broken · .*up broken\n$/);
    assert.match(
      fs.readFileSync(stackFile("Pulumi.broken.yaml"), "utf8"),
      /# ip-forward-off on w2: .*\n\s+encaplab:faults:/,
    );
    assert.match(fs.readFileSync(stackFile("broken.md"), "utf8"), /^# broken: an imported cluster\n/);
    const verdict = await checkout.launch("verdict", "broken");
    assert.match(verdict.stdout, /fault ip-forward-off on w2/);
  });

  it("never replaces a stack unless it is told to, and writes nothing then", async () => {
    const file = give("pool.yaml", poolYaml());
    const { status, stderr } = await checkout.launch("import", file, "--name", "L9");
    assert.equal(status, 2);
    assert.match(stderr, /Pulumi\.L9\.yaml is there already\. .*--name L9-2.*--force/);
    assert.match(fs.readFileSync(stackFile("Pulumi.L9.yaml"), "utf8"), /source\/dest check/);
    assert.equal((await checkout.launch("import", file, "--name", "L9", "--force")).status, 0);
    assert.match(fs.readFileSync(stackFile("Pulumi.L9.yaml"), "utf8"), /^.*\n# L9: imported/);
  });

  it("takes standard input, prints with --stdout and then writes nothing, and writes elsewhere with --out", async () => {
    const before = fs.readdirSync(path.join(checkout.folder, "stacks"));
    const printed = await launchWith(checkout, `${nodes}---\n${poolYaml()}`, "import", "-", "--stdout");
    assert.match(printed.stdout, /^# yaml-language-server[\s\S]*encaplab:encapsulation: IPIP\n/);
    assert.match(printed.stderr, /found: no fault/);
    const { stdout } = await checkout.launch(
      "import",
      give("pool.yaml", poolYaml()),
      "--out",
      at("elsewhere"),
    );
    assert.match(stdout, /put both files into stacks\//);
    assert.deepEqual(fs.readdirSync(at("elsewhere")).sort(), ["Pulumi.pool.yaml", "pool.md"]);
    assert.deepEqual(fs.readdirSync(path.join(checkout.folder, "stacks")), before);
  });

  it("refuses what it cannot read with file and line, and imports the rest with --partial", async () => {
    const files = [give("nodes.yaml", nodes), give("pool.yaml", poolYaml("cidr: nonsense"))];
    const { status, stderr } = await checkout.launch("import", ...files, "--name", "x");
    assert.equal(status, 2);
    assert.match(
      stderr,
      /pool\.yaml:4: IPPool, spec\.cidr is "nonsense": must be a CIDR such as .*\n--partial imports the rest\./,
    );
    assert.ok(!fs.existsSync(stackFile("Pulumi.x.yaml")));
    const partial = await checkout.launch("import", ...files, "--name", "x", "--partial");
    assert.equal(partial.status, 0);
    assert.match(fs.readFileSync(stackFile("x.md"), "utf8"), /## What could not be read\n\n- .*pool\.yaml:4/);
  });

  it("reads the folder and the archive of calicoctl cluster diags, and knows the nodes by their folders", async () => {
    const folder = "calico-diagnostics-1";
    give(
      `${folder}/cluster/kubernetes/nodes.yaml`,
      `apiVersion: v1\nitems:\n${nodes
        .split("---\n")
        .map((one) => one.trimEnd().replace(/^/gm, "  ").replace(/^ /, "-"))
        .join("\n")}\nkind: List\n`,
    );
    give(
      `${folder}/cluster/crd/ippools.crd.projectcalico.org.yaml`,
      poolYaml("cidr: 172.16.0.0/16, vxlanMode: Always"),
    );
    give(`${folder}/cluster/crd/ippools.crd.projectcalico.org.txt`, "NAME CREATED AT");
    give(`${folder}/cluster/kubernetes/pods.yaml`, "kind: List\nitems: [");
    give(
      `${folder}/nodes/w1/ip-addr.txt`,
      "2: ens3: <UP> mtu 1442 qdisc mq\n    inet 10.20.1.11/24 scope global ens3\n",
    );
    give(
      `${folder}/nodes/w1/iptables-nft-save.txt`,
      "*filter\n-A INPUT -j REJECT --reject-with icmp-host-prohibited\nCOMMIT\n",
    );
    give(`${folder}/nodes/w1/calico-system/calico-node-x.log`, "net.ipv4.ip_forward = 0");
    const tar = at("diags.tar.gz");
    execFileSync("tar", ["czf", tar, "-C", checkout.root, folder]);
    for (const [name, source] of [
      ["one", at(folder)],
      ["two", tar],
    ] as const) {
      const { status, stdout, stderr } = await checkout.launch("import", source, "--name", name);
      assert.equal(status, 0, stderr);
      assert.match(stdout, /: VXLAN on the plain fabric, 3 nodes\.\nfound: host-firewall-reject on w1: /);
      assert.match(fs.readFileSync(stackFile(`Pulumi.${name}.yaml`), "utf8"), /encaplab:mtu: "1442"/);
    }
  });

  it("says in one sentence what is wrong with its arguments", async () => {
    const cases: [string[], RegExp][] = [
      [[], /Import what\? Name files, or a cluster by --kubeconfig/],
      [[at("none.yaml")], /none\.yaml does not exist\./],
      [[give("a.yaml", poolYaml()), "--name", "../x"], /--name is "\.\.\/x": it must be at most 40 letters/],
      [
        [give("b.tar.gz", gzipSync(Buffer.from("no tar")).subarray(0, 12))],
        /b\.tar\.gz cannot be read as an archive: /,
      ],
      [
        [
          give(
            "c.yaml",
            "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: kube-proxy}\ndata: {config.conf: ''}\n",
          ),
        ],
        /Nothing in the input says what the nodes or the pods' ranges are/,
      ],
      [["--kubeconfig", at("none")], /none cannot be read \(ENOENT\)/],
      [["--kubeconfig", give("k", "hello")], /The kubeconfig names no cluster|The kubeconfig cannot be read/],
    ];
    for (const [argv, message] of cases) {
      const { status, stderr } = await checkout.launch("import", ...argv);
      assert.notEqual(status, 0);
      assert.match(stderr, message);
      assert.doesNotMatch(stderr, /\n\s+at /);
    }
  });

  it("prints the rights that reading a cluster needs: nothing but get and list", async () => {
    const { status, stdout } = await checkout.launch("import", "--rbac");
    assert.equal(status, 0);
    assert.match(stdout, /^apiVersion: rbac\.authorization\.k8s\.io\/v1\nkind: ClusterRole\n/);
    assert.deepEqual([...new Set(stdout.match(/verbs: .*/g))].sort(), ["verbs: [get]", "verbs: [list]"]);
  });

  it("asks the cloud by its own command line, and names it where it is missing", async () => {
    checkout.env.PATH = `${at("cloud")}:${path.dirname(process.execPath)}:/usr/bin:/bin`;
    const files = [give("nodes.yaml", nodes), give("pool.yaml", poolYaml("cidr: 172.16.0.0/16"))];
    const missing = await checkout.launch("import", ...files, "--cloud", "openstack", "--name", "a");
    assert.equal(missing.status, 1);
    assert.match(missing.stderr, /The program openstack is not on PATH/);
    give(
      "cloud/openstack",
      `#!/bin/sh
echo "$*" >>${at("asked")}
case "$*" in
  "port list"*) echo '[{"ID":"p1","Fixed IP Addresses":[{"ip_address":"10.20.1.11"}]},{"ID":"p2","Fixed IP Addresses":[{"ip_address":"10.20.1.110"}]}]' ;;
  "port show"*) echo '{"id":"p1","fixed_ips":[{"ip_address":"10.20.1.11"}],"allowed_address_pairs":[],"port_security_enabled":true}' ;;
  *) echo '[]' ;;
esac
`,
    );
    fs.chmodSync(at("cloud/openstack"), 0o755);
    const { status, stdout, stderr } = await checkout.launch(
      "import",
      ...files,
      "--cloud",
      "openstack",
      "--name",
      "a",
    );
    assert.equal(status, 0, stderr);
    assert.match(
      stdout,
      /^a: None on the openstack fabric.*\nfound: port-security on w1: .*\(openstack port show p1:1\)/,
    );
    const asked = fs.readFileSync(at("asked"), "utf8");
    assert.deepEqual(asked.match(/port show .*/g), ["port show p1 -f json"]);
    assert.doesNotMatch(asked, /create|delete|set|add/);
  });
});

describe("lab bundle", function () {
  this.timeout(60_000);
  let checkout: CliCheckout;
  beforeEach(() => {
    checkout = new CliCheckout().withStandIn();
  });
  afterEach(() => checkout.remove());

  const verdictOf = async (stack: string) =>
    JSON.parse((await checkout.launch("verdict", stack, "--json")).stdout).verdict;

  it("gives the lab back, from the archive and from pasted text", async () => {
    const tar = path.join(checkout.root, "lab.tar");
    const { status, stderr } = await checkout.launch("bundle", "L12", "-o", tar);
    assert.equal(status, 0, stderr);
    const names = execFileSync("tar", ["tf", tar], { encoding: "utf8" }).trim().split("\n");
    assert.deepEqual(names, ["bundle.json", "stack.yaml", "plan.json", "verdict.json", "report.md"]);
    assert.equal((await checkout.launch("import", tar, "--name", "one")).status, 0);
    const text = (await checkout.launch("bundle", "L12", "--text")).stdout;
    assert.match(text, /^## encaplab: L12\n/);
    assert.equal((await launchWith(checkout, text, "import", "-", "--name", "two")).status, 0);
    const before = await verdictOf("L12");
    assert.deepEqual(await verdictOf("one"), before);
    assert.deepEqual(await verdictOf("two"), before);
  });

  it("of a lab in a cloud is rehearsed by default, and stays there with --as-is", async () => {
    const tar = path.join(checkout.root, "lab.tar");
    await checkout.launch("bundle", "aws", "-o", tar);
    const { stdout } = await checkout.launch("import", tar, "--name", "here");
    assert.match(stdout, /It was elsewhere, and is rehearsed on this machine; --as-is keeps where it was/);
    await checkout.launch("import", tar, "--name", "there", "--as-is");
    assert.deepEqual(await verdictOf("there"), await verdictOf("aws"));
    assert.deepEqual((await verdictOf("here")).paths, (await verdictOf("aws")).paths);
  });

  it("redacted has no name or address of the lab, and the same outcomes", async () => {
    checkout.write(
      "stacks/Pulumi.secret.yaml",
      "config:\n  encaplab:topology:\n    - {name: marble, cidr: 10.77.31.0/24, nodes: [yak, zebra]}\n    - {name: granite, cidr: 10.88.12.0/24, nodes: [quagga]}\n  encaplab:podCidr: 100.99.0.0/17\n  encaplab:faults: [{fault: bgp-blocked, nodes: [zebra]}]\n  encaplab:encapsulation: IPIP\n",
    );
    const { stdout } = await checkout.launch("bundle", "secret", "--text", "--redact");
    assert.doesNotMatch(stdout, /yak|zebra|quagga|marble|granite|10\.77|10\.88|100\.99/);
    assert.equal((await launchWith(checkout, stdout, "import", "-", "--name", "open")).status, 0);
    const outcomes = async (stack: string) =>
      (await verdictOf(stack)).paths.map(({ path: one, probe, outcome }: Record<string, string>) => [
        one,
        probe,
        outcome,
      ]);
    assert.deepEqual(await outcomes("open"), await outcomes("secret"));
  });
});
