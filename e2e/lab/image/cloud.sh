#!/bin/sh
# cloud.sh ROOT HERE: turns a Debian tree with cloud-init into the cloud image's root: as a cloud image, but all
# stages of cloud-init in one process, and few units, since Python and systemd are slow under emulation.
set -eu
root=$1 here=$2
cp -r "$here/cloud/." "$root/"
chmod 755 "$root/etc/acpi/PWRF/00000080"
units="$root/etc/systemd/system"
for u in cloud-init-local cloud-init cloud-config cloud-final; do ln -sf /dev/null "$units/$u.service"; done
for u in apt-daily.timer apt-daily-upgrade.timer dpkg-db-backup.timer e2scrub_all.timer e2scrub_reap.service fstrim.timer \
	getty@tty1.service serial-getty@ttyS0.service systemd-logind.service systemd-pstore.service cloud-init-hotplugd.socket \
	systemd-binfmt.service systemd-networkd-wait-online.service systemd-journal-flush.service dbus.service dbus.socket \
	systemd-update-utmp.service systemd-update-utmp-runlevel.service kmod-static-nodes.service modprobe@.service \
	systemd-modules-load.service systemd-udev-trigger.service systemd-random-seed.service systemd-machine-id-commit.service \
	dev-hugepages.mount dev-mqueue.mount sys-kernel-debug.mount sys-kernel-tracing.mount systemd-firstboot.service \
	systemd-sysusers.service systemd-hwdb-update.service; do
	ln -sf /dev/null "$units/$u"
done
mkdir -p "$units/multi-user.target.wants"
for u in lab-cloud-init lab-power; do ln -sf "../$u.service" "$units/multi-user.target.wants/$u.service"; done
# Generators look for what cannot be here.
rm -f "$root"/lib/systemd/system-generators/*
rm -f "$root"/etc/ssh/ssh_host_* "$root/etc/hostname"
: > "$root/etc/machine-id"  # empty, not missing: each VM makes its own, and no presets run
: > "$root/etc/fstab"
echo "systemd.show_status=0 systemd.log_level=warning" > "$root/boot/append"
rm -rf "$root/var/lib/apt/lists" "$root/var/cache/apt"
sh "$here/initrd.sh" "$root"
