#!/bin/sh
# images/worker.yaml, cloud-init: after the node services have been started, or before.
set -eu
order=After=groundup.service
if grep --quiet '"cloud-init": "first"' /etc/groundup/settings.json; then
  online=systemd-networkd-wait-online.service
  order="Before=groundup.service\nWants=$online\nAfter=$online"
fi
install -d /etc/systemd/system/groundup-cloud-init.service.d
printf '[Unit]\n%b\n' "$order" >/etc/systemd/system/groundup-cloud-init.service.d/order.conf
