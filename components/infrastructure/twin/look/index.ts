/**
 * What a part of the twin really has, as text: links, addresses, rules, routes, neighbours, nftables. Its digest is written
 * when the part is signed, and compared at the next `up` and by `status`, so that what was changed by hand inside is noticed.
 */
import { runScript, type Sandbox } from "../sandbox";
import { enter } from "../shell";

/** Folder of each part's look, as bash, and of the digest of what it printed. Not the kernel's own changes are in it. */
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

/** Bash that prints the digest of what a part's look prints. `look`: the path of its bash. */
const digestOf = (look: string): string =>
  `{ . ${look}; } 2> /dev/null | sed '${STEADY}' | sort | sha256sum | cut -c 1-64`;

/** Bash that keeps a part's look, and the digest of what it prints now. */
export const keepLook = (part: string, look: readonly string[]): string =>
  [
    `mkdir -p ${LOOKS}`,
    `cat > ${LOOKS}/${part}.look <<'KEPT'\n${look.join("\n")}\nKEPT`,
    `${digestOf(`${LOOKS}/${part}.look`)} > ${LOOKS}/${part}.digest`,
  ].join("\n");

/** Bash that prints `altered <part>` for each part that is not as it was when it was signed. */
export const ALTERED = [
  `for file in ${LOOKS}/*.look; do`,
  "  part=${file##*/}; part=${part%.look}",
  // A part without a digest was interrupted: it has no signature either.
  `  [[ ! -e ${LOOKS}/$part.digest || $(${digestOf("$file")}) == "$(< ${LOOKS}/$part.digest)" ]] || echo altered "$part"`,
  "done",
].join("\n");

/** Bash that forgets a part's look. */
export const forgetLook = (part: string): string => `rm -f ${LOOKS}/${part}.look ${LOOKS}/${part}.digest`;

/** The names of a twin's parts that were changed by hand since the last `up`, as the user knows them. */
export async function alteredParts(sandbox: Sandbox): Promise<string[]> {
  const lines = (await runScript(sandbox, `shopt -s nullglob\n${ALTERED}`)).split("\n");
  return lines.flatMap((line) => {
    const [, part] = /^altered (.+)$/.exec(line) ?? [];
    return part === undefined ? [] : [NAMES[part] ?? part.replace(/^node-/, "")];
  });
}

const NAMES: Readonly<Record<string, string>> = { network: "the router", security: "the fabric's rules" };
