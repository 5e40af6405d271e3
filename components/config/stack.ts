/** The config of a whole stack, as the engine has it: the keys of this project, and those of providers. */

/** The values by full key (`encaplab:cloud`, `aws:region`). */
export type StackConfig = Readonly<Record<string, unknown>>;

/** A stack's settings for a cloud's provider, from the provider's own namespace, by key without the namespace. */
export type ProviderSettings = Readonly<Record<string, unknown>>;

/** The project's name, which is the namespace of its config keys (`encaplab:encapsulation`). */
export const PROJECT = "encaplab";

/** The values of one namespace, by key without the namespace. */
function keysOf(stack: StackConfig, namespace: string): Record<string, unknown> {
  const prefix = `${namespace}:`;
  const own = Object.entries(stack).filter(([key]) => key.startsWith(prefix));
  return Object.fromEntries(own.map(([key, value]) => [key.slice(prefix.length), value]));
}

/** The project's own values. Keys of other namespaces belong to providers. */
export const ownKeys = (stack: StackConfig): Record<string, unknown> => keysOf(stack, PROJECT);

/**
 * Picks the keys of a provider's own namespace (`aws:profile`, `openstack:authUrl`) out of a stack's whole config, so that
 * our explicit provider gets the same settings as the default provider would.
 */
export function providerSettings(stack: StackConfig, namespace: string): ProviderSettings {
  // `pulumi config set` stores text, but a provider's flag must be a boolean.
  const value = (text: unknown) => (text === "true" || text === "false" ? text === "true" : decode(text));
  const own = Object.entries(keysOf(stack, namespace));
  return Object.fromEntries(own.map(([key, text]) => [key, value(text)]));
}

/** The value of a key: the engine passes objects and lists to a program as JSON text. */
export function decode(value: unknown): unknown {
  if (typeof value !== "string" || !/^\s*[[{]/.test(value)) return value;
  try {
    return JSON.parse(value);
  } catch {
    return value; // not JSON: the schema reports which kind of value the key takes
  }
}
