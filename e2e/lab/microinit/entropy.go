package main

import (
	"crypto/sha512"
	"encoding/binary"
	"fmt"
	"os"
	"unsafe"

	"golang.org/x/sys/unix"
)

// creditEntropy declares the kernel's random numbers ready: an emulated CPU
// has no source of its own, and sshd would wait for more than a second while
// the kernel makes noise. Fit for VMs that nobody outside the lab can reach,
// and for no others.
func creditEntropy(material []byte) error {
	random, err := os.OpenFile("/dev/random", os.O_WRONLY, 0)
	if err != nil {
		return err
	}
	defer random.Close()
	request := poolRequest(sha512.Sum512(material))
	_, _, errno := unix.Syscall(unix.SYS_IOCTL, random.Fd(), unix.RNDADDENTROPY, uintptr(unsafe.Pointer(&request[0])))
	if errno != 0 {
		return fmt.Errorf("credit entropy: %w", errno)
	}
	return nil
}

// poolRequest is struct rand_pool_info of linux/random.h: bits, bytes, data.
func poolRequest(data [sha512.Size]byte) []byte {
	request := binary.NativeEndian.AppendUint32(nil, sha512.Size*8)
	request = binary.NativeEndian.AppendUint32(request, sha512.Size)
	return append(request, data[:]...)
}
