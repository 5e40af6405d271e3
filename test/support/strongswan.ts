/** A sandbox with a stand-in for systemd and a real strongSwan, and another one in a network namespace of its own. */
import { cpSync } from "node:fs";
import { Sandbox } from "./node-sandbox";

/**
 * Bash that ends both daemons with the sandbox, also when a test fails. By force: charon, when it is told to end, may go
 * round in a circle for ever instead (strongSwan 5.9.8, `libcharon_deinit`), and was seen to keep a processor busy for an hour.
 */
export const ENDING =
  'end() { local file; for file in /run/charon.pid /run/peer/pid; do if [[ -e $file ]]; then kill -KILL "$(<"$file")" 2>/dev/null || true; fi; done; }; trap end EXIT';

/** A sandbox whose `systemctl` starts and ends strongSwan, as the unit of Debian's package charon-systemd does it. */
export function strongSwanSandbox(): Sandbox {
  const sandbox = new Sandbox();
  for (const one of ["strongswan.conf", "strongswan.d", "swanctl"])
    cpSync(`/etc/${one}`, sandbox.path(`etc/${one}`), { recursive: true });
  sandbox.command(
    "systemctl",
    `echo "systemctl $*" >>${sandbox.path("calls")}
    alive() { [[ -e /run/charon.pid ]] && kill -0 "$(</run/charon.pid)" 2>/dev/null; }
    case "$*" in
      *is-active*) alive ;;
      *is-enabled*) [[ -e /run/enabled ]] ;;
      enable*) touch /run/enabled ;;
      start* | restart*)
        # As systemd does it: first by a request, then by force.
        if alive; then kill "$(</run/charon.pid)"; fi
        for ((tries = 0; tries < 200; tries++)); do alive || break; sleep 0.05; done
        if alive; then kill -KILL "$(</run/charon.pid)"; while alive; do sleep 0.05; done; fi
        setsid charon-systemd >/run/charon.log 2>&1 3>&- 9>&- </dev/null &
        echo $! >/run/charon.pid ;;
    esac`,
  );
  return sandbox;
}

/** Bash that starts strongSwan in the network namespace `peer`, which must exist. @param swanctl its swanctl.conf. */
export function strongSwanInPeer(sandbox: Sandbox, swanctl: string): string[] {
  sandbox.write("run/peer/swanctl.conf", swanctl);
  sandbox.write(
    "run/peer/strongswan.conf",
    "charon-systemd {\n  load = random nonce aes gcm sha1 sha2 hmac gmp kdf drbg kernel-libipsec kernel-netlink socket-default vici\n  plugins { vici { socket = unix:///run/peer/vici } }\n}\nswanctl { load = random\n  socket = unix:///run/peer/vici\n}\n",
  );
  const inPeer =
    "nsenter --net=/run/netns/peer env STRONGSWAN_CONF=/run/peer/strongswan.conf SWANCTL_DIR=/run/peer";
  return [
    `${inPeer} setsid charon-systemd >/run/peer/log 2>&1 </dev/null & echo $! >/run/peer/pid`,
    "until [[ -S /run/peer/vici ]]; do sleep 0.05; done",
    `${inPeer} swanctl --load-all >/dev/null 2>&1`,
  ];
}
