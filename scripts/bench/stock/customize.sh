#!/bin/sh
# mmdebstrap customize hook: $1 is the new root. Bootable by BIOS, with an initrd, nothing masked.
set -eu
root=$1
here=$(dirname "$0")

cp --recursive --no-preserve=ownership "$here/rootfs/." "$root/"
chmod 755 "$root/usr/local/sbin/configure-worker"
mkdir -p "$root/boot/grub/i386-pc"
cp "$root"/usr/lib/grub/i386-pc/*.mod "$root"/usr/lib/grub/i386-pc/*.lst "$root/boot/grub/i386-pc/"
chroot "$root" grub-mkimage --format i386-pc --prefix '(hd0,msdos1)/boot/grub' \
  --output /boot/grub/core.img biosdisk part_msdos ext2
cp "$root/usr/lib/grub/i386-pc/boot.img" "$root/boot/grub/boot.img"

# Debian's cloud images leave the network to netplan; with ifupdown there, cloud-init would prefer it.
chroot "$root" dpkg --purge ifupdown >/dev/null

chroot "$root" systemctl --quiet enable systemd-networkd.service
ln --symbolic --force ../run/systemd/resolve/stub-resolv.conf "$root/etc/resolv.conf"
mkdir -p "$root/etc/cni/net.d" "$root/var/lib/kubelet" "$root/var/lib/kube-proxy" \
  "$root/var/lib/kubernetes"
echo localhost >"$root/etc/hostname"
: >"$root/etc/machine-id"
