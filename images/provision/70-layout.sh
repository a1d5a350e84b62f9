#!/bin/sh
# Lays the files that a boot reads side by side on the disk and writes down where they are, so that
# /usr/sbin/init can read them with many reads in flight. What is written again later lies elsewhere:
# of the list, 80-clean.sh writes nothing. docs/cold-volume.md
set -eu
here=$(dirname "$0")
tree=/usr/lib/groundup/.layout
second=/.usr-layout
list=$(mktemp)
later=$(mktemp)

# Folders that a boot lists are named by the tables, too; those on the way to files need no line.
listed() { "$here/listed-files" "$1" \( -type d -o -type l -o -type f \) | sed 's,^/,,'; }
listed "$here/boot-files.txt" >"$list"
listed "$here/kube-proxy-files.txt" >"$later"

# The folders on the way to them, each one block somewhere on the disk: a second tree, in which these are
# the first, has the same files by links, and takes the place of /usr in one step.
folders=$(while read -r name; do [ ! -d "/$name" ] || [ -L "/$name" ] || name=$name/; echo "$name"; done <"$list" |
  awk -F/ '$1 == "usr" { path = ""; for (i = 2; i < NF; i++) { path = path "/" $i; if (!seen[path]++) print path } }')
systemctl stop usr-lib-groundup-programs.mount
mkdir -m 755 "$second"
(cd "$second" && for folder in $folders; do mkdir -m 755 ".$folder"; done)
cp --archive --link --no-target-directory /usr "$second"
mv --exchange --no-target-directory "$second" /usr
rm -r "$second"
systemctl start usr-lib-groundup-programs.mount

# Copies first, in a folder of their own, whose inodes are neighbours, too; then each takes the place
# of its original. A program that runs keeps the file that it has.
mkdir -m 700 "$tree"
cat "$list" "$later" | tar --create --directory / --no-recursion --files-from - --xattrs --xattrs-include='*' |
  tar --extract --directory "$tree" --preserve-permissions --xattrs --xattrs-include='*'
sync
(cd "$tree" && find . -type d) | while read -r folder; do
  find "$tree/$folder" -maxdepth 1 ! -type d -exec mv --force --target-directory "/$folder" {} +
done
rm -r "$tree"
sync
"$here/read-ahead-ranges" boot "$list" >/usr/lib/groundup/read-ahead
"$here/read-ahead-ranges" ready "$later" >/usr/lib/groundup/read-ahead-kube-proxy
rm "$list" "$later"
