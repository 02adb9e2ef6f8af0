package provision

import (
	"cmp"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"gopkg.in/yaml.v3"

	"wiabctl/ingress"
	"wiabctl/provision/change"
)

// Calling says where calls are served; in YAML the mode may stand alone.
type Calling struct {
	// Mode is "self-hosted" (coturn and sftd in the cluster, the default), "wire-cloud" (by
	// Wire, or anybody else) or "none".
	Mode CallingMode `yaml:"mode"`
	// Node is the kubenode that coturn and sftd run on, and that the firewall sends calls
	// to; default kubenode3, which helm-operations.sh takes where nobody steers it.
	Node string `yaml:"node"`
	// TURN are the servers that relay calls, for wire-cloud alone: "turn:host:port", with
	// "?transport=tcp" for one over TCP.
	TURN []string `yaml:"turn"`
	// SFT is the https URL that conference calls begin at, for wire-cloud alone.
	SFT string `yaml:"sft"`
	// Secret is the absolute path of a file, its owner's alone, with the secret that the TURN
	// servers' passwords are made of, for wire-cloud alone; without it the installation's own
	// secret stays.
	Secret string `yaml:"secret"`
}

// CallingMode tells who serves calls.
type CallingMode string

// The modes of calling.
const (
	CallingSelfHosted CallingMode = "self-hosted"
	CallingWireCloud  CallingMode = "wire-cloud"
	CallingNone       CallingMode = "none"
)

// callingReleases are what serves calls in the cluster.
var callingReleases = []string{"sftd", "coturn"}

// callingNodes are the VMs that calls can be served on.
func callingNodes() []string { return []string{"kubenode1", "kubenode2", "kubenode3"} }

// UnmarshalYAML takes a mode, or a mapping.
func (c *Calling) UnmarshalYAML(node *yaml.Node) error {
	if node.Kind == yaml.ScalarNode {
		return node.Decode(&c.Mode)
	}
	type fields Calling
	return node.Decode((*fields)(c))
}

func (c *Calling) defaults() {
	c.Mode = cmp.Or(c.Mode, CallingSelfHosted)
	c.Node = cmp.Or(c.Node, "kubenode3")
}

func (c *Calling) validate() error {
	var errs []error
	if !slices.Contains([]CallingMode{CallingSelfHosted, CallingWireCloud, CallingNone}, c.Mode) {
		errs = append(errs, change.Invalidf("mode", "%q is none of %s, %s and %s", c.Mode, CallingSelfHosted, CallingWireCloud, CallingNone))
	}
	if !slices.Contains(callingNodes(), c.Node) {
		errs = append(errs, change.Invalidf("node", "%q is none of %s", c.Node, strings.Join(callingNodes(), ", ")))
	}
	if c.Mode == CallingWireCloud {
		return errors.Join(append(errs, c.validServers()...)...)
	}
	for _, field := range []struct {
		path  string
		given bool
	}{{"turn", len(c.TURN) > 0}, {"sft", c.SFT != ""}, {"secret", c.Secret != ""}} {
		if field.given {
			errs = append(errs, change.Invalidf(field.path, "is only for calls that others serve: set mode to %s, or leave it out", CallingWireCloud))
		}
	}
	return errors.Join(errs...)
}

var (
	hostName = regexp.MustCompile(`^[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)*$`)
	// turnServer is what brig reads of RFC 7065; the port has to be there.
	turnServer = regexp.MustCompile(`^turns?:([^:?]+):([0-9]+)(\?transport=(udp|tcp))?$`)
)

// validServers checks what calls that others serve need.
func (c *Calling) validServers() []error {
	var errs []error
	if len(c.TURN) == 0 {
		errs = append(errs, change.Invalidf("turn", "is missing: %s needs the TURN servers that Wire names", CallingWireCloud))
	}
	for i, server := range c.TURN {
		parts := turnServer.FindStringSubmatch(server)
		if parts == nil || !hostName.MatchString(parts[1]) || !isPort(parts[2]) {
			errs = append(errs, change.Invalidf(fmt.Sprintf("turn[%d]", i), "%q is not like turn:turn.example.org:3478 or turn:192.0.2.1:3478?transport=tcp", server))
		}
	}
	sft, err := url.Parse(c.SFT)
	switch {
	case c.SFT == "":
		errs = append(errs, change.Invalidf("sft", "is missing: %s needs the URL of the conference server that Wire names", CallingWireCloud))
	case err != nil || *sft != (url.URL{Scheme: "https", Host: sft.Host}) || !hostName.MatchString(sft.Hostname()) || sft.Port() != "" && !isPort(sft.Port()):
		errs = append(errs, change.Invalidf("sft", "%q is not a URL like https://sft.example.org, without a path", c.SFT))
	}
	if c.Secret != "" && !filepath.IsAbs(c.Secret) {
		errs = append(errs, change.Invalidf("secret", "%q is not the absolute path of a file", c.Secret))
	}
	return errs
}

func isPort(text string) bool {
	port, err := strconv.ParseUint(text, 10, 16)
	return err == nil && port > 0
}

// selfHosted says whether calls are served here.
func (c *Calling) selfHosted() bool { return c.Mode == CallingSelfHosted }

// secret reads the secret of the TURN servers; empty if none is given.
func (c *Calling) secret() (string, error) {
	if c.Secret == "" {
		return "", nil
	}
	info, err := os.Stat(c.Secret)
	if err != nil {
		return "", ConfigInvalid.Failf("calling.secret: %w", err)
	}
	if info.Mode().Perm()&0o077 != 0 {
		return "", ConfigInvalid.Failf("calling.secret: %s can be read by others (mode %04o): chmod 600 %s", c.Secret, info.Mode().Perm(), c.Secret)
	}
	content, err := os.ReadFile(c.Secret)
	if err != nil {
		return "", ConfigInvalid.Failf("calling.secret: %w", err)
	}
	secret := strings.TrimSpace(string(content))
	if !turnSecret.MatchString(secret) {
		return "", ConfigInvalid.Failf("calling.secret: %s does not hold one line of printable characters", c.Secret)
	}
	return secret, nil
}

// turnSecret is what a secret of TURN servers can be; it stands in a line of a file of brig's.
var turnSecret = regexp.MustCompile(`^[!-~]{1,512}$`)

// domainSet is what the overlays are computed from, without secrets.
func (c *Config) domainSet() ingress.Set {
	set := c.Ingress.Set(c.Calling.selfHosted())
	if c.Calling.selfHosted() {
		set.Node = c.Calling.Node
		return set
	}
	return set.CallsBy(ingress.Calls{SFT: c.Calling.SFT, TURN: c.Calling.TURN})
}
