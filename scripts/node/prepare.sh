# shellcheck shell=bash
# prepare (sent together with packages.sh and kubeadm.sh): makes a machine of Debian, Ubuntu or the RHEL family 9 ready for
# kubeadm. Whatever is so already is left alone.
# NODE_NAME; NODE_ADDRESS; HOSTS: lines "address name" of all nodes; KUBERNETES_VERSION: 1.35.7; PROXY_MODE: iptables,
# nftables or ipvs; REQUIRE_IPIP: 1 when the lab's encapsulation needs the kernel's ipip, else 0
create() {
  need NODE_NAME NODE_ADDRESS HOSTS KUBERNETES_VERSION PROXY_MODE REQUIRE_IPIP
  no_strange_cluster # before anything is changed: reset.sh cleans what prepare has begun with
  has_address
  wait_for_cloud_init
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
  configure_containerd
  enable_services
  say "$NODE_NAME is ready for kubeadm $(kubernetes_installed)"
}

# kubelet would start and then report an address that nobody can reach, minutes later and far from the cause.
has_address() {
  if grep -qF " $NODE_ADDRESS/" <<<"$(ip -o addr show)"; then return; fi
  die "$NODE_NAME has no interface with $NODE_ADDRESS, its address in the config; it has:" \
    "$(ip -o addr show scope global | awk '{ printf "%s (%s) ", $4, $2 }')"
}

# cloud-init installs packages and writes files too; in its middle we would fight over both.
wait_for_cloud_init() {
  type -P cloud-init >/dev/null || return 0
  local status=0
  attend "waiting for cloud-init" timeout 600 cloud-init status --wait || status=$?
  # 1 and 2: it ended with errors of its own, which need not matter to us.
  case $status in
    0 | 1 | 2) ;;
    *) die "cloud-init on $NODE_NAME did not end within 600 s: cloud-init status --long" ;;
  esac
}

# Without names every kubeadm call waits ten seconds for DNS.
name_hosts() {
  local template=/etc/cloud/templates/hosts.redhat.tmpl
  with_names /etc/hosts >"$RUN/hosts"
  put /etc/hosts : <"$RUN/hosts"
  # With manage_etc_hosts, as in Debian's cloud images, cloud-init writes /etc/hosts anew from this template at every boot.
  # Turning that off in cloud.cfg.d would not be enough: user data and vendor data override it (cloud-init's documentation,
  # "Configuration priority"), while the template is used whoever has asked for it (its module update_etc_hosts).
  if type -P apt-get >/dev/null; then template=/etc/cloud/templates/hosts.debian.tmpl; fi
  if [ ! -e "$template" ]; then return; fi
  with_names "$template" >"$RUN/hosts"
  own "$template" : <"$RUN/hosts"
}
with_names() {
  sed '/^# encaplab begin$/,/^# encaplab end$/d' "$1"
  printf '# encaplab begin\n%s\n# encaplab end\n' "$HOSTS"
}

# kubelet refuses to start with swap on. Off now, and after a reboot: fstab's and what systemd makes itself (zram).
swap_off() {
  if in_container; then return; fi # it is the machine's that the container runs on
  local unit
  for unit in $(systemctl list-units --type=swap --state=active --plain --no-legend | awk '{ print $1 }'); do
    say "turning off swap: $unit"
    note swap "$unit"
    systemctl mask --quiet "$unit" || say "note: $unit could not be masked, and may come back with a reboot"
  done
  if noted swap; then swapoff --all; fi
  if grep -Eqs '^[^#[:space:]]+[[:space:]]+[^[:space:]]+[[:space:]]+swap[[:space:]]' /etc/fstab; then
    sed -E 's/^([^#[:space:]]+[[:space:]]+[^[:space:]]+[[:space:]]+swap[[:space:]])/# encaplab: \1/' /etc/fstab >"$RUN/fstab"
    put /etc/fstab systemctl daemon-reload <"$RUN/fstab"
  fi
}

# What kubelet, kube-proxy, kubeadm and Calico will change without telling, as it was before: for reset.sh, which takes the
# record of the folders as the sign that anything was changed here at all, so it comes first.
remember() {
  if [ ! -e "$STATE/folders" ]; then
    # systemd mounts /sys/fs/bpf on most machines; where it does not, Calico will.
    if ! bpf_mounted; then : >"$STATE/no-bpf"; fi
    folders_content >"$STATE/new"
    mv "$STATE/new" "$STATE/folders"
  fi
}

# After the modules, which bring some of these settings, and before any of them is changed.
remember_sysctls() {
  if [ -e "$STATE/sysctls" ]; then return; fi
  sysctl --ignore net.ipv4.ip_forward net.ipv4.conf.all.route_localnet vm.overcommit_memory vm.panic_on_oom \
    kernel.panic kernel.panic_on_oops kernel.keys.root_maxkeys kernel.keys.root_maxbytes \
    net.bridge.bridge-nf-call-iptables net.bridge.bridge-nf-call-ip6tables \
    net.netfilter.nf_conntrack_tcp_timeout_{established,close_wait} \
    net.ipv4.vs.{conntrack,conn_reuse_mode,expire_nodest_conn,expire_quiescent_template} 2>/dev/null >"$STATE/new" || true
  mv "$STATE/new" "$STATE/sysctls"
}

# A driver may be built in, or be lent to a container by the machine under it: what counts is that it is there.
works() {
  case $1 in
    overlay) grep -qw overlay /proc/filesystems ;;
    br_netfilter) [ -e /proc/sys/net/bridge/bridge-nf-call-iptables ] ;;
    nf_conntrack) [ -e /proc/sys/net/netfilter/nf_conntrack_max ] ;;
    ip_vs) [ -e /proc/net/ip_vs ] ;;
    ip_vs_*) [ -e "/sys/module/$1" ] || modprobe --dry-run --quiet "$1" ;;
    # Making one is the only sure way to know; in a network namespace of its own it leaves nothing behind.
    ipip) unshare --net ip link add probe type ipip remote 192.0.2.1 local 192.0.2.2 2>/dev/null ;;
    vxlan) unshare --net ip link add probe type vxlan id 1 dstport 4789 2>/dev/null ;;
  esac
}

load_modules() {
  local module missing=() modules=(overlay br_netfilter nf_conntrack vxlan ipip)
  if [ "$PROXY_MODE" = ipvs ]; then modules+=(ip_vs ip_vs_rr ip_vs_wrr ip_vs_sh); fi
  for module in "${modules[@]}"; do
    if [ -e "/sys/module/$module" ]; then continue; fi
    if ! in_container && modprobe --quiet "$module" && [ -e "/sys/module/$module" ]; then
      note modules "$module"
    elif ! works "$module"; then
      missing+=("$module")
    fi
  done
  if ! in_container; then printf '%s\n' "${modules[@]}" | own /etc/modules-load.d/encaplab.conf :; fi
  for module in "${missing[@]}"; do
    if [ "$module" = ipip ] && [ "$REQUIRE_IPIP" != 1 ]; then
      say "note: this kernel has no ipip; the encapsulations IPIP and IPIPCrossSubnet cannot work on $NODE_NAME"
      continue
    fi
    die "the kernel of $NODE_NAME ($(uname -r)) has no '$module'. Ubuntu: apt-get install linux-modules-extra-$(uname -r);" \
      "RHEL family: dnf install kernel-modules-extra; a container: modprobe $module on the machine it runs on." \
      "For ipip: or an encapsulation without it (VXLAN, VXLANCrossSubnet, None)"
  done
}

set_sysctls() {
  own /etc/sysctl.d/99-encaplab.conf sysctl --quiet --load=/etc/sysctl.d/99-encaplab.conf <<'TEXT'
# Nodes route for their pods, and what crosses a bridge has to pass kube-proxy's rules.
net.ipv4.ip_forward = 1
net.bridge.bridge-nf-call-iptables = 1
net.bridge.bridge-nf-call-ip6tables = 1
TEXT
}

# NetworkManager takes addresses and routes off devices that it thinks it has to manage (Calico's documentation).
leave_calico_alone() {
  if [ ! -d /etc/NetworkManager ]; then return; fi
  own /etc/NetworkManager/conf.d/encaplab.conf reload_network_manager <<'TEXT'
[keyfile]
unmanaged-devices=interface-name:cali*;interface-name:tunl*;interface-name:vxlan.calico;interface-name:vxlan-v6.calico;interface-name:wireguard.cali;interface-name:wg-v6.cali;interface-name:cni0
TEXT
}
reload_network_manager() {
  if systemctl is-active --quiet NetworkManager; then systemctl reload NetworkManager; fi
}

# When networkd starts, as after an update of systemd, it removes what it does not know: blackholes, rules, and routes over
# the interfaces that it manages. Pods lose their network (calico#4779; networkd.conf(5); measured with systemd 252).
keep_foreign_routes() {
  if ! systemctl cat systemd-networkd.service >/dev/null 2>&1; then return; fi
  own /etc/systemd/networkd.conf.d/encaplab.conf restart_networkd <<'TEXT'
[Network]
ManageForeignRoutes=no
ManageForeignRoutingPolicyRules=no
TEXT
}
# It reads this file only when it starts. A restart does not break connections (systemd-networkd.service(8)), but it may take
# an interface's address away for a moment, and the kernel then drops the routes over it. So a node is left alone: networkd's
# next start reads the file first. reset.sh does not restart it either: with its defaults back it would remove other programs'
# routes.
restart_networkd() {
  if [ -n "$(kubeadm_state)" ]; then return; fi
  systemctl try-restart systemd-networkd.service
}

# Red Hat's images for clouds: packets from the node's address are routed by tables that do not know the pods, so that a node
# cannot reach its own pods (calico#4662).
no_nm_cloud_setup() {
  local unit device priority
  if ! systemctl cat nm-cloud-setup.service >/dev/null 2>&1; then return; fi
  for unit in nm-cloud-setup.timer nm-cloud-setup.service; do
    if systemctl is-enabled --quiet "$unit" 2>/dev/null; then turn_off "$unit" "its routing rules cut nodes off from pods"; fi
  done
  cloud_rules >"$RUN/rules"
  if [ ! -s "$RUN/rules" ]; then return; fi
  say "removing nm-cloud-setup's routing rules on $NODE_NAME: $(paste -sd ' ' "$RUN/rules")"
  # NetworkManager has them as part of its connections, and would add them again when a lease is renewed.
  cloud_devices | while read -r device; do nmcli device reapply "$device" </dev/null || true; done
  cloud_rules >"$RUN/rules"
  while read -r priority; do ip -4 rule delete priority "$priority" || true; done <"$RUN/rules"
}
# The priorities of its rules (NetworkManager, src/nm-cloud-setup/main.c): each table has its own number as priority, and
# 30350 lets the main table's routes come first, except for the default.
cloud_rules() {
  ip -4 rule show | sed -nE 's/^(30[24][0-9]{2}):.* lookup \1( .*)?$/\1/p; s/^(30350):.* suppress_prefixlength 0( .*)?$/\1/p'
}
cloud_devices() {
  ip -4 route show table all | sed -nE 's/^.* dev ([^ ]+) .*table 30[24][0-9]{2}( .*)?$/\1/p' | sort -u
}

# turn_off UNIT WHY: now and after a reboot; reset.sh turns it on again.
turn_off() {
  say "turning off $1 on $NODE_NAME: $2"
  note services "$1"
  systemctl disable --quiet --now "$1"
}

# The RHEL family's defaults: firewalld knows neither pods nor protocol 4, and kubeadm's pages ask for permissive.
no_firewalld_no_selinux() {
  if systemctl is-active --quiet firewalld || systemctl is-enabled --quiet firewalld 2>/dev/null; then
    turn_off firewalld "its rules know nothing of pods"
  fi
  if type -P ufw >/dev/null && grep -q '^Status: active' <<<"$(ufw status)"; then
    say "note: ufw is active on $NODE_NAME; unless it allows the nodes and the pods everything, the lab will fail in its way"
  fi
  if ! type -P getenforce >/dev/null; then return; fi
  if [ "$(getenforce)" = Enforcing ]; then
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
