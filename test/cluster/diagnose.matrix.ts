/** `lab diagnose` on a real cluster: nothing where it is healthy, and the cause of faults that are set by hand under it. */
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import type { Fabric } from "../../components/config";
import { CliCheckout } from "../support/cli-checkout";
import { ON_CLOUDS } from "../support/cloud-mistakes";
import { build, builtVersions, TOOLS_IMAGE } from "../support/cluster-build";
import { needsContainers, RUN, SPEC, W3 } from "../support/containers";
import { HostsLab } from "../support/hosts";
import { MachinesLab } from "../support/machines-lab";
import { type Cluster, type Mistake, NODES, ON_PLAIN } from "../support/mistakes";
import type { RawConfig } from "../support/problems";
import { until } from "../support/sandbox";

/** What the tests need of a lab. */
interface Site {
  lab: MachinesLab;
  configure(config: RawConfig): void;
  on(node: string, command: string): void;
  folder(): string;
}

/** The clusters, by the network under them. */
const SITES: Readonly<Partial<Record<Fabric, () => Promise<Site>>>> = {
  plain: async () => {
    const lab = await HostsLab.create("diagnose", { nodes: [...SPEC.nodes, W3] });
    return {
      lab,
      configure: (config) => lab.on(NODES, config),
      on: (node, command) => void lab.machines.on(node, command),
      folder: () => lab.machines.folder,
    };
  },
  aws: () => onFabric("aws"),
  openstack: () => onFabric("openstack"),
};

async function onFabric(fabric: Fabric): Promise<Site> {
  const lab = await MachinesLab.init("diagnose");
  const topology = [
    { name: "a", cidr: "10.0.3.0/24", nodes: ["cp1", "w1"] },
    { name: "b", cidr: "10.0.4.0/24", nodes: ["w2", "w3"] },
  ];
  return {
    lab,
    configure: (config) =>
      lab.configure({
        cloud: "twin",
        rehearse: "containers",
        fabric,
        hosts: { layer: build("layer") },
        topology,
        ...builtVersions(),
        ...config,
      }),
    on: () => assert.fail("a cloud's mistakes are made in its network"),
    folder: () => lab.containers ?? "",
  };
}

for (const [fabric, mistakes] of Object.entries({ plain: ON_PLAIN, ...ON_CLOUDS }))
  describe(`lab diagnose on a real cluster on ${fabric}`, function () {
    this.timeout(900_000);
    let site: Site;
    let checkout: CliCheckout;
    let mode = "";

    before(async function () {
      needsContainers(this);
      this.timeout(3_600_000); // Kubernetes and Calico may have to be built
      site = await (SITES[fabric as Fabric] as () => Promise<Site>)();
      checkout = new CliCheckout().withStandIn();
    });
    after(() => {
      checkout?.remove();
      return site?.lab.end();
    });

    const up = async (config: RawConfig) => {
      if (mode === JSON.stringify(config)) return;
      site.configure(config);
      await site.lab.upWithNodes();
      mode = JSON.stringify(config);
    };
    const argv = () => {
      const { kubeconfig } = site.lab;
      return ["diagnose", "--kubeconfig", kubeconfig, "--image", TOOLS_IMAGE, "--fabric", fabric] as const;
    };
    const diagnose = () => checkout.launch(...argv());
    const study = () =>
      site.lab.kubectl(["get", "namespace", "encaplab-study", "-o", "name", "--ignore-not-found"]);
    const cluster: Cluster = {
      on: (node, command) => site.on(node, command),
      kubectl: (words) => site.lab.kubectl(words),
      inFabric: (command) => {
        execFileSync("bash", [RUN, site.folder(), "enter", "fabric", "sh", "-c", command], { stdio: "pipe" });
        execFileSync("bash", [RUN, site.folder(), "forget"], { stdio: "pipe" });
      },
      settled: async () => {
        const calico = ["-n", "kube-system", "daemonset/calico-node"];
        await site.lab.kubectl(["rollout", "status", ...calico, "--timeout=180s"]);
      },
    };

    it("finds nothing in a healthy one, ends with 0, and leaves none of its pods", async () => {
      await up((mistakes[0] as Mistake).config);
      const { status, stdout, stderr } = await diagnose();
      assert.equal(status, 0, stdout + stderr);
      assert.match(stdout, /Nothing is wrong/);
      await site.lab.kubectl(["wait", "--for=delete", "--timeout=60s", "namespace/encaplab-study"]);
      assert.equal(await study(), "");
    });

    it("ends on Ctrl-C while it measures, and leaves none of its pods", async () => {
      await up((mistakes[0] as Mistake).config);
      const running = diagnose();
      const pods = ["-n", "encaplab-study", "get", "pods", "-o", "name"];
      await until(async () => (await site.lab.kubectl(pods)).includes("pod/"), 120_000);
      execFileSync("pkill", ["-INT", "-f", `^node scripts/lab.cjs ${argv().join(" ")}$`]);
      const { status, stderr } = await running;
      assert.equal(status, 2, stderr);
      assert.match(stderr, /Removing the study's pods/);
      await site.lab.kubectl(["wait", "--for=delete", "--timeout=60s", "namespace/encaplab-study"]);
      assert.equal(await study(), "");
    });

    for (const { config, mistake, cause, unfelt, set, unset } of mistakes)
      it(`finds the cause first, and ends with 1: ${config.encapsulation}, ${mistake}`, async () => {
        await up(config);
        await set(cluster);
        try {
          const { status, stdout, stderr } = await diagnose();
          assert.equal(status, 1, stdout + stderr);
          const first = unfelt ? /no probe fails by it:\n.*$/m : /^cause: .*$/m;
          assert.match(first.exec(stdout)?.[0] ?? stdout, cause, stdout);
        } finally {
          await unset(cluster);
        }
      });
  });
