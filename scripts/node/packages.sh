# shellcheck shell=bash
# The packages of a node, a part of the step `prepare`. What is installed already is used, and then no package manager is
# touched, so that a machine without a way to the internet can be a node too.
#
# Kubernetes comes from the project's own repository, pinned to the patch. containerd comes from Docker's: the RHEL family
# has none of its own, those of Debian 12 (1.6) and Ubuntu (1.7) end with Kubernetes 1.35, and so all nodes run the same.
: "${KUBERNETES_REPOSITORY:=https://pkgs.k8s.io/core:/stable:}" # a mirror's address may be sent in their place
: "${CONTAINERD_REPOSITORY:=https://download.docker.com/linux}"
APT_SOURCES=/etc/apt/sources.list.d/encaplab.list

# command, package of Debian and Ubuntu, package of the RHEL family
tools() {
  cat <<'TABLE'
ip         iproute2   iproute
iptables   iptables   iptables-nft
nft        nftables   nftables
conntrack  conntrack  conntrack-tools
openssl    openssl    openssl
TABLE
  if [ "$PROXY_MODE" = ipvs ]; then printf 'ipvsadm ipvsadm ipvsadm\nipset ipset ipset\n'; fi
}

kubernetes_installed() { kubeadm version --output short | tr -d v; }
# The third field of "containerd github.com/containerd/containerd/v2 v2.0.0-rc.3 207ad71"; Debian's is 1.6.20~ds1.
containerd_installed() {
  local version
  version=$(containerd --version | cut -d ' ' -f 3)
  version=${version#v}
  printf '%s\n' "${version%%[!0-9.]*}"
}

install_packages() {
  local has wanted
  # A run that was killed at the package manager leaves half-installed packages, whose commands are there already.
  if [ -e "$STATE/packages.before" ] && type -P apt-get >/dev/null; then attend "mending interrupted packages" mend_deb; fi
  missing >"$RUN/packages"
  mapfile -t wanted <"$RUN/packages"
  if ((${#wanted[@]})); then
    type -P apt-get >/dev/null || type -P dnf >/dev/null ||
      die "$NODE_NAME lacks ${wanted[*]}, and has neither apt-get nor dnf to install them with"
    if [ ! -e "$STATE/packages.before" ]; then
      packages >"$STATE/packages.new"
      mv "$STATE/packages.new" "$STATE/packages.before"
    fi
    if type -P apt-get >/dev/null; then install_deb "${wanted[@]}"; else install_rpm "${wanted[@]}"; fi
  fi
  if [ -e "$STATE/packages.before" ]; then record_packages; fi
  has=$(containerd_installed)
  if ((${KUBERNETES_VERSION:2:2} >= 36 && ${has%%.*} < 2)); then
    die "$NODE_NAME has containerd $has, Kubernetes from 1.36 on needs 2.0: install containerd.io there, or set" \
      "kubernetesVersion to a 1.35"
  fi
}

# The packages that are wanted and not there, one a line, as the machine's package manager takes them.
missing() {
  local has command debian redhat pin="-$KUBERNETES_VERSION"
  if type -P apt-get >/dev/null; then pin="=$KUBERNETES_VERSION-*"; fi
  if type -P kubeadm kubelet kubectl >/dev/null; then
    has=$(kubernetes_installed)
    if [ "${has%.*}" != "${KUBERNETES_VERSION%.*}" ]; then
      die "$NODE_NAME has Kubernetes $has, the lab wants $KUBERNETES_VERSION, and a lab is not upgraded in place." \
        "Take the lab down first, or remove the machine's own kubeadm, kubelet and kubectl, or set kubernetesVersion: $has"
    fi
    if [ "$has" != "$KUBERNETES_VERSION" ]; then say "using the installed Kubernetes $has, not $KUBERNETES_VERSION"; fi
  else
    printf '%s\n' "kubelet$pin" "kubeadm$pin" "kubectl$pin"
  fi
  if ! type -P containerd >/dev/null; then echo containerd.io; fi
  while read -r command debian redhat; do
    if type -P "$command" >/dev/null; then continue; fi
    if type -P apt-get >/dev/null; then echo "$debian"; else echo "$redhat"; fi
  done < <(tools)
}

# What is there now and was not before, so with the dependencies: reset.sh takes these away again.
record_packages() {
  comm -13 "$STATE/packages.before" <(packages) >>"$STATE/packages"
  # A plain `apt-get upgrade` must not change the cluster's version.
  if type -P apt-mark >/dev/null && grep -qx kubelet "$STATE/packages"; then apt-mark hold kubelet kubeadm kubectl; fi
  rm "$STATE/packages.before"
}

# Names of the installed packages, sorted for comm.
packages() {
  if type -P dpkg-query >/dev/null; then
    # shellcheck disable=SC2016 # dpkg's own variables. The second letter: n is not installed, c only its settings are
    dpkg-query --show --showformat '${db:Status-Abbrev}${binary:Package}\n' | sed -n 's/^.[^nc].//p' | sort -u
  else
    rpm --query --all --queryformat '%{NAME}\n' | sort -u
  fi
}

apt_get() {
  # The lock's time-out: Ubuntu upgrades itself in the first minutes of a machine. confold: nobody is there to be asked.
  DEBIAN_FRONTEND=noninteractive NEEDRESTART_MODE=l apt-get --quiet --yes --no-install-recommends -o Acquire::Retries=3 \
    -o DPkg::Lock::Timeout=600 -o Dpkg::Use-Pty=0 -o Dpkg::Options::=--force-confold "$@"
}
# apt_update OPTION…: reads the package lists again and prints apt's first complaint, if there is one. Its exit code is 0 when a
# server cannot be reached. Only the lock of the lists, which the time-out above does not cover, is waited for: whatever else
# fails would fail the next time too.
apt_update() {
  wait_for 300 "the lock of apt's package lists" update_lists "$@"
  sed -nE '/^(E:|W: Failed to fetch) /{s/^[EW]: //;p;q}' "$RUN/update"
}
update_lists() {
  apt_get update "$@" >"$RUN/update" 2>&1 || echo "E: apt-get update ended with $?" >>"$RUN/update"
  ! grep '^E: Could not get lock' "$RUN/update"
}

# The lab's own sources have to be readable. Another source of the machine may be broken without any harm to the lab; when
# something is missing because of that, the installation says so.
read_lists() {
  local complaint
  if [ -s "$RUN/sources" ]; then
    complaint=$(apt_update -o Dir::Etc::sourcelist="$APT_SOURCES" -o Dir::Etc::sourceparts=/dev/null -o APT::Get::List-Cleanup=0)
    [ -z "$complaint" ] || die "apt cannot read the sources in $APT_SOURCES on $NODE_NAME: $complaint"
  fi
  complaint=$(apt_update)
  if [ -n "$complaint" ]; then say "note: apt cannot read all package sources of $NODE_NAME: $complaint"; fi
}

mend_deb() {
  wait_for 600 "dpkg's lock" dpkg_free
  dpkg --configure -a || apt_get --fix-broken install
}
# With nothing left to configure this only takes the lock.
dpkg_free() {
  local said
  said=$(dpkg --configure --pending 2>&1) || true
  case $said in *'locked by another process'*)
    echo "$said"
    return 1
    ;;
  esac
}

install_deb() {
  local ID VERSION_CODENAME minor=v${KUBERNETES_VERSION%.*}
  # shellcheck source=/dev/null
  . /etc/os-release
  : >"$RUN/sources"
  if [ ! -e /etc/ssl/certs/ca-certificates.crt ]; then
    attend "reading the package lists" read_lists
    attend "installing ca-certificates" apt_get install ca-certificates
  fi
  case " $* " in *' kubelet='*)
    apt_source "$KUBERNETES_REPOSITORY/$minor/deb/" / "$KUBERNETES_REPOSITORY/$minor/deb/Release.key"
    ;;
  esac
  case " $* " in *' containerd.io '*)
    apt_source "$CONTAINERD_REPOSITORY/$ID" "$VERSION_CODENAME stable" "$CONTAINERD_REPOSITORY/$ID/gpg"
    ;;
  esac
  if [ -s "$RUN/sources" ]; then own "$APT_SOURCES" : <"$RUN/sources"; fi
  attend "reading the package lists" read_lists
  attend "installing $*" apt_get install "$@"
}

# apt_source ADDRESS SUITE KEY, unless the machine has it: apt refuses the same source with two keys.
apt_source() {
  local key others entry address
  # apt is asked, before its first update too: it knows what is commented out, disabled, for source packages alone, or in a
  # file whose name it does not read.
  # shellcheck disable=SC2016 # apt's own variables
  others=$(apt-get indextargets --no-release-info --format '$(SOURCESENTRY) $(REPO_URI)' 'Created-By: Packages')
  while read -r entry address; do
    if [[ $entry != "$APT_SOURCES":* && ${address%/} = "${1%/}" ]]; then return; fi
  done <<<"$others"
  key=/etc/apt/keyrings/encaplab-$(cksum <<<"$3" | cut -d ' ' -f 1).asc
  rm -f "$RUN/key"
  # apt's own way to fetch: with its proxy and its retries, and there without curl.
  attend "fetching the key of $1" /usr/lib/apt/apt-helper -o Acquire::Retries=3 download-file "$3" "$RUN/key"
  own "$key" : <"$RUN/key"
  printf 'deb [signed-by=%s] %s %s\n' "$key" "$1" "$2" >>"$RUN/sources"
}

install_rpm() {
  local minor=v${KUBERNETES_VERSION%.*} release
  release=$(rpm --eval '%{?rhel}')
  [ -n "$release" ] || die "$NODE_NAME is no machine of the RHEL family 9: $(cat /etc/system-release)"
  # exclude: a plain `dnf upgrade` must not change the cluster's version.
  own /etc/yum.repos.d/encaplab.repo : <<TEXT
[encaplab-kubernetes]
name=Kubernetes $minor, for encaplab
baseurl=$KUBERNETES_REPOSITORY/$minor/rpm/
gpgkey=$KUBERNETES_REPOSITORY/$minor/rpm/repodata/repomd.xml.key
enabled=1
gpgcheck=1
exclude=kubelet kubeadm kubectl cri-tools kubernetes-cni

[encaplab-containerd]
name=containerd, for encaplab
baseurl=$CONTAINERD_REPOSITORY/centos/$release/\$basearch/stable
gpgkey=$CONTAINERD_REPOSITORY/centos/gpg
enabled=1
gpgcheck=1
includepkgs=containerd.io
TEXT
  attend "installing $*" dnf --quiet --assumeyes --disableexcludes=encaplab-kubernetes \
    --setopt=install_weak_deps=False install "$@"
}

# CRI on, systemd's cgroups as kubelet's, kubeadm's own pause image, and the folder into which Calico puts its plugin.
containerd_fits() {
  local settings
  settings=$(containerd config dump 2>/dev/null) || return 1
  grep -q 'SystemdCgroup = true' <<<"$settings" && grep -qF "$1" <<<"$settings" &&
    grep -q '/opt/cni/bin' <<<"$settings" && ! grep -q '^disabled_plugins = .*cri"' <<<"$settings"
}

configure_containerd() {
  local pause file=/etc/containerd/config.toml
  pause=$(kubeadm config images list --kubernetes-version "v$(kubernetes_installed)" 2>/dev/null | grep '/pause:')
  if containerd_fits "$pause" && [ ! -e "$STATE/pending${file//\//_}" ]; then return; fi
  # Version 2 (containerd 1) says sandbox_image, version 3 (containerd 2) says sandbox.
  containerd config default |
    sed -E 's/(SystemdCgroup = )false/\1true/; s|^( *sandbox(_image)? = ).*|\1"'"$pause"'"|' >"$RUN/containerd"
  # In a container nobody may lower a process's OOM score, and pods would not start.
  if in_container; then sed -i 's/\(restrict_oom_score_adj = \)false/\1true/' "$RUN/containerd"; fi
  own "$file" systemctl restart containerd <"$RUN/containerd"
  containerd_fits "$pause" || die "$file on $NODE_NAME has no effect; see: containerd config dump, systemctl cat containerd"
}

# kubelet is only enabled: kubeadm starts it once it has something to run.
enable_services() {
  local service
  for service in containerd kubelet; do
    if systemctl is-enabled --quiet "$service"; then continue; fi
    note enabled "$service"
    systemctl enable --quiet "$service"
  done
  if ! systemctl is-active --quiet containerd; then systemctl start containerd; fi
  wait_for 60 "containerd to answer" timeout 10 ctr version
}
