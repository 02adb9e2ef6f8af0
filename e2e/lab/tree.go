package lab

import (
	"embed"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
)

//go:embed hostfiles
var hostFiles embed.FS

// hostLinks are the symbolic links of the host's root: units that start with
// it, and units that only make noise in a lab.
func hostLinks() map[string]string {
	const units = "etc/systemd/system/"
	links := map[string]string{
		units + "sysinit.target.wants/lab-cgroups.service":         "../lab-cgroups.service",
		units + "multi-user.target.wants/lab-kube.service":         "../lab-kube.service",
		units + "multi-user.target.wants/systemd-networkd.service": "/lib/systemd/system/systemd-networkd.service",
	}
	for _, u := range []string{
		"apt-daily.timer", "apt-daily-upgrade.timer", "dpkg-db-backup.timer", "e2scrub_all.timer", "e2scrub_reap.service",
		"fstrim.timer", "logrotate.timer", "console-getty.service", "getty@tty1.service", "rsyslog.service",
	} {
		links[units+u] = "/dev/null"
	}
	return links
}

// prepareHost fills the writable layer of a new host's root; one that has been
// booted before gets its programs only.
func (l *Lab) prepareHost(p *parts) error {
	upper := l.path("host", "upper")
	prepared := l.path("host", "prepared")
	if _, err := os.Stat(prepared); err != nil {
		err := errors.Join(
			copyTree(hostFiles, "hostfiles", upper),
			makeLinks(upper, hostLinks()),
			l.writeConfiguration(upper, p),
		)
		if err != nil {
			return err
		}
	}
	if err := l.renew(upper, p); err != nil {
		return err
	}
	return os.WriteFile(prepared, nil, 0o644)
}

// renew brings what may be another than when the host was prepared.
func (l *Lab) renew(root string, p *parts) error {
	return errors.Join(l.installPrograms(root, p), l.installTrust(p.root, root))
}

// installPrograms puts today's builds on the host; the certificate authority's is not the
// host's business.
func (l *Lab) installPrograms(root string, p *parts) error {
	errs := []error{installFile(p.wiabctl, filepath.Join(root, "usr/local/bin/wiabctl"), 0o755)}
	if p.kubebox != "" {
		for _, program := range kubePrograms() {
			if program == acmePackage {
				continue
			}
			name := programName(program)
			errs = append(errs, installFile(filepath.Join(filepath.Dir(p.kubebox), name), filepath.Join(root, "usr/local/bin", name), 0o755))
		}
	}
	return errors.Join(errs...)
}

// installTrust makes the host trust whom all on the lab's internet trust.
func (l *Lab) installTrust(root, upper string) error {
	trusted, err := os.ReadFile(l.trust())
	if err != nil {
		return err
	}
	// What update-ca-certificates would write, without its seconds.
	const bundle = "etc/ssl/certs/ca-certificates.crt"
	all, err := os.ReadFile(filepath.Join(root, bundle))
	if err != nil {
		return err
	}
	return errors.Join(
		writeFile(filepath.Join(upper, bundle), append(all, trusted...)),
		writeFile(filepath.Join(upper, "usr/local/share/ca-certificates/lab.crt"), trusted),
	)
}

// copyTree writes the files below dir of from to the directory to.
func copyTree(from fs.FS, dir, to string) error {
	return fs.WalkDir(from, dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		rel, err := filepath.Rel(dir, path)
		if err != nil {
			return err
		}
		text, err := fs.ReadFile(from, path)
		if err != nil {
			return err
		}
		return writeFile(filepath.Join(to, rel), text)
	})
}

func makeLinks(root string, links map[string]string) error {
	for name, target := range links {
		name = filepath.Join(root, name)
		if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
			return err
		}
		if err := os.Symlink(target, name); err != nil && !errors.Is(err, fs.ErrExist) {
			return err
		}
	}
	return nil
}
