#!/bin/sh
# Fails with every reason at once when the root file system is not what an image may be.
# $1, optional: the root to look at (default: the running system).
set -eu
root=${1:-}
faults=0
fault() {
  echo "not clean: $1" >&2
  faults=$((faults + 1))
}
none() { # what, then paths or patterns that must match nothing
  what=$1
  shift
  for found in "$@"; do
    [ -e "$found" ] && fault "$what: ${found#"$root"}"
  done
  return 0
}

if [ ! -f "$root/etc/machine-id" ] || [ -s "$root/etc/machine-id" ]; then
  fault 'machine-id must exist and be empty: every instance would have the same one'
fi
none 'ssh host key' "$root"/etc/ssh/ssh_host_*
none 'authorized key' "$root"/root/.ssh/authorized_keys "$root"/home/*/.ssh/authorized_keys
none 'log' "$root"/var/log/*.log "$root"/var/log/journal/*
none 'package cache' "$root"/var/cache/apt/archives/*.deb "$root"/var/lib/apt/lists/*_*
none 'cloud-init state' "$root"/var/lib/cloud/instance "$root"/var/lib/cloud/instances
none 'random seed' "$root"/var/lib/systemd/random-seed "$root"/var/lib/systemd/credential.secret
none 'initrd' "$root"/boot/initrd.img* "$root"/initrd.img
none 'node file' "$root"/var/lib/kubelet/* "$root"/var/lib/kube-proxy/* \
  "$root"/var/lib/kubernetes/* "$root"/etc/cni/net.d/* "$root"/etc/cni/groundup/* \
  "$root"/etc/groundup/pod-network.nft "$root"/var/lib/groundup/*
none 'shell history' "$root"/root/.bash_history

# A user that a person made has a uid from 1000 up; nobody (65534) is Debian's.
while IFS=: read -r name _ uid _; do
  [ "$uid" -ge 1000 ] && [ "$uid" -lt 65000 ] && fault "build user: $name"
done <"$root/etc/passwd"
grep --quiet '[[:space:]]swap[[:space:]]' "$root/etc/fstab" && fault 'swap in /etc/fstab'

# A private key's first line, anywhere a build could have left one.
for place in etc root home usr/local usr/lib/groundup var opt tmp; do
  [ -d "$root/$place" ] || continue
  keys=$(grep --recursive --files-with-matches --binary-files=without-match --no-messages \
    -e '^-----BEGIN [A-Z ]*PRIVATE KEY-----' "$root/$place" || true)
  [ -z "$keys" ] || fault "private key: $keys"
done

[ "$faults" -eq 0 ] || exit 1
