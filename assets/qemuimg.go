package assets

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os/exec"
	"slices"
	"strings"
	"syscall"

	"wiabctl/provision/change"
)

// formats are the image formats that are taken. vmdk and its like are left out:
// they can name files of the host.
var formats = []string{"qcow2", "raw"}

// inspect asks qemu-img for the format of an image. One that refers to other
// files is refused: it would show the VMs files of the host.
func inspect(ctx context.Context, image string) (string, error) {
	answer, err := qemuImg(ctx, "info", "--output=json", "--", image)
	if err != nil {
		return "", err
	}
	var info struct {
		Format   string          `json:"format"`
		Backing  string          `json:"backing-filename"`
		Specific json.RawMessage `json:"format-specific"`
	}
	if err := json.Unmarshal(answer, &info); err != nil {
		return "", fmt.Errorf("understand qemu-img info: %w", err)
	}
	switch {
	case !slices.Contains(formats, info.Format):
		return "", ImageUnusable.Failf("%s is of format %s, not %s", image, info.Format, strings.Join(formats, " or "))
	case info.Backing != "":
		return "", ImageUnusable.Failf("%s is layered on another file, %s", image, info.Backing)
	case strings.Contains(string(info.Specific), `"data-file"`):
		return "", ImageUnusable.Failf("%s keeps its data in another file", image)
	}
	return info.Format, nil
}

// convert writes an image anew as qcow2.
func convert(ctx context.Context, image, format, target string) error {
	_, err := qemuImg(ctx, "convert", "-f", format, "-O", "qcow2", "--", image, target)
	return err
}

// qemuImg runs the program and returns what it prints.
func qemuImg(ctx context.Context, arguments ...string) ([]byte, error) {
	end := change.Trace(ctx, "command", "argv", append([]string{"qemu-img"}, arguments...))
	program := exec.CommandContext(ctx, "qemu-img", arguments...)
	program.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} // Ctrl-C is for wiabctl, which finishes what runs
	answer, err := program.Output()
	end(err)
	var exit *exec.ExitError
	switch {
	case errors.Is(err, exec.ErrNotFound):
		return nil, ImageUnusable.Failf("qemu-img is not installed: %w", err)
	case errors.As(err, &exit):
		return nil, ImageUnusable.Failf("qemu-img %s: %s: %w", arguments[0], strings.TrimSpace(string(exit.Stderr)), err)
	case err != nil:
		return nil, fmt.Errorf("qemu-img %s: %w", arguments[0], err)
	}
	return answer, nil
}
