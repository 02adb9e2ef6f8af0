package vm

import (
	"cmp"
	"errors"
	"net/url"
	"path/filepath"
	"regexp"
	"strings"
	"time"

	"wiabctl/provision/change"
)

// jammy is the guest system that wire-server-deploy is made for: Ubuntu's own
// cloud image, which moves with their security updates.
const (
	jammy     = "https://cloud-images.ubuntu.com/jammy/current/jammy-server-cloudimg-amd64.img"
	jammySums = "https://cloud-images.ubuntu.com/jammy/current/SHA256SUMS"
)

// Accel says what runs the guests' instructions.
type Accel string

// The ways to run a guest.
const (
	KVM Accel = "kvm" // the processor itself, through /dev/kvm
	TCG Accel = "tcg" // QEMU's emulation: ten times slower, runs anywhere
)

// Spec describes the machines: the configuration's "vms" part.
type Spec struct {
	Provider Provider `yaml:"provider,omitempty"` // libvirt (default) or external
	// Access is for external machines only.
	Access Access `yaml:",inline"`
	Accel  Accel  `yaml:"accel,omitempty"` // kvm (default) or tcg
	User   string `yaml:"user,omitempty"`  // login on the VMs, with sudo; default demo
	Image  Image  `yaml:"image,omitempty"` // the system all of them start from
	Sizes  Sizes  `yaml:"sizes,omitempty"` // per role
	// Ready is the longest a VM may take from its start until it answers over
	// SSH with cloud-init done; default 10m.
	Ready time.Duration `yaml:"ready,omitempty"`
	// Interface is the name of the VMs' only network interface; default enp1s0.
	Interface string `yaml:"interface,omitempty"`
	// Guest is what the VMs' systems are told.
	Guest Guest `yaml:",inline"`
}

// Image is a cloud image in qcow2 or raw format.
type Image struct {
	URL    string `yaml:"url,omitempty"`    // http:, https: or file: with an absolute path; default Ubuntu 22.04's
	SHA256 string `yaml:"sha256,omitempty"` // 64 hex digits, binding when given
	// Sums is the URL of the publisher's SHA256SUMS with a line for the image; default that
	// of the default image. Nobody is asked for it where SHA256 is given.
	Sums string `yaml:"sums,omitempty"`
	// Keyring is the absolute path of a file with the OpenPGP keys that may have signed
	// Sums; the signature lies beside it, as SHA256SUMS.gpg. Default: it is not asked for.
	Keyring string `yaml:"keyring,omitempty"`
}

// defaults fills in Ubuntu's image where none is named, and its list where no digest is.
func (i *Image) defaults() {
	if i.URL == "" && i.SHA256 == "" {
		i.Sums = cmp.Or(i.Sums, jammySums)
	}
	i.URL = cmp.Or(i.URL, jammy)
}

// Sizes holds the dimensions of each role's machines.
type Sizes struct {
	Assethost Dimensions `yaml:"assethost,omitempty"` // default 2 CPUs, 4GiB, 100GiB
	Kubenode  Dimensions `yaml:"kubenode,omitempty"`  // default 5 CPUs, 9GiB, 150GiB
	Datanode  Dimensions `yaml:"datanode,omitempty"`  // default 4 CPUs, 8GiB, 100GiB
}

// Dimensions of one machine.
type Dimensions struct {
	CPUs   int  `yaml:"cpus,omitempty"`   // 1 to 255
	Memory Size `yaml:"memory,omitempty"` // at least 256MiB
	Disk   Size `yaml:"disk,omitempty"`   // what the thin disk may grow to; at least 1GiB
}

// Defaults fills in every field left empty; sizes are those of
// wire-server-deploy's bin/offline-vm-setup.sh.
func (s *Spec) Defaults() {
	s.Provider = cmp.Or(s.Provider, Libvirt)
	s.Accel = cmp.Or(s.Accel, KVM)
	s.User = cmp.Or(s.User, "demo")
	s.Image.defaults()
	s.Sizes.Assethost.fill(Dimensions{CPUs: 2, Memory: 4 * GiB, Disk: 100 * GiB})
	s.Sizes.Kubenode.fill(Dimensions{CPUs: 5, Memory: 9 * GiB, Disk: 150 * GiB})
	s.Sizes.Datanode.fill(Dimensions{CPUs: 4, Memory: 8 * GiB, Disk: 100 * GiB})
	s.Ready = cmp.Or(s.Ready, 10*time.Minute)
	s.Interface = cmp.Or(s.Interface, "enp1s0")
}

func (d *Dimensions) fill(usual Dimensions) {
	d.CPUs = cmp.Or(d.CPUs, usual.CPUs)
	d.Memory = cmp.Or(d.Memory, usual.Memory)
	d.Disk = cmp.Or(d.Disk, usual.Disk)
}

var (
	// userName is what Debian's adduser accepts by default.
	userName = regexp.MustCompile(`^[a-z][-a-z0-9_]{0,31}$`)
	// linkName is a subset of what the kernel accepts (15 bytes).
	linkName = regexp.MustCompile(`^[a-z][a-z0-9]{0,14}$`)
	hash64   = regexp.MustCompile(`^[0-9a-f]{64}$`)
)

// Validate reports every value that cannot be used, after Defaults.
func (s *Spec) Validate() error {
	var errs []error
	if s.Provider != Libvirt && s.Provider != External {
		errs = append(errs, change.Invalidf("provider", "%q is neither %s nor %s", s.Provider, Libvirt, External))
	}
	if s.Accel != KVM && s.Accel != TCG {
		errs = append(errs, change.Invalidf("accel", "%q is neither kvm nor tcg", s.Accel))
	}
	if !userName.MatchString(s.User) || s.User == "root" {
		errs = append(errs, change.Invalidf("user", "%q is not a login name (lower-case letters, digits, - and _; not root)", s.User))
	}
	if !linkName.MatchString(s.Interface) || s.Interface == "lo" {
		errs = append(errs, change.Invalidf("interface", "%q is not an interface name such as enp1s0", s.Interface))
	}
	if s.Ready < 5*time.Second || s.Ready > 24*time.Hour {
		errs = append(errs, change.Invalidf("ready", "is %s, must be between 5s and 24h", s.Ready))
	}
	return errors.Join(append(errs, s.Image.validate(), s.Sizes.validate(), s.Guest.validate(), s.Access.validate(s.Provider))...)
}

func (i Image) validate() error {
	errs := []error{validURL("image.url", i.URL)}
	if i.Sums != "" {
		errs = append(errs, validURL("image.sums", i.Sums))
	}
	if i.SHA256 != "" && !hash64.MatchString(i.SHA256) {
		errs = append(errs, change.Invalidf("image.sha256", "%q is not 64 lower-case hex digits", i.SHA256))
	}
	switch {
	case i.Keyring == "":
	case i.Sums == "":
		errs = append(errs, change.Invalidf("image.keyring", "has nothing to check: it needs image.sums, whose signature is beside it"))
	case !filepath.IsAbs(i.Keyring):
		errs = append(errs, change.Invalidf("image.keyring", "%q is not the absolute path of a file", i.Keyring))
	}
	return errors.Join(errs...)
}

// validURL tells whether a file can be had from the address.
func validURL(path, address string) error {
	u, err := url.Parse(address)
	switch {
	case err != nil || u.Scheme == "":
		return change.Invalidf(path, "%q is not a URL", address)
	case u.Scheme != "http" && u.Scheme != "https" && u.Scheme != "file":
		return change.Invalidf(path, "scheme %q is none of http, https, file", u.Scheme)
	case u.Scheme != "file" && u.Host == "":
		return change.Invalidf(path, "%q names no host", address)
	case u.Scheme == "file" && (u.Host != "" && u.Host != "localhost" || !strings.HasPrefix(u.Path, "/")):
		return change.Invalidf(path, "%q is not of the form file:///absolute/path", address)
	default:
		return nil
	}
}

func (s Sizes) validate() error {
	return errors.Join(
		s.Assethost.validate("sizes.assethost"),
		s.Kubenode.validate("sizes.kubenode"),
		s.Datanode.validate("sizes.datanode"))
}

func (d Dimensions) validate(path string) error {
	var errs []error
	if d.CPUs < 1 || d.CPUs > 255 {
		errs = append(errs, change.Invalidf(path+".cpus", "is %d, must be between 1 and 255", d.CPUs))
	}
	if d.Memory < 256*MiB {
		errs = append(errs, change.Invalidf(path+".memory", "is %s, the least is 256MiB", d.Memory))
	}
	if d.Disk < GiB {
		errs = append(errs, change.Invalidf(path+".disk", "is %s, the least is 1GiB", d.Disk))
	}
	return errors.Join(errs...)
}
