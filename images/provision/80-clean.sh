#!/bin/sh
# Removes what belongs to the build or must be born on the node. 90-assert.sh checks the result.
set -eu
cloud-init clean --logs --seed >/dev/null
# Overwritten and not only deleted: a freed block smaller than the disk's discard granularity keeps its
# bytes, and the image would hold the build machine's keys for whoever reads it raw.
for secret in /etc/ssh/ssh_host_*_key /var/lib/systemd/random-seed /var/lib/systemd/credential.secret; do
  [ ! -f "$secret" ] || shred --iterations=1 --zero --remove "$secret"
done
rm -f /etc/ssh/ssh_host_*
rm -rf /root/.ssh /root/.bash_history /root/.cache /home/*/.ssh
apt-get clean
rm -rf /var/lib/apt/lists/* /var/cache/apt/*.bin /var/cache/debconf/*-old /var/lib/dpkg/*-old
find /var/log -type f -delete
rm -rf /var/log/journal/* /run/log/journal/* /var/tmp/* /var/lib/dhcp/*
: >/etc/machine-id
rm -f /var/lib/dbus/machine-id
echo localhost >/etc/hostname

# cloud-init clean wipes /var/lib/cloud, so the handler comes after it.
install -D --mode 644 /usr/lib/groundup/cloud-init-handlers/groundup.py \
  /var/lib/cloud/handlers/groundup.py
mkdir -p /var/log/journal
chgrp systemd-journal /var/log/journal
chmod 2755 /var/log/journal

# Otherwise ldconfig and the journal's catalogue are made again at first boot.
touch --reference=/usr /etc/.updated /var/.updated
