// images.sh and its part of reset.sh: which image archives a node has imported.
import assert from "node:assert/strict";
import { Sandbox, source } from "../../support/node-sandbox";

describe("images.sh", () => {
  let sandbox: Sandbox;
  beforeEach(() => {
    sandbox = new Sandbox();
    // containerd's images as a file of names; deleting an image removes its line.
    sandbox.command(
      "ctr",
      `images=${sandbox.path("images")}
       case "$*" in
         *"images list"*) cat "$images" ;;
         *"images delete "*) echo "$*" >>${sandbox.path("calls")}; sed -i "\\|^\${@: -1}$|d" "$images" ;;
       esac`,
    );
    has("registry.k8s.io/pause:3.10");
  });
  afterEach(() => sandbox.remove());

  const has = (...names: string[]) => sandbox.write("images", names.map((name) => `${name}\n`).join(""));
  const run = async (SUMS: string, IMPORTED = "") => {
    const ran = await sandbox.run("images", { SUMS, IMPORTED });
    assert.equal(ran.status, 0, ran.stderr);
    return ran.stdout.trim();
  };

  it("asks for every archive at first, and not again for an imported one", async () => {
    assert.equal(await run("aaa\nbbb"), "aaa\nbbb");
    has("registry.k8s.io/pause:3.10", "docker.io/calico/node:v1", "sha256:0123");
    assert.equal(await run("aaa\nbbb", "aaa"), "bbb");
    assert.equal(await run("aaa"), "");
  });

  it("asks again for an archive after one of its images was removed", async () => {
    await run("aaa");
    has("registry.k8s.io/pause:3.10", "docker.io/calico/node:v1", "docker.io/calico/cni:v1");
    await run("aaa", "aaa");
    has("registry.k8s.io/pause:3.10", "docker.io/calico/cni:v1");
    assert.equal(await run("aaa"), "aaa");
  });

  it("fails when containerd cannot list its images", async () => {
    sandbox.command("ctr", "echo containerd is down >&2; exit 1");
    const ran = await sandbox.run("images", { SUMS: "aaa", IMPORTED: "" });
    assert.notEqual(ran.status, 0);
    assert.match(ran.stderr, /containerd is down/);
  });

  const reset = async () => {
    sandbox.command("systemctl", "true");
    const body = `${["kubeadm", "before", "network-leftovers", "reset"].map(source).join("\n")}\ncreate() { end_pods; }`;
    const ran = await sandbox.run({ body }, { POD_CIDR: "172.16.0.0/16" });
    assert.equal(ran.status, 0, ran.stderr);
  };

  it("lets the reset pass on a node that never imported an archive", async () => {
    await reset();
    assert.deepEqual(sandbox.calls(), []);
  });

  it("lets the reset remove the images of the archives and keep the machine's own", async () => {
    await run("aaa");
    has("registry.k8s.io/pause:3.10", "docker.io/calico/node:v1");
    await run("aaa", "aaa");
    await reset();
    assert.deepEqual(sandbox.calls(), ["--namespace k8s.io images delete docker.io/calico/node:v1"]);
    assert.equal(sandbox.read("images"), "registry.k8s.io/pause:3.10\n");
  });
});
