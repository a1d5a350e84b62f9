#!/bin/sh
# Container images of the bundle -> containerd's store, so that the first pod needs no registry.
set -eu
modprobe --all overlay br_netfilter
sysctl --quiet --system
systemctl start containerd.service
for archive in "$(dirname "$0")"/../container-images/*.tar; do
  ctr --namespace k8s.io images import --no-unpack=false "$archive" >/dev/null
done
ctr --namespace k8s.io images list --quiet | grep --quiet registry.k8s.io/pause
systemctl stop containerd.service
# containerd's own state of this boot; its content store and snapshots stay.
rm -rf /run/containerd
