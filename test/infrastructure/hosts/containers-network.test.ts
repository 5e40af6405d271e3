/** Node containers are on the twin's fabric: what is rendered for one is what is rendered for the other. */
import assert from "node:assert/strict";
import * as fc from "fast-check";
import { FABRICS } from "../../../components/config";
import { renderSecurity } from "../../../components/infrastructure/fabric";
import { renderContainers, requireDrivers } from "../../../components/infrastructure/hosts/containers";
import { renderNetwork } from "../../../components/infrastructure/twin/network";
import { renderNode } from "../../../components/infrastructure/twin/nodes";
import { type LabPlan, planLab, withFaults } from "../../../components/plan";
import { labConfigs } from "../../support/arbitraries";
import { planOf, type RawConfig } from "../../support/problems";

const render = (plan: LabPlan) => renderContainers(plan, { name: "lab", publicKey: "ssh-ed25519 AAAA" });
/** Sites and tenant networks are the twin's alone: the plan refuses them on node containers. */
const plans = labConfigs.map((config) => planLab(config)).filter(({ sites, tenant }) => !sites && !tenant);
const onContainers = (raw: RawConfig) => planOf({ rehearse: "containers", ...raw });

/** The lines of a here-document for `ip -batch` in the fabric's namespace, without the names of bridges of subnets. */
const inFabric = (bash: string): string[] =>
  [...bash.matchAll(/^ip -n fabric -batch - <<'END'\n([\s\S]*?)\nEND$/gm)].flatMap(([, lines = ""]) =>
    lines.replace(/\b(subnet|gw|eth)[0-9a-f]+\b/g, "$1").split("\n"),
  );

describe("the network of node containers", () => {
  it("has the twin's rules at the nodes' ports, and the operator's besides", () => {
    fc.assert(
      fc.property(plans, (plan) => {
        const lines = render(plan).network.rules.split("\n");
        const isOperators = (line: string) => / comment "(ssh|api-operator|nodeport)"$/.test(line);
        assert.deepEqual(
          lines.filter((line) => !isOperators(line)),
          renderSecurity(plan).rules.split("\n"),
        );
      }),
    );
  });

  it("lets the port forwards reach SSH and the API through a security group", () => {
    const { rules } = render(onContainers({ cloud: "aws" })).network;
    for (const port of ["22", "6443"])
      assert.match(
        rules,
        new RegExp(`ip saddr \\{ 10\\.0\\.3\\.1, 10\\.0\\.4\\.1 \\} tcp dport ${port} accept`),
      );
  });

  it("has the twin's ports and bridges on the fabric", () => {
    fc.assert(
      fc.property(plans, (plan) => {
        const { nodes, subnets } = render(plan);
        nodes.forEach(({ plug }, i) => {
          const twin = renderNode(plan, plan.nodes[i] as LabPlan["nodes"][number]).build;
          assert.deepEqual(inFabric(plug), inFabric(twin));
        });
        const mine = subnets.flatMap(({ build }) => inFabric(build));
        const twins = inFabric(renderNetwork(plan).build).filter((line) => line !== "link set lo up");
        assert.deepEqual(mine.map(withoutMac), twins);
      }),
    );
  });
  const withoutMac = (line: string): string => line.replace(/ address \S+/, "");

  it("has the twin's router: its routes but the twin's internet, its translation, and what it drops", () => {
    fc.assert(
      fc.property(plans, (plan) => {
        const { routes, router } = render(plan).network;
        const twin = renderNetwork(plan);
        assert.deepEqual(routes, twin.routes.slice(1));
        assert.ok(router.includes(twin.masquerade.replace('"ext0"', '"internet"')), router);
      }),
    );
  });

  it("has the twin's BIRD on the router, where that speaks BGP", () => {
    fc.assert(
      fc.property(plans, (plan) => {
        const { bird } = render(plan).network;
        assert.equal(bird?.replace("log stderr", 'log "/run/bird/router.log"'), renderNetwork(plan).bird);
      }),
    );
    assert.match(
      render(onContainers({ podRoutes: "bgp" })).network.bird ?? "",
      /^protocol bgp Node_10_0_4_11 /m,
    );
  });

  it("changes nothing for a fault for which a machine would have to be switched off", () => {
    fc.assert(
      fc.property(plans, (plan) => {
        const fixed = ({ subnets, nodes, network }: ReturnType<typeof render>) => [
          network.base,
          subnets,
          nodes.map(({ plug, address }) => [plug, address]),
        ];
        assert.deepEqual(fixed(render(plan)), fixed(render(withFaults(plan, []))));
      }),
    );
  });

  it("has faults where they are: at the ports, or in the node's own firewall", () => {
    const spec = (raw: RawConfig) => render(onContainers(raw));
    const aws = { cloud: "aws", encapsulation: "None" } as const;
    const check = / ip daddr != \{ 10\.0\.3\.10 \} counter drop/;
    assert.doesNotMatch(spec(aws).network.rules, check);
    assert.match(spec({ ...aws, faults: ["source-dest-check"] }).network.rules, check);
    const forwards = spec({ ...aws, faults: ["host-firewall-forward-drop"] });
    for (const { host } of forwards.nodes) assert.match(host?.apply ?? "", /hook forward .*\n +counter drop/);
    assert.deepEqual(forwards.network, spec(aws).network);
    const plain = spec({
      cloud: "twin",
      encapsulation: "VXLAN",
      faults: [{ fault: "vxlan-blocked", nodes: ["w1"] }],
    });
    assert.deepEqual(
      plain.nodes.map(({ name, host }) => `${name} ${/udp dport 4789 counter drop/.test(host?.apply ?? "")}`),
      ["cp1 false", "w1 true", "w2 false", "w3 false"],
    );
    assert.doesNotMatch(plain.nodes[1]?.host?.undo ?? "", /4789/);
  });

  it("ends BGP sessions only for nodes at which TCP 179 is closed", () => {
    const closed = (raw: RawConfig) => render(onContainers(raw)).network.bgpClosedOn;
    for (const cloud of ["aws", "twin"]) {
      assert.deepEqual(closed({ cloud }), []);
      assert.deepEqual(closed({ cloud, faults: ["bgp-blocked"] }), ["cp1", "w1", "w2", "w3"]);
      assert.deepEqual(closed({ cloud, faults: [{ fault: "bgp-blocked", nodes: ["w2"] }] }), ["w2"]);
    }
  });

  it("names a renamed subnet's bridge as before, so that no machine is switched off for a name", () => {
    const named = (name: string) =>
      render(onContainers({ topology: [{ name, cidr: "10.0.3.0/24", nodes: ["cp1", "w1"] }] }));
    assert.deepEqual(
      named("a").subnets.map(({ name: _, ...rest }) => rest),
      named("b").subnets.map(({ name: _, ...rest }) => rest),
    );
    assert.deepEqual(
      named("a").nodes.map(({ plug }) => plug),
      named("b").nodes.map(({ plug }) => plug),
    );
  });
});

describe("the drivers that node containers need", () => {
  const kernel = (modules: string[], available: string[] = []) => ({
    loaded: new Set(["nf_tables", ...modules]),
    available: new Set(available),
    builtIn: new Set<string>(),
  });
  const said = (raw: RawConfig, modules: string[], available: string[] = []): string => {
    try {
      requireDrivers(onContainers(raw), kernel(modules, available));
      return "";
    } catch (error) {
      return (error as Error).message;
    }
  };

  it("are asked for only where the encapsulation or the fabric needs them", () => {
    assert.equal(said({ encapsulation: "None" }, []), "");
    assert.equal(said({ encapsulation: "IPIP" }, ["ipip"]), "");
    assert.equal(said({ cloud: "aws", encapsulation: "VXLAN" }, ["vxlan", "br_netfilter"]), "");
  });

  it("are named with the ways out: what loads them and what that changes here, another encapsulation, or the twin", () => {
    const ipip = said({ encapsulation: "IPIP" }, [], ["ipip"]);
    assert.match(ipip, /no ipip driver loaded: load it with `sudo modprobe ipip`, which adds tunl0/);
    assert.match(ipip, /choose an encapsulation without it.*set rehearse: twin/);
    assert.doesNotMatch(said({ encapsulation: "IPIP" }, []), /modprobe/, "there is none to load");
    const group = said({ cloud: "aws", encapsulation: "None" }, [], ["br_netfilter"]);
    assert.match(
      group,
      /fabric.*no br_netfilter driver.*modprobe br_netfilter.*own bridges.*rehearse: twin/s,
    );
    assert.doesNotMatch(group, /encapsulation/);
  });

  it("are the same on every fabric for a stack without a security group", () => {
    for (const fabric of FABRICS.filter((name) => !["aws", "openstack"].includes(name)))
      assert.equal(said({ fabric, encapsulation: "None" }, []), "", fabric);
  });
});
