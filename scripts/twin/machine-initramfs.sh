#!/bin/busybox sh
# /init of the machine: loads the modules that it needs to mount the host's files, makes them the root, and starts
# process 1.
# shellcheck shell=dash
set -eu
b=/bin/busybox
$b mount -t proc proc /proc
$b mount -t sysfs sysfs /sys
$b mount -t devtmpfs devtmpfs /dev
echo "encaplab: the kernel runs"
while read -r module; do $b insmod "/modules/$module"; done </modules/order
options=trans=virtio,version=9p2000.L,msize=512000
# cache=loose: a program's second start is as fast as from memory. The host's files rarely change while the machine
# runs, and only by the user.
$b mount -t 9p -o "ro,nosuid,cache=loose,$options" host /root
$b mount -t tmpfs -o mode=755 tmpfs /root/run
$b mkdir -p /root/run/netns /root/run/bird /root/run/lock
$b mkdir -p /root/run/encaplab/home /root/run/encaplab/errors /root/run/encaplab/image
$b cp -r /encaplab/. /root/run/encaplab/
$b mount -t 9p -o "ro,nosuid,cache=loose,$options" image /root/run/encaplab/image
for folder in proc sys dev; do $b mount --move "/$folder" "/root/$folder"; done
exec $b switch_root /root /bin/bash /run/encaplab/machine-init.sh
