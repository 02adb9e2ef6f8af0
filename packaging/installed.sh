#!/bin/sh
# After an upgrade the watcher of the kubenodes, which `wiabctl up` set up, is the new program.
set -e
if [ -d /run/systemd/system ]; then
	systemctl try-restart wiabctl-health.service || true
fi
