#!/bin/sh
# micro.sh ROOT HERE MICROINIT: turns a Debian tree into the micro image's root: busybox init, microinit, sshd.
set -eu
root=$1 here=$2 microinit=$3
cp -r "$here/micro/." "$root/"
chmod 755 "$root/etc/udhcpc.script" "$root/etc/acpi/PWRF/00000080" "$root/usr/bin/systemctl"
chmod 440 "$root/etc/sudoers.d/10-micro"
install -m 755 "$microinit" "$root/usr/sbin/microinit"
ln -sf /usr/sbin/microinit "$root/usr/bin/cloud-init"
ln -sf /bin/busybox "$root/sbin/init"
# Every applet for which Debian's own program is not installed.
chroot "$root" /bin/busybox sh -c 'for a in $(busybox --list); do
	command -v "$a" >/dev/null && [ "$(command -v "$a")" != "$a" ] || [ -e "/usr/bin/$a" ] || [ -e "/usr/sbin/$a" ] || ln -s /bin/busybox "/usr/bin/$a"
done'
for a in reboot poweroff halt; do ln -sf /bin/busybox "$root/sbin/$a"; done
rm -f "$root"/etc/ssh/ssh_host_* "$root/etc/resolv.conf" "$root/etc/hostname"
touch "$root/etc/resolv.conf"
rm -rf "$root/usr/lib/udev" "$root/usr/share/perl" "$root"/usr/lib/x86_64-linux-gnu/perl "$root/var/lib/apt" "$root/var/cache" \
	"$root/usr/share/doc" "$root/var/lib/dpkg/info" "$root/usr/lib/systemd"
mkdir -p "$root/var/cache"
sh "$here/initrd.sh" "$root"
