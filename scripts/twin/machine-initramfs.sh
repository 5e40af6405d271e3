#!/bin/busybox sh
# /init of the machine: loads what it takes to see the host's files, makes them the root, and hands over.
# shellcheck shell=dash
set -eu
b=/bin/busybox
$b mount -t proc proc /proc
$b mount -t sysfs sysfs /sys
$b mount -t devtmpfs devtmpfs /dev
echo "encaplab: the kernel runs"
while read -r module; do $b insmod "/modules/$module"; done < /modules/order
options=trans=virtio,version=9p2000.L,msize=512000
# The host's files change under us rarely and only by the user's own hand; loose caching makes a program's second start
# as fast as from memory.
$b mount -t 9p -o "ro,nosuid,cache=loose,$options" host /root
$b mount -t tmpfs -o mode=755 tmpfs /root/run
$b mkdir -p /root/run/netns /root/run/bird /root/run/lock
$b mkdir -p /root/run/encaplab/home /root/run/encaplab/errors /root/run/encaplab/image
$b cp -r /encaplab/. /root/run/encaplab/
$b mount -t 9p -o "ro,nosuid,cache=loose,$options" image /root/run/encaplab/image
for folder in proc sys dev; do $b mount --move "/$folder" "/root/$folder"; done
exec $b switch_root /root /bin/bash /run/encaplab/machine-init.sh
