/**
 * What a part of the twin really has, as text: links, addresses, rules, routes, neighbours, nftables. It is written
 * when the part is signed, and compared at the next `up` and by `status`, so that what was changed by hand inside is noticed.
 */
import { enter } from "../../fabric";
import { runScript, type Sandbox } from "../sandbox";

/**
 * Folder of each part's look, as bash, and of what it showed, without the kernel's own changes. Version 0.2 had other looks in
 * another folder: what they showed is not comparable.
 */
export const LOOKS = "/run/encaplab/look";

/**
 * What changes by itself is left out: BIRD's routes (BIRD repairs them itself, within ten seconds), IPv6, carrier, indices. For
 * the JSON of `ip`, of which each object is a line.
 */
const STEADY = [
  '/"protocol":"bird"/d',
  '/"family":"inet6"/d',
  '/"\\(dst\\|gateway\\)":"f[ef][089]/d',
  '/"dst":"::1"/d',
  '/"type":"anycast"/d',
  // The tunnel between sites is a part of its own.
  "/ipsec0/d",
  '/"table":"220"/d',
  's/"\\(ifindex\\|link_index\\|link_netnsid\\|txqlen\\)":[0-9]*,*//g',
  's/"\\(qdisc\\|operstate\\)":"[^"]*",*//g',
  's/"\\(NO-CARRIER\\|dead\\)",*//',
  's/,*"\\(LOWER_UP\\|linkdown\\)"//',
  // What stood between two objects of a list depends on those that were left out.
  "s/[][ ,}]*$//",
  "/^$/d",
].join(";");

/** What is shown of a namespace. */
const ALL = ["addr show", "rule show", "route show table all", "neigh show nud permanent"];

/**
 * Bash that prints what a namespace has, as JSON: as text, `ip` shows the name of the namespace at the other end of a link, and
 * opens all namespaces of the lab to find it.
 * @param shown what to show, as lines for `ip -batch`. Default: everything.
 */
export const lookAt = (namespace: string, shown: readonly string[] = ALL): string =>
  // -force: a link that is missing is a difference, and no failure.
  `ip -n ${namespace} -j -force -batch - <<'LOOK'\n${shown.join("\n")}\nLOOK`;

/**
 * Bash that prints what a pod has. Where the twin writes neighbour entries, it asks for the pod's own: a list of them would
 * search those of all namespaces.
 */
export const lookAtPod = (pod: string, writesNeighbours: boolean): string =>
  lookAt(pod, writesNeighbours ? [...ALL.slice(0, -1), "neigh get 169.254.1.1 dev eth0"] : ALL);

/** Bash that prints what links of a namespace are like. */
export const lookAtLinks = (namespace: string, links: readonly string[]): string =>
  lookAt(
    namespace,
    links.map((link) => `link show ${link}`),
  );

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
const seenBy = (look: string): string =>
  `{ . ${look}; } 2> /dev/null | tr '{' '\\n' | sed '${STEADY}' | LC_ALL=C sort`;

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

/** How many parts are looked at at the same time: more would take no less time, but much of the machine. */
const AT_ONCE = 8;

/**
 * Bash that prints `altered <part>` for each part that is not as it was when it was signed.
 * @param parts which parts, as a pattern of bash. Default: all.
 */
export const findAltered = (parts = "*"): string =>
  [
    "shopt -s nullglob",
    `for file in ${LOOKS}/${parts}.look; do`,
    "  part=${file##*/}; part=${part%.look}",
    `  ((running++ < ${AT_ONCE})) || wait -n`,
    `  { ${isAsSeen("$part")} || echo altered "$part"; } &`,
    "done",
    "wait",
  ].join("\n");

/** The files of a part's look. */
export const filesOfLook = (part: string): string => `${LOOKS}/${part}.look ${LOOKS}/${part}.seen`;

/** The parts that {@link findAltered} has printed, among whatever else. */
export const alteredIn = (output: string): string[] =>
  [...output.matchAll(/^altered (.+)$/gm)].map(([, part = ""]) => part);

/** The names of a twin's parts that were changed by hand since the last `up`, as the user knows them. */
export async function alteredParts(sandbox: Sandbox): Promise<string[]> {
  const parts = alteredIn(await runScript(sandbox, findAltered()));
  return parts.map((part) => NAMES[part] ?? part.replace(/^node-/, ""));
}

const NAMES: Readonly<Record<string, string>> = {
  network: "the router",
  security: "the fabric's rules",
  link: "the tunnel between the sites",
};
