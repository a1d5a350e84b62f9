#!/bin/sh
# $1, the mounted root of our image; $2, a measure of scripts/bench/measures.ts: undoes it there, and prints `used BYTES`.
# What took its place is read ahead as the measure's own files were, so that only the measure is missing.
set -eu
root=$1
groundup=$root/usr/lib/groundup
units=$root/etc/systemd/system
names() { sed -e '/^#/d' -e 's/ .*//' "images/provision/$1"; }

# Extents of files, a line each: first and last byte on the partition.
extents() {
  sync
  filefrag -v "$@" | awk '/^ +[0-9]+: +[0-9]+\.\. / { gsub(/[.:]/, " "); print $4 * 4096, ($5 + 1) * 4096 }'
}

# $1, extents that are not to be read ahead any more; $2, those that are.
replace_ranges() {
  { sed 's/^/gone /' "$1"; sed 's/^/new /' "$2"; sed 's/^/range /' "$groundup/read-ahead"; } |
    awk -v block=524288 '
      function mark(from, to, value,   at) { for (at = from; at < to; at++) wanted[at] = value; if (to > end) end = to }
      $1 == "gone" { gone[++count] = $2 " " $3 }
      $1 == "new" { mark(int($2 / block), int(($3 + block - 1) / block), 2) }
      $1 == "range" { for (at = $2 / block; at < ($2 + $3) / block; at++) if (wanted[at] != 2) mark(at, at + 1, 1) }
      END {
        # A block that other files have a part of stays.
        for (one = 1; one <= count; one++) {
          split(gone[one], ends, " ")
          for (at = int((ends[1] + block - 1) / block); at < int(ends[2] / block); at++) if (wanted[at] == 1) wanted[at] = 0
        }
        for (at = 0; at <= end; at++) {
          if (wanted[at] && first == "") first = at
          if (!wanted[at] && first != "") { print first * block, (at - first) * block; first = "" }
        }
      }' >"$groundup/read-ahead.new"
  mv "$groundup/read-ahead.new" "$groundup/read-ahead"
}

case $2 in
read-ahead) : >"$groundup/read-ahead" ;;
programs)
  extents "$groundup/programs.erofs" >"$root/gone"
  fsck.erofs --extract="$groundup/plain" "$groundup/programs.erofs"
  extents "$groundup"/plain/boot/* >"$root/new"
  replace_ranges "$root/gone" "$root/new"
  mkdir "$units/usr-lib-groundup-programs.mount.d"
  printf '[Mount]\nWhat=/usr/lib/groundup/plain\nType=none\nOptions=bind\n' \
    >"$units/usr-lib-groundup-programs.mount.d/plain.conf"
  rm "$groundup/programs.erofs" "$root/gone" "$root/new"
  ;;
system)
  extents "$groundup/system.erofs" >"$root/gone"
  # Written once more, one after the other, as 70-layout.sh would have laid them out.
  cp --archive "$groundup/system" "$groundup/system.new"
  rm -r "$groundup/system" "$groundup/system.erofs"
  mv "$groundup/system.new" "$groundup/system"
  extents "$groundup"/system/* >"$root/new"
  replace_ranges "$root/gone" "$root/new"
  rm "$root/gone" "$root/new"
  ;;
kube-proxy)
  mkdir -p "$units/kubelet.service.d"
  printf '[Unit]\nWants=kube-proxy.service\n' >"$units/kubelet.service.d/kube-proxy.conf"
  ;;
cloud-init) sed -i 's,-e /run/groundup/node,-e /nowhere,' "$groundup/deferred-cloud-init" ;;
devices) rm "$units/systemd-udev-trigger.service.d/groundup.conf" ;;
units)
  names masked-units.txt | while read -r unit; do rm "$units/$unit"; done
  # cloud-init's own would start it beside the node, which is another measure.
  names masked-generators.txt | grep -v cloud-init | while read -r name; do rm "$root/etc/systemd/system-generators/$name"; done
  ;;
modules) rm "$root/etc/modprobe.d/groundup-unused.conf" ;;
*)
  echo "$2: not a measure" >&2
  exit 2
  ;;
esac
echo "used $(df --output=used --block-size=1 "$root" | tail -1)"
