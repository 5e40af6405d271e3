/** What both kinds of sandbox run. */
import { scriptPath } from "../../../scripts";

/** scripts/twin of this checkout, which contains what runs inside a sandbox. */
export const SCRIPTS = scriptPath("twin");

/** The environment of every program inside. Nothing comes from the caller, whose PATH may lack /sbin. */
export const ENVIRONMENT = [
  "PATH=/run/encaplab/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
  "HOME=/run/encaplab/home",
  "USER=root",
  "LOGNAME=root",
  "LANG=C.UTF-8",
];

/**
 * The namespaces of both kinds, as unshare(1) names them. The user namespace is there so that no privilege is needed, and none
 * over this machine is had. Node containers have none: kubelet and containerd need this machine's root.
 */
export const NAMESPACES = ["user", "net", "mount", "pid", "uts", "ipc"] as const;
