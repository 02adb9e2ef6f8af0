#!/bin/sh
# Made by wiabctl: gives haproxy the certificate that certbot got. certbot runs it after each renewal.
# A reload cuts no connection: those that are open stay with the process that has them.
set -eu
lineage=/etc/letsencrypt/live/{{.Domain}} pem=/etc/haproxy/wiabctl.pem
[ "${RENEWED_LINEAGE:-$lineage}" = "$lineage" ] || exit 0
umask 077
cat "$lineage/fullchain.pem" "$lineage/privkey.pem" >"$pem.new"
cp -p "$pem" "$pem.old"
mv "$pem.new" "$pem"
systemctl reload haproxy || { mv "$pem.old" "$pem"; exit 1; } # which checks the configuration first
rm "$pem.old"
