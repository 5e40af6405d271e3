# shellcheck shell=bash
# Step `prepare` (sent with packages.sh, cloud-init.sh, kubeadm.sh, before.sh, metadata.sh, check.sh and its parts): prepares
# a machine with Debian, Ubuntu or the RHEL 9 family for kubeadm. Changes only what is not yet as it should be. Prints the
# facts of check.sh, by which nodes are compared.
# NODE_NAME; NODE_ADDRESS; HOSTS: lines "address name" of all nodes; KUBERNETES_VERSION: 1.35.7; PROXY_MODE: iptables,
# nftables or ipvs; REQUIRE_IPIP: 1 if the lab's encapsulation needs the kernel's ipip, else 0; the values of check.sh
create() {
  need NODE_NAME NODE_ADDRESS HOSTS KUBERNETES_VERSION PROXY_MODE REQUIRE_IPIP
  local version
  # Before any change: reset.sh cleans every machine on which prepare has begun.
  no_strange_cluster
  wait_for_cloud_init
  refuse_faults
  remember
  name_hosts
  swap_off
  load_modules
  remember_sysctls
  set_sysctls
  leave_calico_alone
  keep_foreign_routes
  no_nm_cloud_setup
  no_firewalld_no_selinux
  install_packages
  no_metadata_for_pods
  configure_containerd
  enable_services
  version=$(kubernetes_installed)
  say "$NODE_NAME is ready for kubeadm $version"
  facts >&3
}

# Without the names in /etc/hosts, every kubeadm call waits ten seconds for DNS.
name_hosts() {
  local template=/etc/cloud/templates/hosts.redhat.tmpl
  with_names /etc/hosts >"$RUN/hosts"
  put /etc/hosts : <"$RUN/hosts"
  # With manage_etc_hosts, as in Debian's cloud images, cloud-init overwrites /etc/hosts from this template at every
  # boot. Turning that off in cloud.cfg.d is not enough: user data and vendor data override it (cloud-init's
  # documentation, "Configuration priority"). The template is always used (cloud-init's module update_etc_hosts).
  if type -P apt-get >/dev/null; then template=/etc/cloud/templates/hosts.debian.tmpl; fi
  if [[ ! -e $template ]]; then return; fi
  with_names "$template" >"$RUN/hosts"
  own "$template" : <"$RUN/hosts"
}
with_names() {
  sed '/^# encaplab begin$/,/^# encaplab end$/d' "$1"
  printf '# encaplab begin\n%s\n# encaplab end\n' "$HOSTS"
}

# kubelet refuses to start with swap on. Turns off swap from fstab and from systemd itself (zram), now and after a
# reboot.
swap_off() {
  if in_container; then return; fi # swap belongs to the machine that the container runs on
  local unit units line='[^#[:space:]]+[[:space:]]+[^[:space:]]+[[:space:]]+swap[[:space:]]'
  units=$(systemctl list-units --type=swap --state=active --plain --no-legend | awk '{ print $1 }')
  for unit in $units; do
    say "turning off swap: $unit"
    note swap "$unit"
    systemctl mask --quiet "$unit" || say "note: $unit could not be masked and may come back after a reboot"
  done
  if noted swap; then swapoff --all; fi
  if grep -Eqs "^$line" /etc/fstab; then
    sed -E "s/^($line)/# encaplab: \1/" /etc/fstab >"$RUN/fstab"
    put /etc/fstab systemctl daemon-reload <"$RUN/fstab"
  fi
}

# Records for reset.sh the state that kubelet, kube-proxy, kubeadm and Calico will change. Must run before any change:
# reset.sh does nothing on a machine without the record of the folders.
remember() {
  if [[ ! -e "$STATE/folders" ]]; then
    # systemd mounts /sys/fs/bpf on most machines. On the others Calico will.
    if ! bpf_mounted; then : >"$STATE/no-bpf"; fi
    remember_network
    folders_content >"$STATE/new"
    mv "$STATE/new" "$STATE/folders"
  fi
}

# Run this after the modules are loaded, which add some of these settings, and before any of them is changed.
remember_sysctls() {
  if [[ -e "$STATE/sysctls" ]]; then return; fi
  sysctl --ignore net.ipv4.ip_forward net.ipv4.conf.all.route_localnet vm.overcommit_memory vm.panic_on_oom \
    kernel.panic kernel.panic_on_oops kernel.keys.root_maxkeys kernel.keys.root_maxbytes \
    net.bridge.bridge-nf-call-iptables net.bridge.bridge-nf-call-ip6tables \
    net.netfilter.nf_conntrack_tcp_timeout_{established,close_wait} \
    net.ipv4.vs.{conntrack,conn_reuse_mode,expire_nodest_conn,expire_quiescent_template} \
    2>/dev/null >"$STATE/new" || true
  mv "$STATE/new" "$STATE/sysctls"
}

# Tests a driver itself, not whether it is loaded: it may be built in, or belong to the machine that a container runs
# on.
works() {
  case $1 in
    overlay) grep -qw overlay /proc/filesystems ;;
    br_netfilter) [[ -e /proc/sys/net/bridge/bridge-nf-call-iptables ]] ;;
    nf_conntrack) [[ -e /proc/sys/net/netfilter/nf_conntrack_max ]] ;;
    ip_vs) [[ -e /proc/net/ip_vs ]] ;;
    ip_vs_*) [[ -e "/sys/module/$1" ]] || modprobe --dry-run --quiet "$1" ;;
    # Creating a tunnel is the only reliable test. In a network namespace of its own, it leaves nothing behind.
    ipip) unshare --net ip link add probe type ipip remote 192.0.2.1 local 192.0.2.2 2>/dev/null ;;
    vxlan) unshare --net ip link add probe type vxlan id 1 dstport 4789 2>/dev/null ;;
  esac
}

load_modules() {
  local module kernel missing=() modules=(overlay br_netfilter nf_conntrack vxlan ipip)
  if [[ $PROXY_MODE == ipvs ]]; then modules+=(ip_vs ip_vs_rr ip_vs_wrr ip_vs_sh); fi
  for module in "${modules[@]}"; do
    if [[ -e "/sys/module/$module" ]]; then continue; fi
    if ! in_container && modprobe --quiet "$module" && [[ -e "/sys/module/$module" ]]; then
      note modules "$module"
    elif ! works "$module"; then
      missing+=("$module")
    fi
  done
  if ! in_container; then printf '%s\n' "${modules[@]}" | own /etc/modules-load.d/encaplab.conf :; fi
  for module in "${missing[@]}"; do
    if [[ $module == ipip && $REQUIRE_IPIP != 1 ]]; then
      say "note: this kernel has no ipip; the encapsulations IPIP and IPIPCrossSubnet cannot work on $NODE_NAME"
      continue
    fi
    kernel=$(uname -r)
    die "the kernel of $NODE_NAME ($kernel) has no '$module'. Ubuntu: apt-get install linux-modules-extra-$kernel;" \
      "RHEL family: dnf install kernel-modules-extra; a container: modprobe $module on the machine it runs on." \
      "If it is ipip, you can also choose an encapsulation without it (VXLAN, VXLANCrossSubnet, None)"
  done
}

set_sysctls() {
  own /etc/sysctl.d/99-encaplab.conf sysctl --quiet --load=/etc/sysctl.d/99-encaplab.conf <<'TEXT'
# Nodes route for their pods, and packets that cross a bridge must pass kube-proxy's rules.
net.ipv4.ip_forward = 1
net.bridge.bridge-nf-call-iptables = 1
net.bridge.bridge-nf-call-ip6tables = 1
TEXT
}

# NetworkManager removes addresses and routes from devices that it manages: make it ignore Calico's (Calico's
# documentation).
leave_calico_alone() {
  if [[ ! -d /etc/NetworkManager ]]; then return; fi
  own /etc/NetworkManager/conf.d/encaplab.conf reload_network_manager <<'TEXT'
[keyfile]
unmanaged-devices=interface-name:cali*;interface-name:tunl*;interface-name:vxlan.calico;interface-name:vxlan-v6.calico;interface-name:wireguard.cali;interface-name:wg-v6.cali;interface-name:cni0
TEXT
}
reload_network_manager() {
  if systemctl is-active --quiet NetworkManager; then systemctl reload NetworkManager; fi
}

# When networkd starts, for example after an update of systemd, it removes what it did not create: blackholes, rules,
# and routes over the interfaces that it manages. Pods then lose their network (calico#4779; networkd.conf(5); measured
# with systemd 252).
keep_foreign_routes() {
  if ! systemctl cat systemd-networkd.service >/dev/null 2>&1; then return; fi
  own /etc/systemd/networkd.conf.d/encaplab.conf restart_networkd <<'TEXT'
[Network]
ManageForeignRoutes=no
ManageForeignRoutingPolicyRules=no
TEXT
}
# networkd reads this file only when it starts. A restart keeps connections (systemd-networkd.service(8)), but it may
# remove an interface's address for a moment, and then the kernel drops the routes over it. So do not restart it on a
# node: its next start reads the file first. reset.sh does not restart it either: with its defaults back, networkd would
# remove the routes of other programs.
restart_networkd() {
  local stage
  stage=$(kubeadm_state)
  if [[ -n $stage ]]; then return; fi
  systemctl try-restart systemd-networkd.service
}

# Red Hat's cloud images: nm-cloud-setup routes packets from the node's address by tables without routes to the pods, so
# a node cannot reach its own pods (calico#4662).
no_nm_cloud_setup() {
  local unit device priority rules
  if ! systemctl cat nm-cloud-setup.service >/dev/null 2>&1; then return; fi
  for unit in nm-cloud-setup.timer nm-cloud-setup.service; do
    if systemctl is-enabled --quiet "$unit" 2>/dev/null; then
      turn_off "$unit" "its routing rules cut nodes off from pods"
    fi
  done
  cloud_rules >"$RUN/rules"
  if [[ ! -s "$RUN/rules" ]]; then return; fi
  rules=$(paste -sd ' ' "$RUN/rules")
  say "removing nm-cloud-setup's routing rules on $NODE_NAME: $rules"
  # NetworkManager keeps these rules in its connections, and would add them again when it renews a lease.
  cloud_devices | while read -r device; do nmcli device reapply "$device" </dev/null || true; done
  cloud_rules >"$RUN/rules"
  while read -r priority; do ip -4 rule delete priority "$priority" || true; done <"$RUN/rules"
}
# The priorities of nm-cloud-setup's rules (NetworkManager, src/nm-cloud-setup/main.c): the rule of a table has the
# table's number as its priority, and 30350 prefers the main table's routes, except for its default route.
cloud_rules() {
  ip -4 rule show |
    sed -nE 's/^(30[24][0-9]{2}):.* lookup \1( .*)?$/\1/p; s/^(30350):.* suppress_prefixlength 0( .*)?$/\1/p'
}
cloud_devices() {
  ip -4 route show table all | sed -nE 's/^.* dev ([^ ]+) .*table 30[24][0-9]{2}( .*)?$/\1/p' | sort -u
}

# turn_off UNIT WHY: stops and disables UNIT; reset.sh turns it on again.
turn_off() {
  say "turning off $1 on $NODE_NAME: $2"
  note services "$1"
  systemctl disable --quiet --now "$1"
}

# Defaults of the RHEL family: firewalld knows neither pods nor protocol 4, and kubeadm's documentation asks for
# permissive.
no_firewalld_no_selinux() {
  local selinux
  if systemctl is-active --quiet firewalld || systemctl is-enabled --quiet firewalld 2>/dev/null; then
    turn_off firewalld "its rules do not know the pods"
  fi
  if ! type -P getenforce >/dev/null; then return; fi
  selinux=$(getenforce)
  if [[ $selinux == Enforcing ]]; then
    say "setting SELinux to permissive on $NODE_NAME"
    note selinux enforcing
    setenforce 0
  fi
  if grep -q '^SELINUX=enforcing' /etc/selinux/config; then
    note selinux-config enforcing
    sed 's/^SELINUX=enforcing/SELINUX=permissive/' /etc/selinux/config >"$RUN/selinux"
    put /etc/selinux/config : <"$RUN/selinux"
  fi
}
