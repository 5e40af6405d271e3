# shellcheck shell=bash disable=SC2154 # root is set by scripts/setup
# Sourced by scripts/setup. Which programs of the distribution a part of encaplab needs, and the consent to install
# them.

source "$(dirname "${BASH_SOURCE[0]}")/install.sh"

# Columns: group, command (or path of a file; of several with | between them, one is enough), Debian package, Fedora
# package. Groups: twin, for the network twin; machine, for the QEMU machine that the twin uses if the kernel lacks a
# driver; ipsec, for the tunnel between two sites; containers, for the node containers; router, BIRD on their router with
# `podRoutes: bgp`; lint, the shell linter; browser, for the test of the report's page; iperf3, for `lab bench`; tshark, for
# packets in the report; tenants, Open vSwitch and DHCP, for the twin of a lab with `tenants`; bench, what our own benchmark
# compares with.
tools() {
  cat <<'TABLE'
twin     ip                  iproute2         iproute
twin     nft                 nftables         nftables
twin     bird                bird2            bird
twin     birdc               bird2            bird
twin     tcpdump             tcpdump          tcpdump
twin     ping                iputils-ping     iputils
twin     conntrack           conntrack        conntrack-tools
twin     sysctl              procps           procps-ng
twin     unshare             util-linux       util-linux
twin     nsenter             util-linux       util-linux
twin     python3             python3          python3
twin     perl                perl-base        perl-interpreter
twin     modprobe            kmod             kmod
ipsec    charon-systemd      charon-systemd   strongswan
ipsec    swanctl             strongswan-swanctl  strongswan
ipsec    /usr/lib/ipsec/plugins/libstrongswan-gcm.so|/usr/lib64/strongswan/plugins/libstrongswan-gcm.so  libstrongswan-standard-plugins  strongswan
ipsec    /usr/lib/ipsec/plugins/libstrongswan-kernel-libipsec.so|/usr/lib64/strongswan/plugins/libstrongswan-kernel-libipsec.so  libcharon-extra-plugins  strongswan
machine  qemu-system-x86_64  qemu-system-x86  qemu-system-x86-core
machine  socat               socat            socat
machine  depmod              kmod             kmod
machine  xz                  xz-utils         xz
containers  mmdebstrap       mmdebstrap       mmdebstrap
containers  slirp4netns      slirp4netns      slirp4netns
containers  ip               iproute2         iproute
containers  nft              nftables         nftables
containers  conntrack        conntrack        conntrack-tools
containers  socat            socat            socat
containers  jq               jq               jq
containers  ssh-keygen       openssh-client   openssh
containers  unshare          util-linux       util-linux
containers  setpriv          util-linux       util-linux
containers  perl             perl-base        perl-interpreter
containers  /usr/share/keyrings/debian-archive-keyring.gpg  debian-archive-keyring  debian-keyring
router   bird                bird2            bird
router   birdc               bird2            bird
lint     shellcheck          shellcheck       ShellCheck
browser  chromium            chromium         chromium-headless
iperf3   iperf3              iperf3           iperf3
tshark   tshark              tshark           wireshark-cli
tenants  ovs-vswitchd        openvswitch-switch  openvswitch
tenants  ovs-vsctl           openvswitch-switch  openvswitch
tenants  dnsmasq             dnsmasq-base     dnsmasq
tenants  dhclient            isc-dhcp-client  dhcp-client
bench    mn                  mininet          mininet
bench    brctl               bridge-utils     bridge-utils
TABLE
}

# any_exists PATH|PATH…: one of these files exists.
any_exists() {
  local paths path
  IFS='|' read -r -a paths <<<"$1"
  for path in "${paths[@]}"; do
    if [[ -e $path ]]; then return 0; fi
  done
  return 1
}

# missing GROUP…: the packages of the groups whose command does not exist, as lines "DEBIAN FEDORA".
missing() {
  local wanted group command debian fedora table
  table=$(tools)
  for wanted in "$@"; do
    while read -r group command debian fedora; do
      [[ $group == "$wanted" ]] || continue
      case $command in
        /*) ! any_exists "$command" || continue ;;
        *) ! type -P "$command" >/dev/null || continue ;;
      esac
      printf '%s %s\n' "$debian" "$fedora"
    done <<<"$table"
  done | sort -u
}

# The names of what is missing in a group, as this distribution calls them, one a line.
missing_names() {
  local column=1 manager
  manager=$(package_manager)
  if [[ $manager == dnf ]]; then column=2; fi
  missing "$@" | cut -d ' ' -f "$column" | sort -u
}

# need GROUP…: returns 0 if every command of the groups exists, or could be installed with the user's consent. Else
# prints what to do and returns 1.
need() {
  local names by_hand
  check_groups "$@"
  names=$(missing_names "$@") || return 1
  [[ -n $names ]] || return 0
  mapfile -t names <<<"$names"
  by_hand=$(by_hand "${names[@]}")
  say "setup: these system packages are missing for $*: ${names[*]}"
  if ! can_install; then
    say "setup: install them: $by_hand"
    return 1
  fi
  if ! agreed; then
    say "setup: nothing was installed. By hand: $by_hand"
    say "setup: to have it done for you, set ENCAPLAB_YES=1 or run: bash $root/scripts/setup need $* --yes"
    return 1
  fi
  install_packages "${names[@]}"
}

# check GROUP…: as `need`, and never installs. For what runs inside the engine, where the user cannot be asked.
check() {
  local names by_hand
  check_groups "$@"
  names=$(missing_names "$@") || return 1
  [[ -n $names ]] || return 0
  mapfile -t names <<<"$names"
  by_hand=$(by_hand "${names[@]}")
  say "setup: these system packages are missing for $*: ${names[*]}"
  say "setup: install them: bash $root/scripts/setup need $*"
  say "setup: or by hand: $by_hand"
  return 1
}

check_groups() {
  local group groups
  groups=$(tools | cut -d ' ' -f 1 | uniq)
  for group in "$@"; do
    grep -qxF -- "$group" <<<"$groups" ||
      die "setup: no group of tools is called '$group'; there are: ${groups//$'\n'/ }"
  done
}

# Whether the user agrees to an installation: by ENCAPLAB_YES=1 or --yes, in a CI job, or on the terminal.
agreed() {
  local answer
  [[ ${ENCAPLAB_YES:-} != 1 && ${CI:-} != true ]] || return 0
  [[ -t 0 && -t 2 ]] || return 1
  read -r -p "Install them now? [y/N] " answer
  [[ $answer == [yY]* ]]
}
