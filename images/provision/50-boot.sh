#!/bin/sh
# What starts at boot, and from what: units of ours, no initrd.
set -eu
systemctl --quiet enable systemd-networkd.service containerd.service groundup.service \
  groundup-cloud-init.service
systemctl --quiet enable serial-getty@ttyS0.service
rm -f /etc/systemd/network/80-dhcp.network

# The kernel starts /sbin/init, which is ours and becomes systemd. Diverted, so that an update of
# systemd does not put its own link back.
dpkg-divert --quiet --local --rename --divert /usr/sbin/init.systemd --add /usr/sbin/init
ln --symbolic ../lib/groundup/init /usr/sbin/init

# Debian 13's cloud kernel mounts an ext4 root on NVMe by itself; an initrd costs 30 MB of reads.
rm -f /boot/initrd.img* /initrd.img*
mkdir -p /etc/initramfs-tools
echo 'update_initramfs=no' >/etc/initramfs-tools/update-initramfs.conf
depmod --all "$(ls /lib/modules)"
