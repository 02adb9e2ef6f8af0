#!/bin/sh
# initrd.sh ROOT: gives ROOT a small /boot/initrd (busybox and the virtio drivers) and a plain /boot/vmlinuz.
# An initrd of a few MB that probes nothing is worth seconds under emulation.
set -eu
root=$1
kernel=$(ls "$root/lib/modules")
modules="$root/lib/modules/$kernel/kernel"
ram=$(mktemp -d "$root/initrd.XXXXXX")
mkdir -p "$ram/bin" "$ram/dev" "$ram/root"
cp "$root/bin/busybox" "$ram/bin/"
for m in drivers/virtio/virtio_ring drivers/virtio/virtio drivers/virtio/virtio_pci_legacy_dev \
	drivers/virtio/virtio_pci_modern_dev drivers/virtio/virtio_pci drivers/block/virtio_blk \
	net/core/failover drivers/net/net_failover drivers/net/virtio_net drivers/cdrom/cdrom fs/isofs/isofs \
	fs/nls/nls_utf8 drivers/acpi/button drivers/input/evdev drivers/char/hw_random/virtio-rng; do
	cp "$modules/$m.ko" "$ram/"
	echo "/${m##*/}.ko" >> "$ram/order"
done
cat > "$ram/init" <<'INIT'
#!/bin/busybox sh
b=/bin/busybox
$b mount -t devtmpfs dev /dev
while read -r m; do $b insmod "$m"; done < /order
i=0
until [ -b /dev/vda1 ] || [ $i -ge 200 ]; do $b usleep 20000; i=$((i + 1)); done
$b mount -t ext4 /dev/vda1 /root && $b mount -o move /dev /root/dev && exec $b switch_root /root /sbin/init
echo "initrd: /dev/vda1 is no root file system"
exec $b sh
INIT
chmod 755 "$ram/init"
chroot "$root" sh -c "cd /${ram##*/} && find . | cpio --quiet -o -H newc > /boot/initrd"
rm -rf "$ram"
mv "$root/boot/vmlinuz-$kernel" "$root/boot/vmlinuz"
rm -f "$root"/boot/System.map-* "$root"/boot/config-* "$root/initrd.img" "$root/vmlinuz"
# What a virtual machine without hardware never loads.
rm -rf "$modules/drivers/gpu" "$modules/drivers/infiniband" "$modules/drivers/nvme" "$modules/drivers/scsi" \
	"$modules/drivers/hv" "$modules/drivers/xen" "$modules/drivers/net/ethernet" "$modules/drivers/net/wireless" \
	"$modules/drivers/target" "$modules/drivers/vfio" "$modules/drivers/usb" "$modules/sound"
for f in btrfs xfs ocfs2 f2fs jfs reiserfs ntfs ntfs3 smb cifs ceph gfs2 nfs nfsd ubifs nilfs2 dlm; do
	rm -rf "${modules:?}/fs/$f"
done
chroot "$root" depmod "$kernel"
