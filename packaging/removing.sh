#!/bin/sh
# Before the program goes: an installation stays, for it runs without wiabctl; only the watcher of
# the kubenodes does not. Its unit is the installation's, so `wiabctl up` brings it back.
set -e
case "$1" in
upgrade | failed-upgrade | [1-9]*) exit 0 ;; # dpkg says what it does, rpm how many versions stay
esac
if [ -d /run/systemd/system ] && grep -qs '^ExecStart=/usr/bin/wiabctl ' /etc/systemd/system/wiabctl-health.service; then
	systemctl --quiet disable --now wiabctl-health.service || true
fi
if [ -d /var/lib/wiabctl ]; then
	echo "wiabctl: the installation on this host stays, and its keys in /var/lib/wiabctl; 'wiabctl down' removes it, once wiabctl is installed again" >&2
fi
