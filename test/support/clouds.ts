/** The two clouds side by side: what a test needs to ask both the same question. */
import type * as pulumi from "@pulumi/pulumi";
import { ENCAPSULATIONS } from "../../components/config";
import type { CloudInfrastructure } from "../../components/infrastructure";
import { FAULT_FACTS } from "../../components/plan";
import * as aws from "./aws";
import { OF_MATRIX } from "./fault-settings";
import type { Choices, FirewallRow } from "./firewall";
import { ofType, type Recorded, type Recording, resolved } from "./mocks";
import * as openstack from "./openstack";

type Lab = CloudInfrastructure & pulumi.ComponentResource;

/** A lab in one mode with one fault or none, with `podRoutes`. */
export interface Built {
  title: string;
  raw: { encapsulation: (typeof ENCAPSULATIONS)[number]; faults: (typeof OF_MATRIX)[number][] };
  recording: Recording<Lab>;
}

/** A cloud under test. */
export interface CloudUnderTest {
  cloud: "aws" | "openstack";
  /** Type of the component. */
  component: string;
  /** Types of resources. */
  instance: string;
  rule: string;
  keyPair: string;
  /** The inputs by which the fabric lets pod addresses through, with the type of their resource. They change in place. */
  antiSpoofing: { type: string; input: string };
  build(raw: Record<string, unknown>, choices?: Choices): Promise<Recording<Lab>>;
  /** The rules that the cloud would hold. */
  firewall(resources: readonly Recorded[]): FirewallRow[];
  /** The name that the cloud shows for a resource; undefined if it shows none. */
  shownName(recorded: Recorded): string | undefined;
}

/** Add a new cloud here. */
export const CLOUDS: readonly CloudUnderTest[] = [
  {
    cloud: "aws",
    component: "encaplab:aws:Aws",
    instance: aws.INSTANCE,
    rule: aws.INGRESS,
    keyPair: aws.KEYPAIR,
    antiSpoofing: { type: aws.INSTANCE, input: "sourceDestCheck" },
    build: aws.buildAws,
    firewall: aws.firewallOfAws,
    shownName: ({ props }) => props.tags?.Name,
  },
  {
    cloud: "openstack",
    component: "encaplab:openstack:OpenStack",
    instance: openstack.INSTANCE,
    rule: openstack.RULE,
    keyPair: openstack.KEYPAIR,
    antiSpoofing: { type: openstack.PORT, input: "allowedAddressPairs" },
    build: openstack.buildOpenStack,
    firewall: openstack.firewallOfOpenStack,
    shownName: ({ props }) => props.name,
  },
];

const built = new Map<string, Promise<Built[]>>();

/** The cloud's lab in every mode, without faults and with each fault. Built once, however many tests ask. */
export function everyMode({ cloud, build }: CloudUnderTest): Promise<Built[]> {
  const known = built.get(cloud) ?? buildAll();
  built.set(cloud, known);
  return known;

  async function buildAll(): Promise<Built[]> {
    const faults = OF_MATRIX.filter(
      (fault) => FAULT_FACTS[fault].of !== "host" && FAULT_FACTS[fault].fabrics.includes(cloud),
    );
    const cases = ENCAPSULATIONS.flatMap((encapsulation) =>
      [[], ...faults.map((fault) => [fault])].map((list) => ({ encapsulation, faults: list })),
    );
    const all: Built[] = [];
    // One after the other: the mocks are Pulumi's only engine.
    for (const raw of cases) {
      const recording = await build({ ...raw, podRoutes: true });
      all.push({ title: `${raw.encapsulation} ${raw.faults.join()}`, recording, raw });
    }
    return all;
  }
}

/** Whether a mode sends pod addresses out of a node without a tunnel. */
export const isDirect = ({ raw }: Built): boolean =>
  ["None", "IPIPCrossSubnet", "VXLANCrossSubnet"].includes(raw.encapsulation);

/** The resources that a resource depends on explicitly. */
export async function dependencies({ opts }: Recorded): Promise<pulumi.Resource[]> {
  const given = opts.dependsOn;
  return [(await resolved(given as pulumi.Input<pulumi.Resource[]>)) ?? []].flat() as pulumi.Resource[];
}

/** The inputs without some of them. */
export const without = (props: Recorded["props"], ...keys: string[]): Recorded["props"] =>
  Object.fromEntries(Object.entries(props).filter(([key]) => !keys.includes(key)));

/** The keys that the lab makes and keeps in the stack's state. */
export const ownKeys = (resources: readonly Recorded[]): Recorded[] =>
  ofType(resources, "pulumi-nodejs:dynamic/encaplab:KeyPair");
