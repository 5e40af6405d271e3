# shellcheck shell=bash
# Sourced by tools.sh. Installs packages of the distribution, starts no service, and remembers which packages it
# installed.

# The folder of stand-ins for the tools by which a Debian package starts its service.
no_services=$(cd "$(dirname "${BASH_SOURCE[0]}")/no-services" && pwd)

# Prints apt-get, dnf, or nothing.
package_manager() {
  local name
  for name in apt-get dnf; do
    if type -P "$name" >/dev/null; then
      printf '%s\n' "$name"
      return
    fi
  done
}

# Whether this script can install: it is root, or there is sudo, which may ask for a password only on a terminal.
can_install() {
  local manager
  manager=$(package_manager)
  [[ -n $manager ]] || return 1
  ((EUID != 0)) || return 0
  type -P sudo >/dev/null || return 1
  [[ -t 0 && -t 2 ]] || sudo -n true 2>/dev/null
}

as_root() { if ((EUID == 0)); then "$@"; else sudo "$@"; fi; }

# by_hand NAME…: the command line that installs packages.
by_hand() {
  local sudo=sudo manager
  manager=$(package_manager)
  ((EUID != 0)) || sudo=''
  if [[ $manager == dnf ]]; then
    printf '%s\n' "${sudo:+$sudo }dnf install $*"
    return
  fi
  # Debian's bird2 starts a BIRD on the machine, which changes the machine's own routes, and openvswitch-switch a switch.
  local package
  for package in "$@"; do
    case $package in
      bird2) printf '%s' "${sudo:+$sudo }systemctl mask bird; " ;;
      openvswitch-switch) printf '%s' "${sudo:+$sudo }systemctl mask openvswitch-switch; " ;;
    esac
  done
  printf '%s\n' "${sudo:+$sudo }apt-get install --no-install-recommends $*"
}

# removal NAME…: the command line that removes packages.
removal() {
  local sudo=sudo manager
  manager=$(package_manager)
  ((EUID != 0)) || sudo=''
  printf '%s\n' "${sudo:+$sudo }$manager remove $*"
}

# The file with the names of the packages that were installed for encaplab, one a line.
package_record() { printf '%s\n' "${XDG_STATE_HOME:-$HOME/.local/state}/encaplab/system-packages"; }

# The recorded packages that are still installed, one a line.
installed_packages() {
  local name manager record names state
  manager=$(package_manager)
  record=$(package_record)
  if [[ ! -e $record ]]; then return; fi
  names=$(sort -u "$record")
  while read -r name; do
    case $manager in
      apt-get)
        state=$(dpkg-query -W -f '${db:Status-Status}' "$name" 2>/dev/null) || continue # unknown to dpkg
        [[ $state == installed ]] || continue
        ;;
      dnf) rpm -q "$name" >/dev/null 2>&1 || continue ;;
    esac
    printf '%s\n' "$name"
  done <<<"$names"
}

install_packages() {
  local record manager
  record=$(package_record)
  manager=$(package_manager)
  # sudo asks for the password now: the installation's own output goes to the progress line.
  as_root true || return 1
  mkdir -p "${record%/*}" && chmod 700 "${record%/*}"
  # Before the installation, which may be interrupted. installed_packages checks that a recorded package is there.
  printf '%s\n' "$@" >>"$record"
  case $manager in
    apt-get) apt_install "$@" ;;
    # Fedora starts and enables no service of its own accord (systemd.preset(5)).
    dnf) run_shown "setup: installing $*" as_root dnf --assumeyes --setopt=install_weak_deps=False install "$@" ;;
  esac
}

apt_install() {
  local path by_hand
  by_hand=$(by_hand "$@")
  # The stand-ins come first on the PATH of the packages' scripts. They act for this call of apt only, so that nothing
  # is left if it is killed. Without them nothing is installed: BIRD would run on the machine.
  path=$(apt-config dump DPkg::Path | sed -n 's/^DPkg::Path "\(.*\)";$/\1/p')
  [[ -n $path && -x $no_services/invoke-rc.d && $no_services != *:* ]] ||
    die "setup: cannot keep the packages' services from starting here; install them by hand: $by_hand"
  local apt=(as_root env DEBIAN_FRONTEND=noninteractive apt-get -o DPkg::Lock::Timeout=120 -o Dpkg::Use-Pty=0
    -o "DPkg::Path=$no_services:$path" --assume-yes)
  # Ignore a failed update: the list of an extra repository may be unreachable, and the install may still work.
  run_shown "setup: reading the package lists" "${apt[@]}" update || say "setup: continuing with the existing lists"
  run_shown "setup: installing $*" "${apt[@]}" install --no-install-recommends "$@" || {
    say "setup: could not install: $*"
    return 1
  }
}
