# shellcheck shell=bash
# Step `reset` (sent with packages.sh, kubeadm.sh, before.sh and network-leftovers.sh), on a machine that outlives the lab: undoes
# what the steps, kubeadm, kubelet and Calico changed, and nothing else; $STATE records what the machine had before.
# POD_CIDR: routes inside it are the lab's. Works on any half-made node.
create() { need POD_CIDR; }

delete() {
  need POD_CIDR
  local stage
  # Without this record, no step has changed this machine, and a cluster on it would be somebody else's.
  if [[ ! -e "$STATE/folders" ]]; then
    say "there is nothing to reset on this machine"
  else
    systemctl stop kubelet || true # else it restarts the pods while we end them
    stage=$(kubeadm_state)
    if [[ -n $stage ]]; then attend "kubeadm reset" kubeadm_reset; fi
    attend "ending the remaining pods" end_pods
    systemctl disable --quiet --now encaplab-pod-network.service encaplab-metadata.service \
      encaplab-site-route.service 2>/dev/null || true
    network_leftovers
    new_in_folders
    attend "restoring services, packages and files" services_packages_files
    swap_and_selinux
    sysctls_and_modules
    say "the machine is as it was before the lab"
  fi
  rm -rf "$RUN" "$STATE"
}

# Ends what an earlier run waits for here: a join whose API server is gone would keep the machine for five minutes. The
# steps' descriptor 9 is the lock, and their commands inherit it. Others than these are left to finish: a package manager
# that is killed leaves half a package.
end_earlier_run() {
  local holder pid name
  for holder in /proc/[0-9]*/fd/9; do
    [[ $holder -ef $LOCK ]] || continue
    pid=${holder#/proc/} pid=${pid%%/*}
    name=$(cat "/proc/$pid/comm" 2>/dev/null) || continue
    case $name in bash | kubeadm | kubectl) ((pid == $$)) || kill -KILL "$pid" 2>/dev/null || true ;; esac
  done
}

# Time limit: kubeadm asks the API server, which may be gone. The rest of this step does what kubeadm could not do.
kubeadm_reset() {
  timeout 180 kubeadm reset --force --cri-socket unix:///run/containerd/containerd.sock ||
    echo "kubeadm reset ended with $?; continuing without it"
}

end_pods() {
  local item items namespaces='' all
  if type -P ctr >/dev/null && systemctl is-active --quiet containerd; then
    # A broken containerd must not block what comes after it here.
    items=$(ctr --namespace k8s.io tasks list --quiet) || echo "note: containerd does not list the pods' processes"
    for item in $items; do ctr --namespace k8s.io tasks delete --force "$item" || true; done
    items=$(ctr --namespace k8s.io containers list --quiet) || echo "note: containerd does not list the pods' containers"
    for item in $items; do
      # The network namespaces of pods. Others with such a name are another container runtime's.
      namespaces+=$(ctr --namespace k8s.io containers info "$item" | grep -oE '/netns/cni-[0-9a-f-]+' || true)
      ctr --namespace k8s.io containers delete "$item" || true
    done
    # Delete only the images from the lab's archives (images.sh): the others were here before, or containerd keeps them.
    items=$(archived_images)
    for item in $items; do ctr --namespace k8s.io images delete "$item" || true; done
  fi
  # Deepest first. Lazily: a process that outlives its pod would block a plain umount.
  # calico-node's init container mount-bpffs may have mounted the machine's control groups in /run/calico: unmount them,
  # so that a later rm cannot reach them.
  mounts |
    awk '$2 ~ "^(/var/lib/kubelet|/run/containerd/io.containerd.grpc.v1.cri|/run/calico)/." { print $2 }' | sort -r |
    while read -r item; do umount --lazy "$(printf '%b' "$item")" || true; done
  # calico-node mounted it, because systemd had not.
  if [[ -e "$STATE/no-bpf" ]] && bpf_mounted; then umount --lazy /sys/fs/bpf || true; fi
  all=$(cni_namespaces)
  for item in $all; do
    if was_before namespaces "$item"; then continue; fi
    if [[ "$namespaces/" == *"/$item/"* ]] || is_pods "$item"; then ip netns delete "$item" || true; fi
  done
}
# Whether a network namespace has an address of the pods' network.
is_pods() {
  local found
  found=$(ip -n "$1" -4 -o address show to "$POD_CIDR" 2>/dev/null) && [[ -n $found ]]
}

archived_images() {
  if [[ -d "$STATE/images" ]]; then find "$STATE/images" -type f -exec cat {} + | sort -u; fi
}

# sort -r: the content of a folder before the folder. --dir: rm keeps a folder that is not empty, so also one with a
# mount.
new_in_folders() {
  rm -rf --one-file-system /run/calico || say "note: something is still mounted in /run/calico, so it stays"
  folders_content >"$RUN/folders"
  comm -13 "$STATE/folders" "$RUN/folders" | sort -r | xargs --no-run-if-empty --delimiter '\n' rm --force --dir ||
    say "note: not all files of the cluster could be removed; they are named above"
}

# each RECORD COMMAND…: runs COMMAND with each line of a record, latest first. A failure is only a note.
each() {
  local line record=$1
  shift
  if ! noted "$record"; then return; fi
  tac "$STATE/$record" | while read -r line; do "$@" "$line" </dev/null || say "note: this failed: $* $line"; done
}

services_packages_files() {
  each enabled systemctl disable --quiet
  if [[ -e "$STATE/packages.before" ]]; then record_packages; fi
  if [[ -d "$STATE/before" ]]; then (cd "$STATE/before" && find . -type f -exec cp -a --parents {} / \;); fi
  each made take_away
  sed '/^# encaplab begin$/,/^# encaplab end$/d' /etc/hosts >"$RUN/hosts"
  put /etc/hosts : <"$RUN/hosts"
  # After the files are restored, because removing a package also removes its own files.
  if noted packages; then remove_packages; fi
  systemctl daemon-reload
  systemctl reset-failed kubelet.service containerd.service || true
  if systemctl is-active --quiet NetworkManager; then systemctl reload NetworkManager; fi
  if systemctl is-active --quiet containerd; then systemctl restart containerd; fi # with its restored settings
  each services systemctl enable --quiet --now
}
take_away() { if [[ -d $1 ]]; then rmdir --ignore-fail-on-non-empty "$1"; else rm -f "$1"; fi; }

remove_packages() {
  local folder
  systemctl stop containerd || true
  purge_recorded
  if type -P containerd >/dev/null; then return; fi
  # These hold mostly images. A folder may be the mount point of its own disk: empty it, and let rmdir fail.
  for folder in /var/lib/containerd /run/containerd /opt/containerd /etc/containerd; do
    if [[ ! -d $folder ]]; then continue; fi
    find "$folder" -mindepth 1 -delete || echo "note: not all of $folder could be removed"
    rmdir "$folder" || true
  done
}
swap_and_selinux() {
  if grep -qs '^# encaplab: ' /etc/fstab; then sed -i 's/^# encaplab: //' /etc/fstab; fi
  if noted swap; then
    each swap systemctl unmask --quiet
    systemctl daemon-reload
    each swap systemctl start
  fi
  if noted selinux-config; then sed -i 's/^SELINUX=permissive/SELINUX=enforcing/' /etc/selinux/config; fi
  if noted selinux; then setenforce 1; fi
}

sysctls_and_modules() {
  sysctl --ignore --quiet --load="$STATE/sysctls" || true
  each modules modprobe --remove --quiet
}
