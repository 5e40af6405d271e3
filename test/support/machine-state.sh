# shellcheck shell=bash
# Prints everything on a machine that a lab could change, one item per line, to compare before and after a lab.
dpkg-query --show --showformat 'package ${db:Status-Abbrev}${Package} ${Version}\n'
find /etc /opt /usr/local /usr/libexec/kubernetes /root /var/lib /run/encaplab /run/calico /run/nodeagent /run/xtables.lock \
  /var/log/pods /var/log/containers /var/log/calico /sys/fs/bpf -xdev \
  \( -path /var/lib/systemd -o -path /var/lib/dpkg -o -path /var/lib/apt -o -path /var/lib/containerd -o -path /root/.ssh \) \
  -prune -o \( -type f -exec sha256sum {} + \) -o -printf '%y %m %p %l\n' 2>/dev/null | sort
ip -o link | sed -E 's|^[0-9]+: ||; s|@if[0-9]+||; s| state .*||'
ip -o -4 address | awk '{ print $2, $4 }'
ip route show table all
ip rule
for tool in iptables ip6tables; do "$tool-save" | sed -E '/^#/d; s/\[[0-9:]+\]//'; done
nft list ruleset
ipset list -name
ip netns
awk '{ print "mount", $1, $2, $3 }' /proc/mounts | sort
sysctl --all 2>/dev/null | grep -E '^(net\.(ipv4\.(ip_forward|conf\.(all|default|eth0)\.|vs\.)|bridge|netfilter\.nf_conntrack_tcp)|vm\.(overcommit|panic)|kernel\.panic)'
systemctl list-unit-files --state=enabled --no-legend
# Not kubelet: its package restarts it again and again until there is a cluster.
pgrep --list-name 'kube-|etcd|containerd|coredns|pause' | cut -d ' ' -f 2 | sort
