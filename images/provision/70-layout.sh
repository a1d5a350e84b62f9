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

# $1, a table of patterns -> regular files with one name, each once, in the order of the table; links are not
# followed.
files_of() {
  sed -e '/^#/d' -e '/^$/d' "$1" | while read -r pattern; do
    # The shell expands the pattern, and a file that a later Debian has no more is passed over.
    # shellcheck disable=SC2086
    find $pattern -maxdepth 0 -type f -links 1 2>/dev/null || true
  done | awk '!seen[$0]++' | sed 's,^/,,'
}
files_of "$here/boot-files.txt" >"$list"
files_of "$here/kube-proxy-files.txt" >"$later"

# The folders on the way to them, each one block somewhere on the disk: a second tree, in which these are
# the first, has the same files by links, and takes the place of /usr in one step.
folders=$(awk -F/ '$1 == "usr" { path = ""; for (i = 2; i < NF; i++) { path = path "/" $i; if (!seen[path]++) print path } }' "$list")
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
cat "$list" "$later" | tar --create --directory / --files-from - --xattrs --xattrs-include='*' |
  tar --extract --directory "$tree" --preserve-permissions --xattrs --xattrs-include='*'
sync
(cd "$tree" && find . -type d) | while read -r folder; do
  find "$tree/$folder" -maxdepth 1 -type f -exec mv --force --target-directory "/$folder" {} +
done
rm -r "$tree"
sync
"$here/read-ahead-ranges" boot "$list" >/usr/lib/groundup/read-ahead
"$here/read-ahead-ranges" ready "$later" >/usr/lib/groundup/read-ahead-kube-proxy
rm "$list" "$later"
