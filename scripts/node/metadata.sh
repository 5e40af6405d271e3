# shellcheck shell=bash
# Part of the step `prepare`: pods cannot reach the cloud's metadata service, from which every program on the machine can
# read its user data: the SSH host key, and whatever else a cloud gives a machine. EC2's hop limit does the same; Nova
# has none. POD_CIDR
#
# Only TCP, and not port 53: on GCE the same address is the name server. Processes of the machine itself, and pods in
# its network namespace, still reach it. The drop of one nftables chain is final, whatever other rules accept.
no_metadata_for_pods() {
  metadata_table | own /etc/encaplab-metadata.nft :
  metadata_unit | own /etc/systemd/system/encaplab-metadata.service systemctl daemon-reload
  systemctl enable --quiet encaplab-metadata.service
  # Always restart: it is cheap, and it restores a rule that was deleted by hand.
  systemctl restart encaplab-metadata.service
}

# The first two lines make nft replace the table in one transaction, whether it exists or not.
metadata_table() {
  cat <<TEXT
table ip encaplab-metadata {}
delete table ip encaplab-metadata
table ip encaplab-metadata {
  chain forward {
    type filter hook forward priority filter
    ip saddr $POD_CIDR ip daddr 169.254.169.254 tcp dport != 53 drop
  }
}
TEXT
}

# Restores the table after a reboot.
metadata_unit() {
  local nft
  nft=$(type -P nft)
  cat <<TEXT
[Unit]
Description=No metadata service for pods
Before=kubelet.service

[Service]
Type=oneshot
RemainAfterExit=yes
ExecStart=$nft -f /etc/encaplab-metadata.nft

[Install]
WantedBy=multi-user.target
TEXT
}
