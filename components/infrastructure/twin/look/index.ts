/**
 * What a part of the twin really has, as text: links, addresses, rules, routes, neighbours, nftables. It is written
 * when the part is signed, and compared at the next `up` and by `status`, so that what was changed by hand inside is noticed.
 */
import { enter } from "../../fabric";
import { runScript, type Sandbox } from "../sandbox";

/** Folder of each part's look, as bash, and of what it showed, without the kernel's own changes. */
export const LOOKS = "/run/encaplab/looks";

/**
 * What changes by itself is left out: BIRD's routes (BIRD repairs them itself, within ten seconds), IPv6, carrier, indices.
 */
const STEADY = [
  "/ proto bird/d",
  "/ inet6 /d",
  "/fe80:/d",
  "/ff00:/d",
  "/^local ::/d",
  "/^anycast /d",
  // The tunnel between sites is a part of its own.
  "/ipsec0/d",
  "/ lookup 220/d",
  "s/^[0-9]*: //",
  "s/@[^:]*:/:/",
  "s/ state [A-Z]*//",
  "s/NO-CARRIER,//",
  "s/,LOWER_UP//",
  "s/ qlen [0-9]*//",
  "s/ qdisc [a-z_]*//",
  "s/ \\(linkdown\\|dead\\)//g",
].join(";");

/** Bash that prints what a namespace has. */
export const lookAt = (namespace: string, links: readonly string[] = []): string => {
  const shown =
    links.length > 0
      ? links.map((link) => `link show ${link}`)
      : ["link show", "addr show", "rule show", "route show table all", "neigh show nud permanent"];
  // -force: a link that is missing is a difference, and no failure.
  return `ip -n ${namespace} -o -force -batch - <<'LOOK'\n${shown.join("\n")}\nLOOK`;
};

/** Bash that prints a namespace's nftables, without counters. */
export const lookAtRules = (namespace: string): string => `${enter(namespace)} nft -s list ruleset`;

/** Bash that prints where a VXLAN device sends what. */
export const lookAtForwarding = (namespace: string): string => `bridge -n ${namespace} fdb show`;

/** Bash that prints whether a node's BIRD runs. `pid`: the path of its file. */
export const lookAtBird = (pid: string): string =>
  [
    `if read -r bird < ${pid} && read -r line < "/proc/$bird/stat" &&`,
    // A zombie is still listed, but already dead.
    '  [[ $line == *"(bird)"* && $line != *") Z "* ]]; then echo bird; fi',
  ].join("\n");

/** Bash that prints what a part has now. `look`: the path of its bash. */
const seenBy = (look: string): string => `{ . ${look}; } 2> /dev/null | sed '${STEADY}' | sort`;

/** Bash that keeps a part's look, and what it shows now. */
export const keepLook = (part: string, look: readonly string[]): string =>
  [
    `[[ -d ${LOOKS} ]] || mkdir -p ${LOOKS}`,
    `IFS= read -r -d '' kept <<'KEPT' || true\n${look.join("\n")}\nKEPT`,
    `printf '%s' "$kept" > ${LOOKS}/${part}.look`,
    `${seenBy(`${LOOKS}/${part}.look`)} > ${LOOKS}/${part}.seen`,
  ].join("\n");

/** Bash that is true if a part is as it was when it was signed. A part that was interrupted shows nothing; it has no signature either. */
export const isAsSeen = (part: string): string =>
  `[[ ! -e ${LOOKS}/${part}.seen || $(${seenBy(`${LOOKS}/${part}.look`)}) == "$(< ${LOOKS}/${part}.seen)" ]]`;

/** Bash that prints `altered <part>` for each part that is not as it was when it was signed. */
export const ALTERED = [
  "shopt -s nullglob",
  `for file in ${LOOKS}/*.look; do`,
  "  part=${file##*/}; part=${part%.look}",
  `  ${isAsSeen("$part")} || echo altered "$part" &`,
  "done",
  "wait",
].join("\n");

/** The files of a part's look. */
export const filesOfLook = (part: string): string => `${LOOKS}/${part}.look ${LOOKS}/${part}.seen`;

/** The parts that {@link ALTERED} has printed, among whatever else. */
export const alteredIn = (output: string): string[] =>
  [...output.matchAll(/^altered (.+)$/gm)].map(([, part = ""]) => part);

/** The names of a twin's parts that were changed by hand since the last `up`, as the user knows them. */
export async function alteredParts(sandbox: Sandbox): Promise<string[]> {
  const parts = alteredIn(await runScript(sandbox, ALTERED));
  return parts.map((part) => NAMES[part] ?? part.replace(/^node-/, ""));
}

const NAMES: Readonly<Record<string, string>> = {
  network: "the router",
  security: "the fabric's rules",
  link: "the tunnel between the sites",
};
