#!/bin/sh
# What starts at boot, and from what: units of ours, no initrd.
set -eu
systemctl --quiet enable systemd-networkd.service containerd.service groundup.service \
  groundup-cloud-init.service
# images/worker.yaml, cloud-init: after the node services have been started, or before.
order=After=groundup.service
if grep --quiet '"cloud-init": "first"' /etc/groundup/settings.json; then
  online=systemd-networkd-wait-online.service
  order="Before=groundup.service\nWants=$online\nAfter=$online"
fi
install -d /etc/systemd/system/groundup-cloud-init.service.d
printf '[Unit]\n%b\n' "$order" >/etc/systemd/system/groundup-cloud-init.service.d/order.conf
systemctl --quiet enable serial-getty@ttyS0.service
rm -f /etc/systemd/network/80-dhcp.network

# Debian 13's cloud kernel mounts an ext4 root on NVMe by itself; an initrd costs 30 MB of reads.
rm -f /boot/initrd.img* /initrd.img*
mkdir -p /etc/initramfs-tools
echo 'update_initramfs=no' >/etc/initramfs-tools/update-initramfs.conf
depmod --all "$(ls /lib/modules)"
