# shellcheck shell=bash
# Step `site-link` (sent with packages.sh and cloud-init.sh), after `prepare`: makes this machine the gateway of its site.
# strongSwan joins it to the gateway of the other site by IPsec: with the kernel's ESP, or where the kernel has none with its
# own, kernel-libipsec.
# CONNECTION: swanctl.conf, with @PSK@ in the place of the key; PSK: the key in base64; CHILDREN: how many security
# associations the connection has; WAIT: 1 to wait until they are there, 0 on the end that the other one waits for; ALONE: 1
# if the machine is a gateway and no node, so that `prepare` did not come before, else 0; KUBERNETES_VERSION: for packages.sh.
# TUNNEL_WAIT: how long, in seconds; the default is enough for a slow machine.
: "${TUNNEL_WAIT:=90}"

create() {
  need NODE_NAME CONNECTION PSK CHILDREN WAIT ALONE KUBERNETES_VERSION
  if [[ $ALONE == 1 ]]; then
    wait_for_cloud_init
    forward
  fi
  install_missing
  layout
  in_software
  # Only root may read the key.
  (
    umask 077
    own "$conf" : <<<"${CONNECTION//@PSK@/0s$PSK}"
  )
  rm -f "$RUN/put"
  run_strongswan
  swanctl --load-all >/dev/null
  if [[ $WAIT == 0 ]]; then
    say "$NODE_NAME waits for the gateway of the other site"
    return
  fi
  wait_for "$TUNNEL_WAIT" "the tunnel between the sites" is_up ||
    die "the gateways of the two sites have no security association: UDP 500 and 4500 must be open between them, in both directions; see on $NODE_NAME: journalctl -u strongswan"
  say "$NODE_NAME has a tunnel to the gateway of the other site"
}

# The packages stay until reset.sh removes those that the lab has installed.
delete() {
  layout
  if [[ ! -e $conf && ! -e $software ]]; then return; fi
  local had_software=0
  if [[ -e $software ]]; then had_software=1; fi
  rm -f "$conf" "$software"
  if ! type -P swanctl >/dev/null || ! systemctl is-active --quiet strongswan; then return; fi
  swanctl --terminate --force --ike link >/dev/null 2>&1 || true # there may be no tunnel
  swanctl --load-all >/dev/null || say "note: strongSwan on this machine did not forget the tunnel; restart it"
  if ((had_software)); then systemctl restart strongswan; fi
  say "the tunnel between the sites is taken back"
}

# Nodes forward since `prepare`. Without redirects: what comes from the nodes leaves by the interface on which it came, and the
# kernel would tell them of a shorter way, which is past the tunnel.
forward() {
  own /etc/sysctl.d/99-encaplab.conf load_settings <<'TEXT'
# Made by encaplab.
net.ipv4.ip_forward = 1
net.ipv4.conf.all.send_redirects = 0
net.ipv4.conf.default.send_redirects = 0
TEXT
  # An interface that is there already has a value of its own, and the larger one of the two counts.
  local setting
  for setting in /proc/sys/net/ipv4/conf/*/send_redirects; do echo 0 >"$setting"; done
}
load_settings() { sysctl --quiet --load=/etc/sysctl.d/99-encaplab.conf; }

# Prints what strongSwan needs and is missing, for packages.sh. The RHEL family has all of it in one package, of EPEL.
missing() {
  local needs=(charon-systemd swanctl) name
  if type -P apt-get >/dev/null; then
    for name in "${needs[@]}"; do
      if type -P "$name" >/dev/null; then continue; fi
      case $name in swanctl) echo strongswan-swanctl ;; *) echo "$name" ;; esac
    done
    plugin gcm || echo libstrongswan-standard-plugins
    plugin kernel-libipsec || echo libcharon-extra-plugins
  else
    type -P swanctl >/dev/null || echo strongswan
  fi
}
plugin() {
  [[ -e /usr/lib/ipsec/plugins/libstrongswan-$1.so || -e /usr/lib64/strongswan/plugins/libstrongswan-$1.so ]]
}

# Where strongSwan has its files: in a folder of its own on the RHEL family.
layout() {
  local base=/etc
  if [[ -d /etc/strongswan/swanctl ]]; then base=/etc/strongswan; fi
  conf=$base/swanctl/conf.d/encaplab.conf
  software=$base/strongswan.d/zz-encaplab.conf
}

# ESP in strongSwan itself, on a TUN device, where the kernel has none.
in_software() {
  if kernel_has_esp; then
    if [[ -e $software ]]; then
      rm -f "$software"
      systemctl restart strongswan
    fi
    return
  fi
  say "note: the kernel of $NODE_NAME has no ESP, so strongSwan does it itself (kernel-libipsec), which is slower"
  own "$software" restart_if_running <<'TEXT'
# Made by encaplab: the kernel of this machine has no ESP.
charon-systemd {
  plugins {
    kernel-libipsec {
      load = yes
    }
  }
}
TEXT
}
restart_if_running() {
  if systemctl is-active --quiet strongswan; then systemctl restart strongswan; fi
}

# Adding an association is the only reliable test. In a network namespace of its own, it leaves nothing behind.
kernel_has_esp() {
  unshare --net ip xfrm state add src 192.0.2.1 dst 192.0.2.2 proto esp spi 0x100 mode tunnel \
    enc 'cbc(aes)' 0x00112233445566778899aabbccddeeff auth 'hmac(sha1)' 0x00112233445566778899aabbccddeeff00112233 \
    2>/dev/null
}

run_strongswan() {
  if ! systemctl is-enabled --quiet strongswan; then
    note enabled strongswan
    systemctl enable --quiet strongswan
  fi
  if ! systemctl is-active --quiet strongswan; then systemctl start strongswan; fi
  wait_for 30 "strongSwan to answer" swanctl --stats ||
    die "strongSwan does not run on $NODE_NAME; see there: journalctl -u strongswan"
}

is_up() {
  local found
  found=$(swanctl --list-sas | grep -c INSTALLED) || true
  ((found >= CHILDREN))
}
