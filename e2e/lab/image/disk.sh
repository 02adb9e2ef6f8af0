#!/bin/sh
# disk.sh SIZE OUT ROOT PREPARE [ARGS...]: makes the qcow2 image OUT of the tree ROOT, bootable by a BIOS.
# PREPARE is a script that is called with the mounted file system and ARGS before the boot loader comes.
# Runs in a mount namespace of its own (unshare --mount), so nothing stays mounted whatever happens.
set -eu
size=$1 out=$2 root=$3 prepare=$4; shift 4
raw=$out.raw
mnt=$out.mnt
offset=1048576

truncate -s "$size" "$raw"
printf 'start=2048, type=83, bootable\n' | sfdisk --quiet "$raw"
dd if=/usr/lib/EXTLINUX/mbr.bin of="$raw" bs=440 count=1 conv=notrunc status=none
loop=$(losetup --find --show --offset "$offset" "$raw")
trap 'umount "$mnt" 2>/dev/null || true; losetup --detach "$loop"; rmdir "$mnt" 2>/dev/null || true; rm -f "$raw"' EXIT
# No metadata checksums and no 64 bit: they cost under emulation and extlinux does not read the latter.
mkfs.ext4 -q -L root -O '^64bit,^metadata_csum' -J size=8 -m 0 -E lazy_itable_init=0,nodiscard "$loop"
mkdir -p "$mnt"
mount "$loop" "$mnt"
cp -a "$root/." "$mnt/"
sh "$prepare" "$mnt" "$@"
mkdir -p "$mnt/boot/extlinux"
# norandmaps: QEMU translates a program anew for each address that it comes to lie at, which is two thirds of its start.
cat > "$mnt/boot/extlinux/extlinux.conf" <<CONF
DEFAULT linux
PROMPT 0
TIMEOUT 0
LABEL linux
  LINUX /boot/vmlinuz
  INITRD /boot/initrd
  APPEND root=/dev/vda1 rw console=ttyS0 quiet mitigations=off nokaslr norandmaps no_timer_check random.trust_bootloader=on net.ifnames=0 $(cat "$mnt/boot/append" 2>/dev/null || true)
CONF
extlinux --install "$mnt/boot/extlinux" >/dev/null
umount "$mnt"
qemu-img convert -f raw -O qcow2 "$raw" "$out"
