package provision

import (
	"bytes"
	_ "embed" // for the template
	"errors"
	"fmt"
	"io/fs"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"text/template"

	"golang.org/x/sys/unix"
	"gopkg.in/yaml.v3"

	"wiabctl/network"
	"wiabctl/vm"
)

// Draft is what a new configuration file says. What is empty stands in it as a comment, with
// its default.
type Draft struct {
	Domain, Email, Artifact string // the artifact's hash, or its URL
	User                    string // host.user
	Node                    string // calling.node
	Egress                  network.Egress
	WAN                     network.Links
	PublicAddress           netip.Addr
	Sizes                   vm.Sizes // where they are not the usual ones
}

// Survey is what this host says about the configuration that it needs.
type Survey struct {
	Draft
	Notes []string // what a person should know of it, one line each
}

// SurveyHost finds the interface that faces the internet, the address that clients reach, and
// sizes for which this host has memory. What it cannot find it notes.
func SurveyHost() Survey {
	var s Survey
	var spec network.Spec
	if up, err := spec.Uplink(); err != nil {
		s.Notes = append(s.Notes, err.Error())
	} else {
		s.WAN = up.WAN
		if !network.Private(up.Public) {
			s.PublicAddress = up.Public
		} else {
			s.Notes = append(s.Notes, fmt.Sprintf("%s has the address %s, which the internet does not reach: clients reach another one (NAT)", up.WAN[0], up.Public))
		}
	}
	capacity, err := vm.HostCapacity()
	if err != nil {
		s.Notes = append(s.Notes, err.Error())
		return s
	}
	sizes, scarce := capacity.Fitting()
	var usual vm.Spec
	usual.Defaults()
	if sizes != usual.Sizes {
		s.Sizes = sizes
		s.Notes = append(s.Notes, fmt.Sprintf("this host has %s of memory and %d CPUs: the VMs are made smaller than usual", capacity.Memory, capacity.CPUs))
	}
	if scarce {
		s.Notes = append(s.Notes, "that is less than half of what Wire in a Box is made for: its services will hardly come up")
	}
	return s
}

//go:embed configdraft.yaml.tmpl
var draftTemplate string

// Text is the file, with a comment for everything that people usually look for.
func (d Draft) Text() ([]byte, error) {
	t, err := template.New("wiabctl.yaml").Funcs(template.FuncMap{"yaml": oneLine}).Parse(draftTemplate)
	if err != nil {
		return nil, fmt.Errorf("the new configuration: %w", err)
	}
	var out bytes.Buffer
	if err := t.Execute(&out, d); err != nil {
		return nil, fmt.Errorf("the new configuration: %w", err)
	}
	return out.Bytes(), nil
}

// oneLine is a value as YAML, in one line.
func oneLine(value any) (string, error) {
	var node yaml.Node
	if err := node.Encode(value); err != nil {
		return "", err
	}
	node.Style = yaml.FlowStyle
	if node.Kind == yaml.ScalarNode {
		node.Style = 0
		if strings.ContainsFunc(node.Value, func(r rune) bool { return r < ' ' }) {
			node.Style = yaml.DoubleQuotedStyle
		}
	}
	text, err := yaml.Marshal(&node)
	return strings.TrimSuffix(string(text), "\n"), err
}

// URL is the artifact's, empty where it is told by its hash.
func (d Draft) URL() string {
	if strings.Contains(d.Artifact, "/") {
		return d.Artifact
	}
	return ""
}

// Problems are what keeps the draft from being used as a file.
func (d Draft) Problems() (Problems, error) {
	text, err := d.Text()
	if err != nil {
		return nil, err
	}
	_, err = Parse(text)
	problems, known := errors.AsType[Problems](err)
	if err != nil && !known {
		return nil, err
	}
	return problems, nil
}

// Wrong are those of them that are about a field, without their lines, which nobody has seen.
func (d Draft) Wrong(path string) (string, error) {
	problems, err := d.Problems()
	i := slices.IndexFunc(problems, func(p Problem) bool { return below(p.Path, path) })
	if err != nil || i < 0 {
		return "", err
	}
	return problems[i].Problem, nil
}

// Vacant tells whether a new configuration file can be made there, before a person is asked for what it is to say. It fails
// with ConfigExists, FileUnwritable, or a want of rights.
func Vacant(file string) error {
	if _, err := os.Lstat(file); err == nil {
		return configExists(file)
	}
	dir := filepath.Dir(file)
	err := unix.Access(dir+"/", unix.W_OK|unix.X_OK)
	for errors.Is(err, fs.ErrNotExist) && dir != filepath.Dir(dir) { // Write makes it
		dir = filepath.Dir(dir)
		err = unix.Access(dir+"/", unix.W_OK|unix.X_OK)
	}
	switch {
	case errors.Is(err, fs.ErrPermission):
		return fmt.Errorf("the configuration %s cannot be made: %s: %w", file, dir, err)
	case err != nil:
		return FileUnwritable.Failf("the configuration %s: %s: %w", file, dir, err)
	}
	return nil
}

func configExists(file string) error { return ConfigExists.Failf("there is a file %s already", file) }

// Write makes the configuration file, its owner's alone, for secrets may come into it. It fails
// with ConfigExists where there is one, and with ConfigInvalid for a draft that cannot be used.
func (d Draft) Write(file string) error {
	text, err := d.Text()
	if err != nil {
		return err
	}
	if _, err := Parse(text); err != nil {
		return ConfigInvalid.Failf("%s is not written, for it could not be used:\n%w", file, err)
	}
	dir := filepath.Dir(file)
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return FileUnwritable.Failf("the directory of the configuration: %w", err)
	}
	part, err := os.CreateTemp(dir, ".wiabctl-*.yaml") // 0600
	if err != nil {
		return FileUnwritable.Failf("the configuration: %w", err)
	}
	defer os.Remove(part.Name())
	_, err = part.Write(text)
	if err := errors.Join(err, part.Sync(), part.Close()); err != nil {
		return FileUnwritable.Failf("the configuration: %w", err)
	}
	err = os.Link(part.Name(), file) // unlike a rename it replaces nothing
	if errors.Is(err, fs.ErrExist) {
		return configExists(file)
	}
	if err != nil {
		return FileUnwritable.Failf("the configuration: %w", err)
	}
	return nil
}

// Under is the survey below a draft: what the draft says goes above what this host says.
func (s Survey) Under(d Draft) Survey {
	if len(d.WAN) == 0 {
		d.WAN = s.WAN
	}
	if !d.PublicAddress.IsValid() {
		d.PublicAddress = s.PublicAddress
	}
	if d.Sizes == (vm.Sizes{}) {
		d.Sizes = s.Sizes
	}
	s.Draft = d
	return s
}
