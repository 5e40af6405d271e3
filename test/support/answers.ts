/** What Pulumi's mocks answer to a whole lab. */
import { answers as awsAnswers } from "./aws";
import { answers as clusterAnswers } from "./cluster";
import type { Answers } from "./mocks";
import { answers as openstackAnswers } from "./openstack";

/** What a cloud says when it is asked what it offers. */
const OFFERS: Record<string, object> = {
  getAvailabilityZones: { names: ["eu-central-1a", "eu-central-1b"] },
  getInstanceTypeOfferings: { locations: ["eu-central-1a", "eu-central-1b"] },
  getInstanceType: { defaultVcpus: 2, memorySize: 4096, supportedArchitectures: ["x86_64"] },
  getAmi: { id: "ami-0123456789abcdef0", architecture: "x86_64", blockDeviceMappings: [] },
  getServiceQuota: { value: 64 },
  getImage: { id: "image-id", name: "ubuntu-24.04", minDiskGb: 5, minRamMb: 0 },
  getFlavor: { id: "flavor-id", name: "m1.medium", vcpus: 2, ram: 4096, disk: 40 },
  getNetwork: { id: "external-id", name: "public" },
};

const NODE_CONTAINERS = "pulumi-nodejs:dynamic/encaplab:NodeContainers";

const byName = <T>(nodes: readonly { name: string }[], value: (name: string) => T): Record<string, T> =>
  Object.fromEntries(nodes.map(({ name }) => [name, value(name)]));

/** The answers for a whole lab, on any cloud and on the twin. */
export const EVERY_CLOUD: Answers = {
  state: (type, name, inputs) => ({
    ...awsAnswers.state?.(type, name, inputs),
    ...openstackAnswers.state?.(type, name, inputs),
    ...clusterAnswers.state?.(type, name, inputs),
    ...(type.endsWith("Folder") && { folder: "/lab" }),
    ...(type === NODE_CONTAINERS && {
      ports: byName(inputs.spec.nodes, () => 20001),
      hostKeys: byName(inputs.spec.nodes, (name) => `ssh-ed25519 ${name}`),
      apiPort: 20100,
    }),
    ...(type.endsWith(":Observation") && { observation: { agrees: true, rows: [], wire: [] } }),
  }),
  call: (token) => {
    const offer = OFFERS[token.split(":").at(-1) ?? ""];
    // The lab then asks the cloud for less, and builds the same.
    if (!offer) throw Object.assign(new Error(), { details: "No suitable endpoint in the service catalog" });
    return offer;
  },
};
