/** Where a check puts what it finds. */

/** Adds one problem. @param key the key of the config, e.g. `topology[0].cidr`. @param value the value given. */
export type Report = (key: string, value: unknown, message: string) => void;
