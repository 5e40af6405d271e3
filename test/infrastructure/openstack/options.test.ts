/** The resource options on OpenStack: what is deleted with what, what depends on what, what is never replaced. */
import assert from "node:assert/strict";
import {
  type Built,
  CLOUDS,
  type CloudUnderTest,
  dependencies,
  everyMode,
  isDirect,
} from "../../support/clouds";
import { named, ofType } from "../../support/mocks";
import {
  ASSOCIATION,
  FLOATING_IP,
  GROUP,
  INSTANCE,
  KEYPAIR,
  LAB,
  LEG,
  NETWORK,
  PORT,
  ROUTE,
  ROUTER,
  RULE,
  SUBNET,
} from "../../support/openstack";

const OPENSTACK = CLOUDS.find(({ cloud }) => cloud === "openstack") as CloudUnderTest;

describe("the resources of OpenStack alone, in every mode with every fault", function () {
  this.timeout(120_000);
  let built: Built[];
  before(async () => {
    built = await everyMode(OPENSTACK);
  });

  it("have rules in Neutron's words: protocol 4 by number, and a remote group only where it matches", () => {
    const rules = new Map(
      built.flatMap(({ recording }) =>
        ofType(recording.resources, RULE).map(({ name, props }) => [name, props]),
      ),
    );
    assert.equal(rules.get("ipip")?.protocol, "4");
    assert.equal(rules.get("pod-cidr")?.protocol, undefined);
    assert.equal(rules.get("pod-cidr")?.remoteIpPrefix, "172.16.0.0/16");
    assert.equal(rules.get("bgp")?.remoteGroupId, "nodes-id");
  });

  // `allowed_address_pairs` is not ForceNew (resource_openstack_networking_port_v2.go), so Neutron gets an update.
  it("allow the pods on the ports when their addresses leave a node, unless a fault forbids it", () => {
    for (const one of built) {
      const { title, recording, raw } = one;
      const pairs =
        isDirect(one) && !raw.faults.includes("port-security") ? [{ ipAddress: "172.16.0.0/16" }] : [];
      for (const { props } of ofType(recording.resources, PORT)) {
        assert.deepEqual(props.allowedAddressPairs, pairs, title);
        assert.deepEqual(props.securityGroupIds, ["nodes-id"], title);
        // Turning it off would remove the groups too, and a cloud without that extension refuses the field.
        assert.equal(props.portSecurityEnabled, undefined);
      }
    }
  });

  it("create every rule before the ports, and every port before its machine", async () => {
    for (const { title, recording } of built) {
      const rules = ofType(recording.resources, RULE).map(({ resource }) => resource);
      for (const port of ofType(recording.resources, PORT)) {
        const waits = await dependencies(port);
        for (const rule of rules) assert.ok(waits.includes(rule), `${title}: ${port.name}`);
        const { props } = named(recording.resources, INSTANCE, port.name);
        assert.deepEqual(props.networks, [{ port: `${port.name}-id` }]);
      }
    }
  });

  it("are deleted in an order that Neutron allows: the router's interface after everything that uses it", async () => {
    for (const { title, recording } of built) {
      const leg = (subnet: string) => named(recording.resources, LEG, subnet).resource;
      const waits = async (type: string, name: string, subnet: string) =>
        assert.ok(
          (await dependencies(named(recording.resources, type, name))).includes(leg(subnet)),
          `${title}: ${type} ${name}`,
        );
      await waits(FLOATING_IP, "cp1", "a");
      await waits(ASSOCIATION, "cp1", "a");
      await waits(PORT, "w2", "b");
      await waits(INSTANCE, "w2", "b");
      await waits(ROUTE, "pods-172.16.0.128-26-via-10.0.4.10", "b");
    }
  });

  it("are deleted with a parent only if Neutron deletes them together", () => {
    for (const { title, recording } of built) {
      const { resources } = recording;
      const only = (type: string, name?: string) =>
        name ? named(resources, type, name).resource : ofType(resources, type)[0]?.resource;
      for (const { type, opts, name } of resources) {
        const holder = {
          [RULE]: only(GROUP),
          [SUBNET]: type === SUBNET ? only(NETWORK, name) : undefined,
          [ASSOCIATION]: only(FLOATING_IP),
        }[type];
        assert.equal(opts.deletedWith, holder, `${title}: ${type} ${name}`);
      }
    }
  });

  it("ignore changes that must not rebuild a machine", () => {
    for (const { recording } of built) {
      for (const { opts } of ofType(recording.resources, INSTANCE)) {
        assert.deepEqual([...(opts.ignoreChanges ?? [])].sort(), ["blockDevices", "imageId", "userData"]);
        assert.equal(opts.deleteBeforeReplace, true);
        assert.equal(opts.replaceOnChanges, undefined);
      }
      for (const { opts } of ofType(recording.resources, PORT)) {
        assert.equal(opts.deleteBeforeReplace, true);
        assert.deepEqual(opts.replaceOnChanges, ["fixedIps"], "an address, but neither pairs nor groups");
      }
    }
  });

  it("have the lab's tags wherever OpenStack takes tags, in a form that Nova accepts", () => {
    const tagged = [NETWORK, SUBNET, ROUTER, PORT, GROUP, FLOATING_IP, INSTANCE];
    for (const { title, recording } of built) {
      for (const { type, name, props } of recording.resources) {
        if (!tagged.includes(type)) continue;
        assert.deepEqual(
          props.tags,
          ["project=encaplab", "stack=test", `lab=${LAB}`, "owner=ada"],
          `${title}: ${name}`,
        );
        assert.equal(
          props.description,
          type === INSTANCE ? undefined : `encaplab: test ${LAB}`,
          `${title}: ${name}`,
        );
        if (type !== FLOATING_IP) assert.equal(props.name, `test-${type === GROUP ? "nodes" : name}`);
      }
      assert.match(
        ofType(recording.resources, KEYPAIR)[0]?.props.name,
        /^encaplab-test-0123456789ab-[0-9a-f]{8}$/,
      );
    }
  });

  it("open all egress, and delete the cloud's default rules from the group", () => {
    for (const { recording } of built) {
      assert.equal(named(recording.resources, GROUP, "nodes").props.deleteDefaultRules, true);
      const { direction, remoteIpPrefix, protocol } = named(recording.resources, RULE, "all-out").props;
      assert.deepEqual([direction, remoteIpPrefix, protocol], ["egress", undefined, undefined]);
    }
  });
});
