#!/bin/sh
# Extra Debian packages of images/worker.yaml; nothing is asked of a mirror when there are none.
set -eu
packages=$(cat "$(dirname "$0")/../extra-packages.txt")
[ -n "$packages" ] || exit 0
export DEBIAN_FRONTEND=noninteractive
apt-get --quiet update
# One package a line, so the words are split on purpose.
# shellcheck disable=SC2086
apt-get --quiet --yes --no-install-recommends install $packages
