/** A TenantPort without a cloud: the port that it makes in Neutron, and the step that plugs it in on the node. */
import assert from "node:assert/strict";
import { TenantPort, type TenantPortArgs } from "../../components/cluster";
import { parseConfig } from "../../components/config";
import type { Machine } from "../../components/infrastructure";
import { createMachines } from "../../components/infrastructure";
import { planLab } from "../../components/plan";
import { COMMAND } from "../support/cluster";
import { named, type Recording, record, resolved } from "../support/mocks";
import { PORT } from "../support/openstack";
import { problemsOf } from "../support/problems";

const ID = "6f1c9e02-aa41-4f0e-9d6a-3a1d5c7e9b20";
const [NODE] = planLab(parseConfig({})).nodes;
assert.ok(NODE);
const MACHINE: Machine = { ...NODE, name: "w1", connection: { host: "192.0.2.7", port: 22, user: "ubuntu" } };

function build(
  args: Partial<TenantPortArgs> = {},
  fixedIps: string[] = ["20.20.1.31"],
  mtu = 1442,
): Promise<Recording<TenantPort>> {
  const all = { node: MACHINE, network: "net-id", securityGroup: "group-id", ...args };
  return record((options) => new TenantPort("tenant", all, options), {
    id: (type, name) => (type === PORT ? ID : `${name}-id`),
    state: (type) =>
      type === PORT
        ? { macAddress: "fa:16:3e:12:34:56", allFixedIps: fixedIps }
        : { stdout: "tap 20.20.1.31" },
    call: (token, inputs) => (token.includes("getNetwork") ? { ...inputs, mtu } : inputs),
  });
}
const stepOf = ({ resources }: Recording<TenantPort>) => named(resources, COMMAND, "tenant-tenant-port-w1");

describe("a TenantPort", () => {
  it("is a Neutron port that is bound to the node, in the network and the group", async () => {
    const { resources } = await build();
    const { props } = named(resources, PORT, "tenant");
    assert.equal(props.networkId, "net-id");
    assert.deepEqual(props.securityGroupIds, ["group-id"]);
    assert.deepEqual(props.binding, { hostId: "w1" });
    assert.deepEqual(props.allowedAddressPairs, []);
  });

  it("is bound to the host's name in Neutron where that differs, and lets pods' addresses out where asked", async () => {
    const { resources } = await build({ host: "compute-7.example", podCidrs: ["172.16.0.64/26"] });
    const { props } = named(resources, PORT, "tenant");
    assert.deepEqual(props.binding, { hostId: "compute-7.example" });
    assert.deepEqual(props.allowedAddressPairs, [{ ipAddress: "172.16.0.64/26" }]);
  });

  it("is plugged in by a step that knows the port's id, MAC, address and MTU, and takes it back when deleted", async () => {
    const { props } = stepOf(await build());
    for (const value of [
      "DEVICE='tap6f1c9e02-aa'",
      `PORT_ID='${ID}'`,
      "MAC='fa:16:3e:12:34:56'",
      "ADDRESS='20.20.1.31'",
      "MTU='1442'",
    ])
      assert.ok(props.stdin.includes(`\n${value}\n`), value);
    assert.match(props.create, /bash -s -- create$/);
    assert.match(props.delete, /bash -s -- delete$/);
    assert.deepEqual(props.triggers.slice(-1), [ID]);
  });

  it("unplugs the port before Neutron deletes it", async () => {
    const recording = await build();
    const { opts } = stepOf(recording);
    const first = await resolved(opts.dependsOn as never);
    const port = named(recording.resources, PORT, "tenant").resource;
    assert.ok(([first].flat() as unknown[]).includes(port));
    assert.equal(opts.deleteBeforeReplace, true);
    assert.equal(named(recording.resources, PORT, "tenant").opts.deleteBeforeReplace, true);
  });

  it("has its IPv4 address also in a network with IPv6, and an MTU where the API tells none", async () => {
    const recording = await build({}, ["2001:db8::31", "20.20.1.31"], 0);
    assert.equal(await resolved(recording.result.address), "20.20.1.31");
    assert.equal(await resolved(recording.result.device), "tap6f1c9e02-aa");
    assert.ok(stepOf(recording).props.stdin.includes("\nMTU='1442'\n"));
  });

  it("parents everything, and registers its outputs once, last", async () => {
    const { resources, outputs, result } = await build();
    for (const { resource, opts } of resources) if (resource !== result) assert.equal(opts.parent, result);
    assert.deepEqual(
      outputs.map(({ component, after }) => [component === result, after]),
      [[true, resources.length]],
    );
  });
});

describe("the section tenants", () => {
  it("is refused at preview wherever the lab is not on the twin, with TenantPort as the way out", async () => {
    const tenants = { cidr: "20.20.1.0/24", instances: [{ name: "vm1", host: "w1", address: "20.20.1.98" }] };
    const config = parseConfig({ cloud: "hosts", hosts: { machines: "containers" }, tenants });
    const [problem] = await problemsOf(() => createMachines("lab", { plan: planLab(config), config }));
    assert.equal(problem?.key, "tenants");
    assert.match(
      problem?.message ?? "",
      /only the twin builds a tenant network: .* the component TenantPort$/,
    );
  });
});
