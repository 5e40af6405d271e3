/** Checks that need more than one key: overlaps, room, contradictions. Reports every problem at once. */
import { ConfigError, type LabConfig, type Problem } from "../../config";
import { checkAddresses } from "./addresses";
import { checkBgp } from "./bgp";
import { checkClouds } from "./clouds";
import { checkFabric } from "./fabric";
import { checkFaults } from "./faults";
import { checkNames } from "./names";
import { checkNodes } from "./nodes";
import { checkPools } from "./pools";
import { checkRanges } from "./ranges";
import type { Report } from "./report";
import { checkRouter } from "./router";
import { checkSites } from "./sites";
import { checkTenants } from "./tenants";
import { checkVersions } from "./versions";

/** The checks, in the order in which their problems are listed. */
const CHECKS: readonly ((config: LabConfig, report: Report) => void)[] = [
  checkRanges,
  checkNames,
  checkNodes,
  checkAddresses,
  checkFabric,
  checkPools,
  checkBgp,
  checkRouter,
  checkTenants,
  checkSites,
  checkFaults,
  checkVersions,
  checkClouds,
];

/** Checks a config whose keys are valid one by one. @throws {ConfigError} listing every problem found. */
export function checkConfig(config: LabConfig): void {
  const problems: Problem[] = [];
  for (const check of CHECKS) check(config, (key, value, message) => problems.push({ key, value, message }));
  if (problems.length > 0) throw new ConfigError(problems);
}
