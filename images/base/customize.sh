#!/bin/sh
# mmdebstrap customize hook: $1 is the new root. Makes it bootable by BIOS, reachable by DHCP and SSH.
set -eu
root=$1
here=$(dirname "$0")

cp --recursive --no-preserve=ownership "$here/rootfs/." "$root/"

# GRUB's modules and its core image lie in /boot/grub; scripts/image/base.ts writes boot.img and
# core.img into the first sectors, since grub-install needs a partitioned block device of the host.
mkdir -p "$root/boot/grub/i386-pc"
cp "$root"/usr/lib/grub/i386-pc/*.mod "$root"/usr/lib/grub/i386-pc/*.lst "$root/boot/grub/i386-pc/"
chroot "$root" grub-mkimage --format i386-pc --prefix '(hd0,msdos1)/boot/grub' \
  --output /boot/grub/core.img biosdisk part_msdos ext2
cp "$root/usr/lib/grub/i386-pc/boot.img" "$root/boot/grub/boot.img"

chroot "$root" systemctl --quiet enable systemd-networkd.service
ln --symbolic --force ../run/systemd/resolve/stub-resolv.conf "$root/etc/resolv.conf"
echo localhost >"$root/etc/hostname"
printf '127.0.0.1 localhost\n::1 localhost ip6-localhost ip6-loopback\n' >"$root/etc/hosts"
# systemd takes a fresh machine-id at each boot of an image whose file is empty.
: >"$root/etc/machine-id"
