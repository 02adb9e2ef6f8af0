#!/bin/sh
# After an upgrade the watcher of the kubenodes, which `wiabctl up` set up, is the new program.
set -e
if [ -d /run/systemd/system ] && [ -e /etc/systemd/system/wiabctl-health.service ]; then
	systemctl try-restart wiabctl-health.service || true
fi
