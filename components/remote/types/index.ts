/** Names of resource types, as they stand in a stack's state. Loads nothing: the command line reads states without Pulumi. */

/** What every type of our dynamic resources begins with. */
export const DYNAMIC_TYPE = "pulumi-nodejs:dynamic/encaplab:";

/** The type of the resource that is a stack itself, and has its outputs. */
export const STACK_TYPE = "pulumi:pulumi:Stack";

/** The type of a command that a cluster runs over SSH. */
export const REMOTE_COMMAND_TYPE = "command:remote:Command";

/** Names of dynamic resources of version 0.1 that have another one now. */
const FORMER_NAMES: { [former: string]: string | undefined } = {
  Place: "TwinFolder",
  Realm: "Sandbox",
  ContainersPlace: "ContainersFolder",
  Admission: "BootstrapTokens",
  Tenancy: "HostReset",
};

/**
 * Which of our dynamic resources a type is, by its name of today: `TwinFolder`, also for the `Place` of a state of
 * version 0.1. Undefined for the type of any other resource.
 */
export function dynamicName(type: string): string | undefined {
  if (!type.startsWith(DYNAMIC_TYPE)) return undefined;
  const name = type.slice(DYNAMIC_TYPE.length);
  return FORMER_NAMES[name] ?? name;
}

/** Whether a type of resource is one of a cloud's own. */
export const isOfCloud = (type: string): boolean => /^(aws|openstack):/.test(type);

/** What the types of everything begin with that the lab makes on this machine, or inside its own nodes. */
const HERE = [
  STACK_TYPE,
  "pulumi:providers:command",
  "pulumi:providers:kubernetes",
  "pulumi:providers:pulumi-nodejs",
  DYNAMIC_TYPE,
  "encaplab:",
  "command:",
  "kubernetes:",
];

/** Components whose nodes are in a cloud, or are the user's own machines. */
const COMPONENTS_ELSEWHERE = ["encaplab:aws:", "encaplab:openstack:", "encaplab:hosts:Hosts"];

/**
 * Whether a resource is, or may be, in a cloud or on the user's machines: also one that the lab does not know, which a
 * program of the user's own has declared. What runs on nodes is where the nodes are.
 */
export const isElsewhere = (type: string): boolean =>
  COMPONENTS_ELSEWHERE.some((start) => type.startsWith(start)) ||
  !HERE.some((start) => type.startsWith(start));

/**
 * The variable by which the command line tells the program that it did not ask, because it takes the lab for one on this
 * machine. The program reads the config as the engine does, and refuses to build anything else then.
 */
export const ONLY_HERE = "ENCAPLAB_ONLY_HERE";
