/** Random labs for property tests: valid configs as in a stack file, with every cloud, mode, topology and fault. */
import * as fc from "fast-check";
import {
  CLOUDS,
  type Cloud,
  CONTAINERS,
  ENCAPSULATIONS,
  type Encapsulation,
  FABRICS,
  FAULTS,
  type Fabric,
  type Fault,
  type FaultSetting,
  type LabConfig,
  NEUTRON_BACKENDS,
  type NeutronBackend,
  PROXY_MODES,
  parseConfig,
} from "../../components/config";
import {
  blockOf,
  CALICO_RELEASES,
  FABRIC_FACTS,
  FAULT_FACTS,
  fabricFacts,
  formatCidr,
  parseCidr,
  toAddress,
} from "../../components/plan";
import { canHave } from "./can-have";
import { exchanges, withoutGaps } from "./exchanges";
import type { RawConfig } from "./problems";
import { poolsOf } from "./random-pools";
import { isOnTwin, sitesOf } from "./site-configs";

export { canHave };

/** Ranges from which the subnets are drawn. They do not overlap the ranges of pods and Services. */
const SUBNET_HOMES = ["10.3.0.0/16", "10.20.0.0/16", "10.31.0.0/16", "192.168.0.0/16"];
/** The same for AWS, where one VPC holds all subnets. */
const VPC_HOMES = ["10.3.0.0/18", "10.3.64.0/18", "10.3.128.0/18", "10.3.192.0/18"];
const POD_HOMES = ["172.16.0.0/16", "172.20.0.0/14", "100.64.0.0/10", "10.128.0.0/9"];
const SERVICE_RANGES = ["10.96.0.0/12", "10.96.0.0/16", "198.18.0.0/24"];

/** A number of nodes that always fits the smallest subnet drawn here, a /28 with room for 11. */
const MAX_NODES_PER_SUBNET = 5;

interface Place {
  cloud: Cloud;
  fabric?: Fabric;
  rehearse: boolean | "containers";
  /** Node containers on this machine instead of existing machines. */
  hosts?: { machines: typeof CONTAINERS };
  openstack?: { backend: NeutronBackend };
}

const MACHINES = { machines: CONTAINERS } as const;

const places: fc.Arbitrary<Place> = fc
  .record({
    cloud: fc.constantFrom(...CLOUDS),
    fabric: fc.option(fc.constantFrom(...FABRICS), { nil: undefined }),
    rehearse: fc.constantFrom(true, false, "containers" as const),
    containers: fc.boolean(),
    backend: fc.option(fc.constantFrom(...NEUTRON_BACKENDS), { nil: undefined }),
  })
  .map(({ cloud, fabric, rehearse, containers, backend }) => {
    const neutron = backend && { openstack: { backend } };
    if (cloud === "aws" || cloud === "openstack") return { cloud, rehearse, ...neutron };
    return {
      cloud,
      fabric,
      rehearse,
      ...neutron,
      ...(cloud === "hosts" && containers && { hosts: MACHINES }),
    };
  });

const fabricAt = ({ cloud, fabric }: Place): Fabric =>
  cloud === "aws" || cloud === "openstack" ? cloud : (fabric ?? "plain");

/** Without a hyphen, so that no node has the name of another node's pod. */
const nodeNames = fc.stringMatching(/^n[a-z0-9]{1,12}$/);

function subnets(home: string, index: number, names: readonly string[]) {
  const range = parseCidr(home);
  return fc
    .record({
      prefix: fc.integer({ min: range.prefix, max: 28 }),
      position: fc.nat(),
      // At most one node with a fixed address; its offset counts from the subnet's fifth address.
      fixed: fc.option(fc.record({ node: fc.nat(names.length - 1), offset: fc.nat() }), { nil: undefined }),
    })
    .map(({ prefix, position, fixed }) => {
      const cidr = blockOf(range, prefix, position % 2 ** (prefix - range.prefix));
      const usable = 2 ** (32 - prefix) - 5;
      const nodes = names.map((name, i) =>
        fixed?.node === i ? { name, address: toAddress(cidr.first + 4 + (fixed.offset % usable)) } : name,
      );
      return { name: `s${index}`, cidr: formatCidr(cidr), nodes };
    });
}

const topologiesIn = (homes: readonly string[]) =>
  fc
    .array(fc.integer({ min: 1, max: MAX_NODES_PER_SUBNET }), { minLength: 1, maxLength: homes.length })
    .chain((counts) => {
      const total = counts.reduce((sum, count) => sum + count, 0);
      return fc.uniqueArray(nodeNames, { minLength: total, maxLength: total }).chain((names) =>
        fc.tuple(
          ...counts.map((count, i) => {
            const start = counts.slice(0, i).reduce((sum, before) => sum + before, 0);
            return subnets(homes[i] as string, i, names.slice(start, start + count));
          }),
        ),
      );
    });

/** A pool with room for the most nodes drawn here (20 blocks). */
const pools = fc
  .record({
    home: fc.constantFrom(...POD_HOMES),
    blockSize: fc.integer({ min: 21, max: 30 }),
    bits: fc.integer({ min: 5, max: 7 }),
  })
  .map(({ home, blockSize, bits }) => {
    const range = parseCidr(home);
    const prefix = Math.max(range.prefix, blockSize - bits);
    return { podCidr: formatCidr(blockOf(range, prefix, 0)), blockSize };
  });

const versions = fc
  .constantFrom(...Object.entries(CALICO_RELEASES))
  .chain(([calicoVersion, { kubernetes }]) =>
    fc.record({
      calicoVersion: fc.constant(calicoVersion),
      kubernetesVersion: fc.constantFrom(...kubernetes),
    }),
  );

const bgpFor = (encapsulation: Encapsulation) =>
  encapsulation.startsWith("VXLAN")
    ? fc.constantFrom(undefined, "Enabled", "Disabled")
    : fc.constantFrom(undefined, "Enabled");

/** Up to three of the faults, some of them on some nodes or in one direction. */
function settingsOf(
  faults: readonly Fault[],
  fabric: Fabric,
  names: readonly string[],
  reflectors: readonly string[],
) {
  const everywhere = fc.constant(undefined);
  const some = (fault: Fault) =>
    fc.subarray([...(fault === "reflector-down" && reflectors.length > 0 ? reflectors : names)], {
      minLength: 1,
    });
  const placed = (fault: Fault): fc.Arbitrary<FaultSetting> => {
    const { closes, onAllBecause } = FAULT_FACTS[fault];
    const directions =
      closes && !fabricFacts({ fabric }).securityGroup ? (["in", "out"] as const) : (["in"] as const);
    return fc
      .record({
        nodes: onAllBecause ? everywhere : fc.oneof({ weight: 3, arbitrary: everywhere }, some(fault)),
        direction: closes
          ? fc.option(fc.constantFrom(...directions), { nil: undefined })
          : fc.constant(undefined),
      })
      .map(({ nodes, direction }) =>
        nodes || direction ? { fault, ...(nodes && { nodes }), ...(direction && { direction }) } : fault,
      );
  };
  return fc
    .subarray([...faults], { maxLength: Math.min(3, faults.length) })
    .chain((chosen) => fc.tuple(...chosen.map(placed)));
}

const rawConfigsWith = (exchangesOf: typeof exchanges): fc.Arbitrary<RawConfig> =>
  fc
    .tuple(places, fc.constantFrom(...ENCAPSULATIONS), pools, versions)
    .chain(([place, encapsulation, pool, version]) =>
      fc.tuple(
        fc.constant(place),
        fc.constant(encapsulation),
        topologiesIn(place.cloud === "aws" ? VPC_HOMES : SUBNET_HOMES),
        fc.constant(pool),
        fc.constant(version),
      ),
    )
    .chain(([place, ...rest]) =>
      sitesOf(rest[1], isOnTwin(place) && !FABRIC_FACTS[fabricAt(place)].layer3).map(
        (sites) => [place, ...rest, sites] as const,
      ),
    )
    .chain(([place, encapsulation, topology, pool, version, sites]) => {
      const fabric = fabricAt(place);
      const ours = place.cloud !== "hosts" || place.rehearse !== false;
      const onTwin = isOnTwin(place);
      const onContainers = !onTwin && (place.rehearse === "containers" || place.hosts !== undefined);
      const faults = FAULTS.filter((fault) =>
        canHave({ fabric, cloud: place.cloud, onTwin, onContainers, sites }, fault),
      );
      const podRoutes = ours || place.hosts ? fc.boolean() : fc.constant(false);
      const names = topology.flatMap(({ nodes }) =>
        nodes.map((node) => (typeof node === "string" ? node : node.name)),
      );
      const exchange = onTwin && !sites ? exchangesOf(names, fabric) : fc.constant({} as RawConfig);
      return exchange.chain((own) =>
        fc
          .record({
            bgp: bgpFor(encapsulation),
            natOutgoing: fc.boolean(),
            podRoutes,
            serviceCidr: fc.constantFrom(...SERVICE_RANGES),
            proxyMode: fc.constantFrom(...PROXY_MODES),
            mtu: fc.option(fc.integer({ min: 1280, max: FABRIC_FACTS[fabric].maxMtu ?? 9001 }), {
              nil: undefined,
            }),
            faults: settingsOf(faults, fabric, names, (own.routeReflectors as string[]) ?? []),
            several: sites || own.bgp === "Disabled" ? fc.constant({}) : poolsOf(names, pool.podCidr),
          })
          .map(({ several, ...rest }) =>
            withoutGaps({
              ...place,
              encapsulation,
              topology,
              ...sites,
              ...pool,
              ...version,
              ...rest,
              ...several,
              ...own,
            }),
          ),
      );
    });

/** Valid configs as in a stack file, without the prefix of their keys: every node has a session with every other one. */
export const rawConfigs: fc.Arbitrary<RawConfig> = rawConfigsWith(() => fc.constant({}));

/** As {@link rawConfigs}, with route reflectors, a router that speaks BGP, and other settings of BGP on the twin. */
export const rawExchanges: fc.Arbitrary<RawConfig> = rawConfigsWith(exchanges);

/** Valid configs, checked and with defaults filled in. */
export const labConfigs: fc.Arbitrary<LabConfig> = rawConfigs.map((raw) => parseConfig(raw));
