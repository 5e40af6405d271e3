/** The folder that is laid over the plain root of each new node container. */
import * as fs from "node:fs";
import { ConfigError, type HostsConfig } from "../../config";
import { localPath } from "./local-path";

/**
 * The layer's absolute path; undefined if the config has none.
 * @throws {ConfigError} when it is not a folder, or its path cannot be used in mount options.
 */
export function findLayer({ layer }: HostsConfig): string | undefined {
  if (layer === undefined) return undefined;
  const folder = localPath(layer);
  if (!fs.statSync(folder, { throwIfNoEntry: false })?.isDirectory()) {
    throw problem(
      layer,
      `there is no folder ${folder}: correct the path, or remove the key to use the plain root`,
    );
  }
  // Otherwise a node would fail at boot, with an error from mount that does not name the cause.
  if (/[:,\\]/.test(folder)) {
    throw problem(
      layer,
      `the path ${folder} must not contain ":", "," or "\\", which separate mount options`,
    );
  }
  return folder;
}

const problem = (layer: string, message: string): ConfigError =>
  new ConfigError([{ key: "hosts.layer", value: layer, message }]);
