/** A real Calico whose nodes peer with the router between their subnets: it learns their pods, and `None` works across subnets. */
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import type { Observation } from "../../components/study";
import { build, builtVersions } from "../support/cluster-build";
import { needsContainers, RUN } from "../support/containers";
import { MachinesLab } from "../support/machines-lab";
import type { RawConfig } from "../support/problems";

describe("a real Calico with a router that speaks BGP", function () {
  this.timeout(1_200_000);
  let lab: MachinesLab;

  const configure = (raw: RawConfig) =>
    lab.configure({
      cloud: "twin",
      rehearse: "containers",
      hosts: { layer: build("layer") },
      encapsulation: "None",
      podRoutes: "bgp",
      ...builtVersions(),
      topology: [
        { name: "a", cidr: "10.0.3.0/24", nodes: ["cp1", "w1"] },
        { name: "b", cidr: "10.0.4.0/24", nodes: ["w2"] },
      ],
      ...raw,
    });
  const inRouter = (command: string): string =>
    execFileSync("bash", [RUN, lab.containers ?? "", "enter", "router", "bash", "-c", command], {
      encoding: "utf8",
    });
  const learned = (): string[] => inRouter("ip route show proto bird").trim().split("\n").filter(Boolean);

  /** Measures the lab, which must be as predicted. @returns how many pairs of pods of different subnets work, and of how many. */
  const acrossSubnets = async (): Promise<[number, number]> => {
    const { rows, disagreements, notConverged, sessionsDown }: Observation = await lab.observe();
    assert.deepEqual([...disagreements, ...notConverged], []);
    assert.deepEqual(sessionsDown, {});
    const found = rows.filter(({ path }) => path === "cross-subnet");
    const sum = (key: "working" | "pairs") => found.reduce((all, row) => all + row[key], 0);
    return [sum("working"), sum("pairs")];
  };
  const assertCrosses = async () => {
    const [working, pairs] = await acrossSubnets();
    assert.ok(pairs > 0);
    assert.equal(working, pairs);
  };

  before(async function () {
    needsContainers(this);
    this.timeout(3_600_000); // Kubernetes may have to be built
    lab = await MachinesLab.init("router");
    configure({});
    await lab.upWithNodes();
  });
  after(() => lab?.end());

  it("carries packets across subnets in None without static routes: the router learns every node's block", async () => {
    await assertCrosses();
    const blocks = (await lab.blocks()).split("\n").filter(Boolean);
    const routes = learned();
    assert.equal(routes.length, blocks.length, routes.join("\n"));
    for (const line of blocks) {
      const [block = "", node] = line.split(" ");
      const address = lab.plan.nodes.find(({ name }) => name === node)?.address;
      assert.ok(
        routes.some((route) => route.startsWith(`${block} via ${address} `)),
        `${line}: ${routes.join("; ")}`,
      );
    }
    const peers = await lab.kubectl(["get", "bgppeers.crd.projectcalico.org", "-o", "name"]);
    assert.deepEqual(
      peers
        .split("\n")
        .map((name) => name.split("/")[1])
        .sort(),
      ["gateway-a", "gateway-b"],
    );
  });

  it("has its BIRD back with the next up where it was killed", async () => {
    inRouter("kill -9 $(cut -d ' ' -f 1 /run/encaplab/router-bird)");
    await lab.up();
    await assertCrosses();
  });

  it("peers with a router of another AS, in place, and the nodes keep the original next hops", async () => {
    configure({ peering: { gatewayAsNumber: 64513, keepOriginalNextHop: true } });
    await lab.up();
    await assertCrosses();
  });

  it("does without its mesh: the router alone tells the nodes of each other", async () => {
    configure({ peering: { nodeToNodeMesh: false } });
    await lab.up();
    await assertCrosses();
  });

  it("learns nothing any more without podRoutes, and loses what crosses subnets", async () => {
    configure({ podRoutes: "none" });
    await lab.up();
    const [working] = await acrossSubnets();
    assert.equal(working, 0);
    assert.deepEqual(learned(), []);
  });
});
