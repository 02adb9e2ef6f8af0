package provision

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"

	"gopkg.in/yaml.v3"

	"wiabctl/assets"
	"wiabctl/cluster"
	"wiabctl/ingress"
	"wiabctl/network"
	"wiabctl/provision/change"
	"wiabctl/vm"
)

// Config is the description of an installation: the configuration file.
type Config struct {
	// APIVersion is the format of the file; a file without it has the first, wiabctl/v1.
	APIVersion string `yaml:"apiVersion,omitempty"`
	// Deployment names the installation; identities are derived from it. Default "wire".
	Deployment string `yaml:"deployment"`
	// The default domain, the extra domains and the address for certificates.
	Ingress  ingress.Spec `yaml:",inline"`
	Artifact assets.Spec  `yaml:"artifact"` // the build of wire-server-deploy, and where it comes from
	Assets   assets.Store `yaml:"assets"`   // where downloads are kept, and where they come from
	Calling  Calling      `yaml:"calling"`  // where calls are served; the mode may stand alone
	Host     HostSpec     `yaml:"host"`     // the KVM host itself
	VMs      vm.Spec      `yaml:"vms"`      // the seven VMs
	Network  network.Spec `yaml:"network"`  // the VMs' network, the ways in and out
	Cluster  cluster.Spec `yaml:"cluster"`  // Kubernetes and what runs in it

	dir string // of the file, beside which the overlays are
}

// HostSpec is the configuration's part about the KVM host itself.
type HostSpec struct {
	// User owns the deploy directory and runs upstream's scripts; made when it does
	// not exist. Default "wire".
	User string `yaml:"user"`
	// Upgrade has every package of the host brought to its newest version. Default false:
	// what is installed stays as it is.
	Upgrade bool `yaml:"upgrade"`
}

// Load reads, completes and checks a configuration file with what overrides it. A file that
// is refused is refused whole: ConfigInvalid names every Problem with its line. It fails with
// SecretsExposed where others may read the secrets in the file.
func Load(file string, overrides ...Override) (Config, error) {
	content, err := read(file)
	if err != nil {
		return Config{}, err
	}
	config, err := Parse(content, overrides...)
	if err != nil {
		return Config{}, ConfigInvalid.Failf("%s cannot be used:\n%w", file, err)
	}
	if err := exposed(file, content); err != nil {
		return Config{}, err
	}
	config.dir = filepath.Dir(file)
	return config, nil
}

// read gives the content of the configuration file.
func read(file string) ([]byte, error) {
	content, err := os.ReadFile(file)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, ConfigMissing.Failf("there is no configuration file %s", file).By("sudo wiabctl config init")
	}
	if err != nil {
		return nil, fmt.Errorf("read the configuration: %w", err)
	}
	return content, nil
}

// Parse is Load for a file's content; the error is of type Problems.
func Parse(content []byte, overrides ...Override) (Config, error) {
	var config Config
	root, meant, found := decode(content, func(top *yaml.Node) Problems { return migrate(top, formats) }, &config)
	if root == nil {
		return Config{}, found
	}
	for _, o := range overrides {
		found = append(found, o.apply(&config)...)
	}
	config.complete()
	found = found.with(root, config.validate(), meant, overrides)
	if err := found.orNil(); err != nil {
		return Config{}, err
	}
	return config, nil
}

// complete fills in what the file left out.
func (c *Config) complete() {
	c.APIVersion = formats[len(formats)-1].version
	if c.Deployment == "" {
		c.Deployment = "wire"
	}
	if c.Host.User == "" {
		c.Host.User = "wire"
	}
	c.Calling.defaults()
	c.Ingress.Defaults()
	c.Artifact.Defaults()
	c.Assets.Defaults()
	c.VMs.Defaults()
	c.Network.Defaults()
}

var (
	label    = regexp.MustCompile(`^[a-z]([a-z0-9-]{0,30}[a-z0-9])?$`)
	userName = regexp.MustCompile(`^[a-z_][a-z0-9_-]{0,31}$`)
)

func (c *Config) validate() error {
	var errs []error
	if !label.MatchString(c.Deployment) {
		errs = append(errs, change.Invalidf("deployment", "%q is not a name of lower-case letters, digits and dashes", c.Deployment))
	}
	if !userName.MatchString(c.Host.User) || c.Host.User == "root" {
		errs = append(errs, change.Invalidf("host.user", "%q cannot be the deploy user's name", c.Host.User))
	}
	errs = append(errs, within("calling", c.Calling.validate())...)
	for _, invalid := range invalids(errors.Join(c.Ingress.Validate(), c.Ingress.CheckPolicies(c.domainSet().SFT))) {
		errs = append(errs, invalid)
	}
	errs = append(errs, within("artifact", c.Artifact.Validate())...)
	errs = append(errs, within("assets", c.Assets.Validate())...)
	errs = append(errs, within("vms", errors.Join(c.VMs.Validate(), c.VMs.Access.Outside(c.Network.Subnet)))...)
	errs = append(errs, within("network", c.Network.Validate())...)
	errs = append(errs, within("network", c.validHTTPS())...)
	errs = append(errs, within("cluster", c.Cluster.Validate(vm.Names()))...)
	return errors.Join(errs...)
}

// validHTTPS refuses to close port 443 to clients of a domain that has no proxy.
func (c *Config) validHTTPS() error {
	if _, open := c.Ingress.Proxies(); c.Network.HTTPS == network.HTTPSProxies && len(open) > 0 {
		return change.Invalidf("https", "proxies is possible only where every domain has a proxy, for nobody else gets in; these have none: %s", strings.Join(open, ", "))
	}
	return nil
}

// ValidateConfig is Load, and looks at the certificates and overlays that the file leads to. It changes nothing and
// asks nobody.
func ValidateConfig(ctx context.Context, file string, overrides ...Override) error {
	config, err := Load(file, overrides...)
	if err != nil {
		return err
	}
	return config.filesCheck(ctx)
}

// filesCheck looks at the files that the configuration leads to.
func (c Config) filesCheck(ctx context.Context) error {
	i := Open(c, nil)
	defer i.Close()
	_, err := change.Warnings(errors.Join(i.certificateCheck(ctx), i.overlayCheck(ctx)))
	return err
}
