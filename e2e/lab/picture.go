package lab

import (
	"context"
	"fmt"
	"os/exec"
	"path/filepath"
)

// Look is how a page is looked at.
type Look struct {
	Width, Height int  // of the window, in CSS pixels
	Dark          bool // the person prefers dark colours
}

// pictureScript enters the browser's root ($0) with a directory ($1) and no network, opens the page in it with these
// flags ($2...), takes a picture of it and prints what has become of the page.
const pictureScript = `
dir=$1; shift
mount -t proc proc "$0/proc"; mount --rbind /dev "$0/dev"; mount -t tmpfs browser "$0/tmp"; mount --bind "$dir" "$0/mnt"
export HOME=/tmp
exec chroot "$0" chromium-headless-shell --no-sandbox --disable-gpu --hide-scrollbars --dump-dom --screenshot=/mnt/picture.png "$@" file:///mnt/page.html`

// Picture prepares a real browser that opens dir/page.html, which has to stand alone, draws it to dir/picture.png and
// prints what has become of it.
func (l *Lab) Picture(ctx context.Context, dir string, look Look) (*exec.Cmd, error) {
	root, err := browserRoot(ctx)
	if err != nil {
		return nil, err
	}
	dir, err = filepath.Abs(dir)
	if err != nil {
		return nil, err
	}
	scheme := 1
	if look.Dark {
		scheme = 0
	}
	return exec.CommandContext(ctx, "unshare", "--net", "--mount", "--propagation", "private", "--pid", "--fork", "--kill-child", "sh", "-ec", pictureScript, root, dir,
		fmt.Sprintf("--window-size=%d,%d", look.Width, look.Height), fmt.Sprintf("--blink-settings=preferredColorScheme=%d", scheme)), nil
}
