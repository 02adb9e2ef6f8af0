package lab

import (
	"context"
	"os/exec"
	"path/filepath"
)

// browserRoot is a Debian with a Chromium that needs no screen, built when it is asked for.
func browserRoot(ctx context.Context) (string, error) {
	dir, err := debian("browser-root", []string{"chromium-headless-shell", "libnss3-tools"}, "minbase",
		`touch "$1/etc/resolv.conf" "$1/etc/hosts"`).Get(ctx)
	return filepath.Join(dir, "root"), err
}

// browserScript enters the browser's root ($0) as the internet knows names ($1), trusts whom all there trust ($2),
// and prints the page ($3) once nothing is under way any more. All of it ends with the mount namespace.
const browserScript = `
for f in resolv.conf hosts nsswitch.conf; do mount --bind "$1/$f" "$0/etc/$f"; done
mount -t proc proc "$0/proc"; mount --rbind /dev "$0/dev"; mount -t tmpfs browser "$0/tmp"
export HOME=/tmp; db=/tmp/.pki/nssdb; mkdir -p "$0$db"; cp "$2"/*.crt "$0/tmp"
chroot "$0" certutil -d "sql:$db" -N --empty-password
for f in ca acme; do chroot "$0" certutil -d "sql:$db" -A -t C,, -n "$f" -i "/tmp/$f.crt"; done
# As root there is no sandbox; all pages are the lab's own.
exec chroot "$0" chromium-headless-shell --no-sandbox --disable-gpu --virtual-time-budget=60000 --dump-dom "$3"`

// Browser prepares a real browser on the lab's internet that opens a page, lets its scripts run and prints what has become
// of it.
func (l *Lab) Browser(ctx context.Context, url string) (*exec.Cmd, error) {
	root, err := browserRoot(ctx)
	if err != nil {
		return nil, err
	}
	return exec.CommandContext(ctx, "nsenter", "--net="+l.namespaceFile(), "unshare", "--mount", "--propagation", "private", "--pid", "--fork", "--kill-child",
		"sh", "-ec", browserScript, root, l.path("etc"), l.path("ca"), url), nil
}
