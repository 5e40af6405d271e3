# shellcheck shell=bash
# Part of the steps `prepare` and `site-link`: the end of a new machine's first boot.

# Wait until cloud-init ends: it also installs packages and writes files, and would conflict with ours.
wait_for_cloud_init() {
  type -P cloud-init >/dev/null || return 0
  local status=0
  attend "waiting for cloud-init" timeout 600 cloud-init status --wait || status=$?
  # 1 and 2: it ended with errors, which may not affect the lab.
  case $status in
    0 | 1 | 2) ;;
    *) die "cloud-init on $NODE_NAME did not end within 600 s; see there: cloud-init status --long" ;;
  esac
}
