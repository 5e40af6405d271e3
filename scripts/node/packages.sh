# shellcheck shell=bash
# Part of the steps `prepare`, `reset`, `router` and `site-link`: the packages of a node. If everything is already installed, no
# package manager runs, so a machine without internet access can be a node too.
#
# Kubernetes comes from the project's own repository, pinned to the patch release. containerd comes from Docker's: the
# RHEL family has no containerd, and those of Debian 12 (1.6) and Ubuntu (1.7) work up to Kubernetes 1.35 only. This way
# all nodes run the same containerd.
: "${KUBERNETES_REPOSITORY:=https://pkgs.k8s.io/core:/stable:}" # the caller may send the addresses of mirrors instead
: "${CONTAINERD_REPOSITORY:=https://download.docker.com/linux}"
APT_SOURCES=/etc/apt/sources.list.d/encaplab.list

# command, its package on Debian and Ubuntu, its package on the RHEL family
tools() {
  cat <<'TABLE'
ip         iproute2   iproute
iptables   iptables   iptables-nft
nft        nftables   nftables
conntrack  conntrack  conntrack-tools
openssl    openssl    openssl
TABLE
  if [[ $PROXY_MODE == ipvs ]]; then printf 'ipvsadm ipvsadm ipvsadm\nipset ipset ipset\n'; fi
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
  local has
  install_missing
  has=$(containerd_installed)
  if ((${KUBERNETES_VERSION:2:2} >= 36 && ${has%%.*} < 2)); then
    die "$NODE_NAME has containerd $has, but Kubernetes 1.36 and later needs 2.0: install containerd.io there, or set" \
      "kubernetesVersion to a 1.35 release"
  fi
}

# Installs what `missing` prints, and records what is new by that.
install_missing() {
  local wanted
  # A run that was killed during the installation leaves half-installed packages, whose commands already exist.
  if [[ -e "$STATE/packages.before" ]] && type -P apt-get >/dev/null; then
    attend "fixing interrupted packages" repair_deb
  fi
  missing >"$RUN/packages"
  mapfile -t wanted <"$RUN/packages"
  if ((${#wanted[@]})); then
    type -P apt-get >/dev/null || type -P dnf >/dev/null ||
      die "$NODE_NAME lacks ${wanted[*]}, and has neither apt-get nor dnf to install them with"
    if [[ ! -e "$STATE/packages.before" ]]; then
      packages >"$STATE/packages.new"
      mv "$STATE/packages.new" "$STATE/packages.before"
    fi
    if type -P apt-get >/dev/null; then install_deb "${wanted[@]}"; else install_rpm "${wanted[@]}"; fi
  fi
  if [[ -e "$STATE/packages.before" ]]; then record_packages; fi
}

# Prints the missing packages, one per line, as arguments for the machine's package manager.
missing() {
  local has needed command debian redhat pin="-$KUBERNETES_VERSION"
  if type -P apt-get >/dev/null; then pin="=$KUBERNETES_VERSION-*"; fi
  if type -P kubeadm kubelet kubectl >/dev/null; then
    has=$(kubernetes_installed)
    if [[ ${has%.*} != "${KUBERNETES_VERSION%.*}" ]]; then
      die "$NODE_NAME has Kubernetes $has, but the lab wants $KUBERNETES_VERSION, and a running lab cannot be" \
        "upgraded. Take the lab down first, or remove the machine's own kubeadm, kubelet and kubectl, or set" \
        "kubernetesVersion: $has"
    fi
    if [[ $has != "$KUBERNETES_VERSION" ]]; then say "using the installed Kubernetes $has, not $KUBERNETES_VERSION"; fi
  else
    printf '%s\n' "kubelet$pin" "kubeadm$pin" "kubectl$pin"
  fi
  if ! type -P containerd >/dev/null; then echo containerd.io; fi
  needed=$(tools)
  while read -r command debian redhat; do
    if type -P "$command" >/dev/null; then continue; fi
    if type -P apt-get >/dev/null; then echo "$debian"; else echo "$redhat"; fi
  done <<<"$needed"
}

# Records the packages that are new, dependencies included: reset.sh removes them.
record_packages() {
  packages >"$RUN/packages.now"
  comm -13 "$STATE/packages.before" "$RUN/packages.now" >>"$STATE/packages"
  # Without the hold, a plain `apt-get upgrade` would change the cluster's version.
  if type -P apt-mark >/dev/null && grep -qx kubelet "$STATE/packages"; then apt-mark hold kubelet kubeadm kubectl; fi
  rm "$STATE/packages.before"
}

# Removes the recorded packages. Uses dpkg and rpm: unlike apt-get and dnf, they refuse to remove a package that another
# package needs by now.
purge_recorded() {
  local names
  sort -u "$STATE/packages" >"$RUN/packages.ours"
  packages >"$RUN/packages.now"
  comm -12 "$RUN/packages.ours" "$RUN/packages.now" >"$RUN/packages"
  mapfile -t names <"$RUN/packages"
  if ((${#names[@]} == 0)); then
    echo "the packages are already gone"
  elif type -P dpkg >/dev/null; then
    apt-mark unhold "${names[@]}" || true
    wait_for 600 "dpkg's lock" dpkg_free
    dpkg --purge "${names[@]}" || echo "note: other packages need some of these now, so they stay"
  else
    rpm --erase "${names[@]}" || echo "note: other packages need some of these now, so all stay: ${names[*]}"
  fi
}

# Names of the installed packages, sorted for comm.
packages() {
  if type -P dpkg-query >/dev/null; then
    # The second letter of the status: n means not installed, c that only the configuration files are left.
    # shellcheck disable=SC2016 # dpkg's own variables
    dpkg-query --show --showformat '${db:Status-Abbrev}${binary:Package}\n' | sed -n 's/^.[^nc].//p' | sort -u
  else
    rpm --query --all --queryformat '%{NAME}\n' | sort -u
  fi
}

apt_get() {
  # Lock timeout: a new Ubuntu machine upgrades itself in its first minutes. confold: else dpkg would wait for an
  # answer.
  DEBIAN_FRONTEND=noninteractive NEEDRESTART_MODE=l apt-get --quiet --yes --no-install-recommends \
    -o Acquire::Retries=3 -o DPkg::Lock::Timeout=600 -o Dpkg::Use-Pty=0 -o Dpkg::Options::=--force-confold "$@"
}
# apt_update OPTION…: updates the package lists and prints apt's first error, if any. apt's exit code does not help: it
# is 0 even when a server cannot be reached. Waits only for the lock of the lists, which the timeout above does not
# cover: any other error would come back on a retry.
apt_update() {
  wait_for 300 "the lock of apt's package lists" update_lists "$@" || true # apt's error is printed below
  sed -nE '/^(E:|W: Failed to fetch) /{s/^[EW]: //;p;q}' "$RUN/update"
}
update_lists() {
  apt_get update "$@" >"$RUN/update" 2>&1 || echo "E: apt-get update ended with $?" >>"$RUN/update"
  ! grep '^E: Could not get lock' "$RUN/update"
}

# Fails if apt cannot read the lab's own sources. Another broken source of the machine is only a note: if the lab needs
# a package of it, the installation fails and says so.
read_lists() {
  local complaint
  if [[ -s "$RUN/sources" ]]; then
    complaint=$(apt_update -o Dir::Etc::sourcelist="$APT_SOURCES" -o Dir::Etc::sourceparts=/dev/null \
      -o APT::Get::List-Cleanup=0)
    [[ -z $complaint ]] || die "apt cannot read the sources in $APT_SOURCES on $NODE_NAME: $complaint"
  fi
  complaint=$(apt_update)
  if [[ -n $complaint ]]; then say "note: apt cannot read all package sources of $NODE_NAME: $complaint"; fi
}

repair_deb() {
  wait_for 600 "dpkg's lock" dpkg_free
  dpkg --configure -a || apt_get --fix-broken install
}
# If nothing is left to configure, this only takes the lock.
dpkg_free() {
  local said
  said=$(dpkg --configure --pending 2>&1) || true
  if [[ $said == *'locked by another process'* ]]; then
    echo "$said"
    return 1
  fi
}

install_deb() {
  local ID VERSION_CODENAME minor=v${KUBERNETES_VERSION%.*}
  # shellcheck source=/dev/null
  source /etc/os-release
  : >"$RUN/sources"
  if [[ ! -e /etc/ssl/certs/ca-certificates.crt ]]; then
    attend "reading the package lists" read_lists
    attend "installing ca-certificates" apt_get install ca-certificates
  fi
  if [[ " $* " == *' kubelet='* ]]; then
    apt_source "$KUBERNETES_REPOSITORY/$minor/deb/" / "$KUBERNETES_REPOSITORY/$minor/deb/Release.key"
  fi
  if [[ " $* " == *' containerd.io '* ]]; then
    apt_source "$CONTAINERD_REPOSITORY/$ID" "$VERSION_CODENAME stable" "$CONTAINERD_REPOSITORY/$ID/gpg"
  fi
  if [[ -s "$RUN/sources" ]]; then own "$APT_SOURCES" : <"$RUN/sources"; fi
  attend "reading the package lists" read_lists
  attend "installing $*" apt_get install "$@"
}

# apt_source ADDRESS SUITE KEY: adds the source unless the machine has it: apt rejects the same source with two keys.
apt_source() {
  local key others entry address
  # Ask apt instead of reading its files: it knows which sources are commented out, disabled, for source packages only,
  # or in a file that it ignores. It answers even before the first update.
  # shellcheck disable=SC2016 # apt's own variables
  others=$(apt-get indextargets --no-release-info --format '$(SOURCESENTRY) $(REPO_URI)' 'Created-By: Packages')
  while read -r entry address; do
    if [[ $entry != "$APT_SOURCES":* && ${address%/} == "${1%/}" ]]; then return; fi
  done <<<"$others"
  key=/etc/apt/keyrings/encaplab-$(cksum <<<"$3" | cut -d ' ' -f 1).asc
  rm -f "$RUN/key"
  # apt-helper uses apt's proxy and retries, and works where curl is not installed.
  attend "fetching the key of $1" /usr/lib/apt/apt-helper -o Acquire::Retries=3 download-file "$3" "$RUN/key"
  own "$key" : <"$RUN/key"
  printf 'deb [signed-by=%s] %s %s\n' "$key" "$1" "$2" >>"$RUN/sources"
}

install_rpm() {
  local minor=v${KUBERNETES_VERSION%.*} release system
  release=$(rpm --eval '%{?rhel}')
  if [[ -z $release ]]; then
    system=$(cat /etc/system-release)
    die "$NODE_NAME is not a machine of the RHEL 9 family: $system"
  fi
  # exclude: without it, a plain `dnf upgrade` would change the cluster's version.
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

# containerd_fits PAUSE_IMAGE: containerd has CRI on, the systemd cgroup driver (as kubelet has), kubeadm's pause image
# and the folder where Calico installs its CNI plugin.
containerd_fits() {
  local settings
  settings=$(containerd config dump 2>/dev/null) || return 1
  grep -q 'SystemdCgroup = true' <<<"$settings" && grep -qF "$1" <<<"$settings" &&
    grep -q '/opt/cni/bin' <<<"$settings" && ! grep -q '^disabled_plugins = .*cri"' <<<"$settings"
}

configure_containerd() {
  local version pause file=/etc/containerd/config.toml
  version=$(kubernetes_installed)
  pause=$(kubeadm config images list --kubernetes-version "v$version" 2>/dev/null | grep '/pause:')
  if containerd_fits "$pause" && [[ ! -e "$STATE/pending${file//\//_}" ]]; then return; fi
  # The setting is sandbox_image in version 2 (containerd 1), sandbox in version 3 (containerd 2).
  containerd config default |
    sed -E 's/(SystemdCgroup = )false/\1true/; s|^( *sandbox(_image)? = ).*|\1"'"$pause"'"|' >"$RUN/containerd"
  # Inside a container, no process may lower an OOM score: without this setting, pods would not start.
  if in_container; then sed -i 's/\(restrict_oom_score_adj = \)false/\1true/' "$RUN/containerd"; fi
  own "$file" systemctl restart containerd <"$RUN/containerd"
  containerd_fits "$pause" ||
    die "$file on $NODE_NAME has no effect; see: containerd config dump, systemctl cat containerd"
}

# Enable kubelet but do not start it: kubeadm starts it when there is something to run.
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
