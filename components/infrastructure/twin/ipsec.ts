/** Brings up the tunnel between the twin's sites: bash that starts, changes and ends strongSwan on their routers. Pure. */
import { IPSEC_DEVICE } from "../../plan";
import { PSK_MARK } from "../common";
import { batch, enter } from "../fabric";
import { RESTART_SESSIONS } from "./bird";
import { difference } from "./difference";
import { IPSEC, type IpsecState, type LinkState } from "./ipsec-config";
import { endDaemon } from "./process-files";

/** Name of the link's signature. */
export const LINK_PART = "link";

/** Seconds until a tunnel that should come up or go counts as failed. A machine under emulation needs the most. */
const PATIENCE = 60;

const folderOf = (router: string): string => `${IPSEC}/${router}`;

/** The environment by which strongSwan's programs find a router's files. */
const environment = (router: string): string => {
  const folder = folderOf(router);
  return `STRONGSWAN_CONF=${folder}/strongswan.conf SWANCTL_DIR=${folder}`;
};

/** `swanctl` for a router, without our stand-in for a user's shell, and quiet but for errors. */
const swanctl = (router: string, command: string): string =>
  `env ${environment(router)} /usr/sbin/swanctl ${command} 2> /dev/null`;

/** Bash that ends the strongSwan of the routers with a folder, or of one. */
const endCharons = (folders: string): string =>
  [`for folder in ${folders}; do`, endDaemon("$folder/pid", "charon-systemd"), "rm -rf $folder", "done"].join(
    "\n",
  );

/** Bash that ends every router's strongSwan, also that of a router which the lab no longer has. */
export const endAllCharons = (): string => `if [[ -d ${IPSEC} ]]; then\n${endCharons(`${IPSEC}/*/`)}\nfi`;

/** Removes the link. What is missing is no error. */
export const removeLink = ({ ends }: LinkState): string =>
  endCharons(ends.map(({ router }) => folderOf(router)).join(" "));

/** Builds the link, after ending what is left of an old one. */
export const buildLink = (state: LinkState): string =>
  [
    removeLink(state),
    `mkdir -p -m 700 ${IPSEC}`,
    // In a variable of the shell, and never an argument of a program, which others on the machine could see.
    `psk='${state.psk}'`,
    ...state.ends.map(startCharon),
    ...state.ends.map(({ router }) =>
      [
        `until [[ -S ${folderOf(router)}/vici && -e /run/netns/${router} ]] && ip -n ${router} link show ${IPSEC_DEVICE} > /dev/null 2>&1; do`,
        `  [[ -d /proc/$(< ${folderOf(router)}/pid) ]] || { cat ${folderOf(router)}/out >&2; exit 1; }`,
        "  sleep 0.02",
        "done",
      ].join("\n"),
    ),
    ...state.ends.map((end) =>
      batch(end.router, [
        `link set ${IPSEC_DEVICE} mtu ${state.mtu} up`,
        ...(state.address ? [`addr replace ${state.address}/32 dev ${IPSEC_DEVICE}`] : []),
        ...end.routes.map((route) => `route replace ${route}`),
      ]),
    ),
    ...state.ends.map(({ router }) => `${swanctl(router, "--load-all")} > /dev/null`),
    ...(state.tunnel === "down" ? [] : [awaitTunnel(state, true)]),
    ...(state.tunnel === "lost" ? [awaitTunnel(state, false)] : []),
    // BIRD would keep sessions that no longer work for its hold time (240 s).
    ...(state.carries ? [] : [RESTART_SESSIONS]),
  ].join("\n");

/** `{lock}>&-`, because a daemon that inherits the lock would hold it forever. */
const startCharon = ({ router, strongswan, swanctl: file }: IpsecState): string => {
  const folder = folderOf(router);
  return [
    `mkdir -p -m 700 ${folder}`,
    `cat > ${folder}/strongswan.conf <<'END'\n${strongswan}END`,
    `cat > ${folder}/swanctl.conf <<'END'\n${file}END`,
    `text=$(< ${folder}/swanctl.conf); printf '%s\\n' "\${text//${PSK_MARK}/$psk}" > ${folder}/swanctl.conf`,
    `${enter(router)} env ${environment(router)} setsid charon-systemd {lock}>&- < /dev/null > ${folder}/out 2>&1 &`,
    `echo $! > ${folder}/pid`,
  ].join("\n");
};

/** Waits until every router has all of its security associations, or none has one. */
const awaitTunnel = ({ ends }: LinkState, isUp: boolean): string =>
  [
    `deadline=$((SECONDS + ${PATIENCE}))`,
    ...ends.map(({ router, children }) =>
      [
        `until (($(${swanctl(router, "--list-sas")} | grep -c INSTALLED || true) ${isUp ? `>= ${children}` : "== 0"})); do`,
        `  ((SECONDS < deadline)) || { echo 'the tunnel between the sites ${isUp ? "does not come up" : "does not end"}:' >&2; tail -n 20 ${folderOf(router)}/charon.log >&2; exit 1; }`,
        "  sleep 0.05",
        "done",
      ].join("\n"),
    ),
  ].join("\n");

/** Changes the link: its routes in place, and anything else by a restart of strongSwan, which takes a second. */
export function changeLink(old: LinkState, state: LinkState): string {
  const withoutRoutes = ({ ends, carries: _, ...rest }: LinkState) =>
    JSON.stringify([rest, ends.map(({ routes: __, ...end }) => end)]);
  if (withoutRoutes(old) !== withoutRoutes(state)) return buildLink(state);
  return [
    ...state.ends.map((end) => {
      const before = old.ends.find(({ router }) => router === end.router)?.routes ?? [];
      const { added, removed } = difference(before, end.routes);
      return batch(end.router, [
        ...removed.map((route) => `route del ${route}`),
        ...added.map((route) => `route replace ${route}`),
      ]);
    }),
    ...(state.carries || !old.carries ? [] : [RESTART_SESSIONS]),
  ].join("\n");
}

/** What the link has: whether strongSwan runs on each router, its routes and MTU, and whether the tunnel is up. */
export const lookAtLink = ({ ends }: LinkState): string[] =>
  ends.flatMap(({ router }) => [
    `if read -r pid < ${folderOf(router)}/pid && read -r line < /proc/$pid/stat &&`,
    // A zombie is still listed, but already dead.
    `  [[ $line == *"(charon-systemd)"* && $line != *") Z "* ]]; then echo ${router} charon; fi`,
    `ip -n ${router} route show dev ${IPSEC_DEVICE}`,
    `ip -n ${router} -o link show ${IPSEC_DEVICE} | grep -o 'mtu [0-9]*' || true`,
    `if [[ $(${swanctl(router, "--list-sas")}) == *INSTALLED* ]]; then echo ${router} tunnel; fi`,
  ]);
