/** Looks up zones, machine type and image. Done at preview, so that a missing one fails before the build. */
import * as aws from "@pulumi/aws";
import type { AwsConfig } from "../../config";
import { ConfigError } from "../../config";
import { asking, ifAnswered } from "./failure";

export type Architecture = "amd64" | "arm64";

/** What the lookup found. */
export interface Found {
  region: string;
  /** Availability zones that offer the machine type. */
  zones: string[];
  instanceType: string;
  vcpus: number;
  imageId: string;
  /** Size of the root disk in GiB: what the image needs, but at least {@link MIN_DISK}. */
  diskSize: number;
}

/** The smallest current types with {@link MIN_VCPUS} and {@link MIN_MEMORY_MIB}. */
export const DEFAULT_INSTANCE_TYPES: Record<Architecture, string> = {
  amd64: "t3.medium",
  arm64: "t4g.medium",
};

/** kubeadm's preflight checks ask for 2 CPUs and 1700 MB. A control plane with study pods needs more memory. */
const MIN_VCPUS = 2;
const MIN_MEMORY_MIB = 4096;
/** GiB: room for the images of Kubernetes and Calico, and some to spare. */
const MIN_DISK = 20;

/** EC2's names of the architectures. */
const EC2_ARCHITECTURE: Record<Architecture, string> = { amd64: "x86_64", arm64: "arm64" };

/** The Ubuntu release: an LTS on which both kubeadm and Calico are tested. */
const UBUNTU = "noble-24.04";

/** Canonical's account in each AWS partition (documentation.ubuntu.com/aws: "Find Ubuntu images on AWS"). */
function canonical(region: string): string {
  if (region.startsWith("cn-")) return "837727238323";
  return region.startsWith("us-gov-") ? "513442679011" : "099720109477";
}

/** Looks up what the config asks for. @throws {ConfigError} when the region lacks it, or a request to EC2 fails. */
export async function lookUp(region: string, config: AwsConfig, provider: aws.Provider): Promise<Found> {
  const instanceType = config.instanceType ?? DEFAULT_INSTANCE_TYPES[config.architecture ?? "amd64"];
  const asked = findZones(region, instanceType, provider);
  // Both requests run at once, but the machine type is judged first: no zone offers an unknown type, and "no such type"
  // is the better message.
  asked.catch(() => undefined);
  const machine = await findMachine(region, instanceType, config, provider);
  const zones = await asked;
  const image = await findImage(region, machine.architecture, config.imageId, provider);
  return { region, zones, instanceType, vcpus: machine.vcpus, ...image };
}

async function findMachine(
  region: string,
  instanceType: string,
  { architecture: wanted, spot }: AwsConfig,
  provider: aws.Provider,
): Promise<{ architecture: Architecture; vcpus: number }> {
  const key = "aws.instanceType";
  const machine = await asking(
    region,
    {
      key,
      value: instanceType,
      message: `EC2 has no such type in ${region}; choose one such as t3.medium`,
    },
    /InvalidInstanceType|no matching|no results|couldn't find resource/i,
    ifAnswered(aws.ec2.getInstanceType({ instanceType }, { provider })),
  );
  if (!machine) return { architecture: wanted ?? "amd64", vcpus: MIN_VCPUS };
  const refuse = (value: unknown, message: string, at = key) =>
    new ConfigError([{ key: at, value, message }]);
  const { defaultVcpus: vcpus, memorySize } = machine;
  if (vcpus < MIN_VCPUS || memorySize < MIN_MEMORY_MIB) {
    const has = `it has ${vcpus} vCPUs and ${memorySize} MiB of memory`;
    throw refuse(instanceType, `${has}; a node needs ${MIN_VCPUS} and ${MIN_MEMORY_MIB}, as t3.medium has`);
  }
  const can = (["amd64", "arm64"] as const).filter((name) =>
    machine.supportedArchitectures.includes(EC2_ARCHITECTURE[name]),
  );
  const [first] = can;
  if (!first) throw refuse(instanceType, "it is neither amd64 nor arm64");
  if (wanted && !can.includes(wanted))
    throw refuse(
      wanted,
      `${instanceType} is ${can.join(" or ")}; choose that, or another instanceType`,
      "aws.architecture",
    );
  if (spot && !machine.supportedUsagesClasses.includes("spot"))
    throw refuse(
      instanceType,
      "it is not available on the spot market; choose another type, or set spot: false",
    );
  return { architecture: wanted ?? first, vcpus };
}

async function findZones(region: string, instanceType: string, provider: aws.Provider): Promise<string[]> {
  const problem = {
    key: "aws.instanceType",
    value: instanceType,
    message: `no zone of ${region} has it; choose another type or another region`,
  };
  const [open, offers] = await Promise.all([
    asking(region, problem, /no results/i, aws.getAvailabilityZones({ state: "available" }, { provider })),
    asking(
      region,
      problem,
      /no results/i,
      ifAnswered(
        aws.ec2.getInstanceTypeOfferings(
          {
            locationType: "availability-zone",
            filters: [{ name: "instance-type", values: [instanceType] }],
          },
          { provider },
        ),
      ),
    ),
  ]);
  // Skip Local and Wavelength Zones (`us-west-2-lax-1a`): they have few machine types and no ordinary internet gateway.
  const ordinary = open.names.filter((zone) => /^[a-z]$/.test(zone.slice(region.length)));
  const zones = (ordinary.length > 0 ? ordinary : open.names)
    .filter((zone) => !offers || offers.locations.includes(zone))
    .sort();
  if (zones.length === 0) throw new ConfigError([problem]);
  return zones;
}

async function findImage(
  region: string,
  architecture: Architecture,
  imageId: string | undefined,
  provider: aws.Provider,
): Promise<{ imageId: string; diskSize: number }> {
  const ec2Architecture = EC2_ARCHITECTURE[architecture];
  const owner = canonical(region);
  const name = `ubuntu/images/hvm-ssd-gp3/ubuntu-${UBUNTU}-${architecture}-server-*`;
  const image = await asking(
    region,
    imageId
      ? {
          key: "aws.imageId",
          value: imageId,
          message: `${region} has no such image; image ids differ by region`,
        }
      : {
          key: "aws.imageId",
          value: undefined,
          message: `${region} has no image ${name} from Canonical (${owner}); set the id of another image: pulumi config set --path aws.imageId ami-0123456789abcdef0`,
        },
    /no results|InvalidAMIID/i,
    imageId
      ? aws.ec2.getAmi({ filters: [{ name: "image-id", values: [imageId] }] }, { provider })
      : aws.ec2.getAmi(
          {
            owners: [owner],
            mostRecent: true,
            filters: [
              { name: "name", values: [name] },
              { name: "architecture", values: [ec2Architecture] },
              { name: "virtualization-type", values: ["hvm"] },
              { name: "state", values: ["available"] },
            ],
          },
          { provider },
        ),
  );
  if (image.architecture !== ec2Architecture)
    throw new ConfigError([
      {
        key: "aws.imageId",
        value: image.id,
        message: `the image is for ${image.architecture}, and the machine type for ${ec2Architecture}; choose an image and an instanceType of the same architecture`,
      },
    ]);
  const root = image.blockDeviceMappings.find(({ deviceName }) => deviceName === image.rootDeviceName);
  return { imageId: image.id, diskSize: Math.max(MIN_DISK, Number(root?.ebs?.volume_size ?? 0)) };
}
