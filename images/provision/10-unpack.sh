#!/bin/sh
# The bundle's files -> /. Owners and modes are the bundle's.
set -eu
cd "$(dirname "$0")/.."
cp --recursive --no-preserve=timestamps,ownership rootfs/. /
systemctl daemon-reload
