/** Whether this machine has Open vSwitch, which only labs with `tenants` need. */
import { spawnSync } from "node:child_process";

export const hasOpenVSwitch = (): boolean =>
  spawnSync("ovs-vswitchd", ["--version"], { env: { ...process.env, PATH: `${process.env.PATH}:/usr/sbin` } })
    .status === 0;
