package provision

import (
	"bufio"
	"context"
	"errors"
	"io"
	"os"
	"slices"
	"strings"
	"time"

	"wiabctl/provision/change"
)

// aptEnvironment lets apt ask nobody, speak the words that parseAptStatus knows, and
// restart nothing that somebody else runs (needrestart, on Ubuntu).
func aptEnvironment() []string {
	return []string{"DEBIAN_FRONTEND=noninteractive", "LC_ALL=C.UTF-8", "NEEDRESTART_SUSPEND=1"}
}

// aptGet runs apt-get. Configuration files that somebody changed stay as they are. What
// it says goes into the error; progress, if it is not nil, takes what it does.
func aptGet(ctx context.Context, progress *aptProgress, args ...string) error {
	args = append([]string{
		"--option=DPkg::Lock::Timeout=300", // seconds; another apt may have begun since we looked
		"--option=Dpkg::Options::=--force-confdef", "--option=Dpkg::Options::=--force-confold",
		"--option=APT::Status-Fd=3", // the first of ExtraFiles
		"--yes",
	}, args...)
	cmd := prepare(ctx, aptEnvironment(), "apt-get", args...)
	out, in, err := os.Pipe()
	if err != nil {
		return err
	}
	cmd.ExtraFiles = []*os.File{in}
	read := make(chan struct{})
	go func() {
		defer close(read)
		lines := bufio.NewScanner(out)
		for lines.Scan() && progress != nil {
			progress.note(lines.Text())
		}
		_, _ = io.Copy(io.Discard, out) // what nobody reads must not block apt
	}()
	err = run(cmd, nil)
	in.Close()
	_ = out.SetReadDeadline(time.Now().Add(time.Second)) // a daemon that apt started may have inherited it
	<-read
	return errors.Join(err, out.Close())
}

// settleDpkg has dpkg go on where it was interrupted, without which apt does nothing. What
// depends on packages that never arrived cannot be configured yet; apt completes that.
func settleDpkg(ctx context.Context) error {
	return run(prepare(ctx, aptEnvironment(), "dpkg", "--configure", "--pending"), nil)
}

// aptStep is what apt would do to a package.
type aptStep struct {
	act  string // "Inst", "Conf", "Remv", "Purg"
	pkg  string // with its architecture if that is not the host's
	have string // the version that is there; empty: none
}

// aptSimulate asks apt what it would do; it needs no lock and changes nothing.
func aptSimulate(ctx context.Context, args ...string) ([]aptStep, error) {
	said, err := output(ctx, aptEnvironment(), "apt-get", append([]string{"--simulate", "--option=APT::Get::Show-User-Simulation-Note=false"}, args...)...)
	return parseSimulation(said), err
}

// parseSimulation reads the lines of apt-get --simulate such as
// "Inst libc6 [2.36-9] (2.36-10 Debian:12 [amd64])".
func parseSimulation(said string) []aptStep {
	var all []aptStep
	for line := range strings.Lines(said) {
		words := strings.Fields(line)
		if len(words) < 2 || !slices.Contains([]string{"Inst", "Conf", "Remv", "Purg"}, words[0]) {
			continue
		}
		step := aptStep{act: words[0], pkg: words[1]}
		if len(words) > 2 && strings.HasPrefix(words[2], "[") {
			step.have = strings.Trim(words[2], "[]")
		}
		all = append(all, step)
	}
	return all
}

// arrivals are the packages that the steps bring, newer versions included.
func arrivals(steps []aptStep) []string {
	var all []string
	for _, s := range steps {
		if s.act == "Inst" {
			all = append(all, s.pkg)
		}
	}
	return all
}

// newcomers are those of them that this host has no version of.
func newcomers(steps []aptStep) []string {
	return arrivals(slices.DeleteFunc(slices.Clone(steps), func(s aptStep) bool { return s.have != "" }))
}

// tellingOf is the progress of these steps, with the act that counts.
func tellingOf(say change.Progress, what string, steps []aptStep, act string) *aptProgress {
	p := &aptProgress{say: say, act: what, done: map[string]bool{}}
	for _, s := range steps {
		if s.act == act {
			p.total++
		}
	}
	return p
}

// aptUpdate fetches the lists of what there is.
func aptUpdate(ctx context.Context, say change.Progress) error {
	if err := awaitApt(ctx, say); err != nil {
		return PackageFailed.Failf("refresh the package lists: %w", err)
	}
	if err := aptGet(ctx, nil, "update"); err != nil {
		return PackageFailed.Failf("refresh the package lists: %w", err)
	}
	return nil
}
