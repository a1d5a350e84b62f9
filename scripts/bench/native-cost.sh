#!/bin/bash
# $1, the mounted root of our image -> milliseconds of processor time that measures of scripts/bench/measures.ts cost on
# this machine at each boot, a line each: `id milliseconds`; all that is compressed is unpacked once. Last `used BYTES`.
set -eu
groundup=$1/usr/lib/groundup
device=$(findmnt --noheadings --output SOURCE "$1")
TIMEFORMAT='%U %S'

read_all() {
  while read -r offset length; do
    dd if="$device" of=/dev/null bs=4M iflag=direct,skip_bytes,count_bytes skip="$offset" count="$length" status=none
  done <"$groundup/read-ahead"
}

cost() {
  local id=$1 times
  shift
  times=$({ time "$@" >/dev/null 2>&1; } 2>&1)
  awk -v id="$id" '{ printf "%s %.0f\n", id, ($1 + $2) * 1000 }' <<<"$times"
}

cost read-ahead read_all
cost programs fsck.erofs --extract "$groundup/programs.erofs"
cost system fsck.erofs --extract "$groundup/system.erofs"
echo "used $(df --output=used --block-size=1 "$1" | tail -1)"
