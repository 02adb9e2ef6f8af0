package provision

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"net/netip"
	"os"
	"os/user"
	"path/filepath"
	"time"

	"golang.org/x/crypto/ssh"

	"wiabctl/assets"
	"wiabctl/cluster"
	"wiabctl/ingress"
	"wiabctl/network"
	"wiabctl/provision/change"
	"wiabctl/vm"
)

// Where things are on the KVM host.
const (
	stateDir  = "/var/lib/wiabctl"
	cacheDir  = "/var/cache/wiabctl"
	imagesDir = "/var/lib/libvirt/images"
	hostsFile = "/etc/hosts"
	sshHost   = "127.0.0.1" // the admin host is the KVM host itself
	sshPort   = "22"
)

// Installation is one configuration and the system it describes.
type Installation struct {
	config   Config
	pipeline *Pipeline
	libvirt  *vm.Connection
	admin    *cluster.Admin
	log      *runLog
}

// Open makes the installation that a configuration describes. Nothing is connected
// or read yet.
func Open(config Config, observe Observer) *Installation {
	i := &Installation{config: config, libvirt: vm.NewConnection()}
	i.admin = &cluster.Admin{Target: i.adminTarget, User: config.Host.User, Dir: i.artifact().Link()}
	i.pipeline = &Pipeline{Steps: i.Steps(), Observe: observe}
	return i
}

// Close ends the connections.
func (i *Installation) Close() error {
	return errors.Join(i.admin.Close(), i.libvirt.Close())
}

// Steps is the pipeline: every stage, and what has to be done before it.
func (i *Installation) Steps() []Step {
	api := &cluster.API{Admin: i.admin}
	return []Step{
		{i.preflight(), nil},
		{i.host(), []string{"preflight"}},
		{i.artifactStage(), []string{"host"}},
		{wiring{i.fabric()}, []string{"host"}},
		{i.machines(), []string{"network"}}, // the reservations must be there before the first boot
		{i.inventory(), []string{"assets"}},
		{cluster.Secrets{Admin: i.admin, Store: filepath.Join(stateDir, "secrets")}, []string{"assets"}},
		{cluster.Offline{Admin: i.admin, API: api, Artifact: i.config.Artifact.Hash}, []string{"vms", "inventory", "secrets"}},
		{i.helm(api), []string{"cluster"}},
		{i.domains(api), []string{"helm"}},
		{cluster.Certificates{API: api, Want: i.certificateNames()}, []string{"domains"}},
		{i.verify(), []string{"certificates", "network"}},
	}
}

// Plan tells what every stage has to do. The error is why `up` could not begin.
func (i *Installation) Plan(ctx context.Context) ([]Planned, error) {
	plans := i.pipeline.Plan(ctx)
	return plans, i.pipeline.Blocked(plans)
}

// Up makes the system what the configuration says and returns how many changes
// that took. Scripts of the stages named in again run once more. It writes a run
// log; the caller holds the run lock.
func (i *Installation) Up(ctx context.Context, again []string) (int, error) {
	forgetters, err := i.pipeline.Forgetters(again)
	if err != nil {
		return 0, err
	}
	plans, err := i.Plan(ctx)
	if err != nil {
		return 0, err
	}
	for _, stage := range forgetters {
		if err := stage.Forget(ctx); err != nil {
			return 0, fmt.Errorf("%s: %w", stage.Name(), err)
		}
	}
	if len(forgetters) > 0 {
		plans = i.pipeline.Plan(ctx)
	}
	if Count(plans) > 0 {
		if i.log, err = openRunLog(filepath.Join(stateDir, "log"), "up"); err != nil {
			return 0, err
		}
		defer i.log.Close()
		i.pipeline.Observe = i.log.tee(i.pipeline.Observe)
		if err := i.defaultNetwork().settle(ctx); err != nil {
			return 0, err
		}
	}
	return i.pipeline.Up(ctx, plans)
}

// Log names the run log, or says that there is none.
func (i *Installation) Log() string {
	if i.log == nil {
		return "none, nothing was begun"
	}
	return i.log.path
}

// PlanDown tells what down would remove, and which stages cannot tell.
func (i *Installation) PlanDown(ctx context.Context) []Planned {
	return i.pipeline.PlanDown(ctx)
}

// Down removes what PlanDown told.
func (i *Installation) Down(ctx context.Context, plans []Planned) (int, error) {
	return i.pipeline.Down(ctx, plans)
}

// Addresses are where the domains answer.
func (i *Installation) Addresses() []string {
	var all []string
	for _, domain := range i.domainNames() {
		all = append(all, "https://webapp."+domain+"/", "https://nginz-https."+domain+"/deeplink.json")
	}
	return all
}

func (i *Installation) preflight() Stage {
	return preflight{
		checks: []func(context.Context) error{rootCheck, i.room().Check, i.fabric().Check, i.artifact().Check, i.artifactCheck, i.certificateCheck},
		fetch:  i.artifact().PlanFetch,
	}
}

func (i *Installation) host() Stage {
	keyNames := []string{assets.UserKey, assets.AdminKey}
	var names []string
	for _, m := range i.vms() {
		keyNames = append(keyNames, assets.HostKey(m.Name))
		names = append(names, fmt.Sprintf("%s %s", m.Address, m.Name))
	}
	return host{
		user:     i.deployUser(),
		keys:     i.keys(),
		keyNames: keyNames,
		packages: installer{Receipt: filepath.Join(stateDir, "receipts", "packages")},
		shipped:  i.defaultNetwork(),
		names:    block{File: hostsFile, Lines: names, Why: "the VMs are reached by name from the host"},
		dirs:     []string{cacheDir, stateDir},
	}
}

func (i *Installation) defaultNetwork() defaultNetwork {
	shipped := network.Shipped{Libvirt: i.libvirt.Use}
	return defaultNetwork{
		Receipt:   filepath.Join(stateDir, "receipts", "libvirt-network-default"),
		Signs:     libvirtSigns(),
		Displaced: i.config.Network.Displaces(),
		Idle:      shipped.Idle,
		Remove:    shipped.Remove,
	}
}

func (i *Installation) deployUser() deployUser {
	return deployUser{
		Name: i.config.Host.User,
		Key: func() ([]byte, error) {
			key, err := i.keys().Load(assets.AdminKey)
			return []byte(`from="127.0.0.1,::1" ` + key.Public + "\n"), err
		},
		Leave: i.admin.Close,
	}
}

func (i *Installation) keys() assets.Keys { return assets.Keys{Dir: filepath.Join(stateDir, "keys")} }

// artifact is the artifact in the deploy user's home.
func (i *Installation) artifact() assets.Artifact {
	u := deployUser{Name: i.config.Host.User}
	a := assets.Artifact{Spec: i.config.Artifact, Cache: cacheDir, Home: u.home()}
	if uid, gid, err := u.ids(); err == nil {
		a.UID, a.GID = uid, gid
	}
	return a
}

// artifactStage is the stage of the artifact. The deploy user's home and numbers
// are looked up at each plan, for the user may have come since.
type artifactStage struct{ artifact func() assets.Artifact }

// Name of the stage.
func (artifactStage) Name() string { return "assets" }

// Plan compares what is unpacked with the configured artifact.
func (s artifactStage) Plan(ctx context.Context) ([]change.Change, error) {
	return s.artifact().Plan(ctx)
}

// Remove takes the unpacked artifacts away.
func (s artifactStage) Remove(ctx context.Context) ([]change.Change, error) {
	return s.artifact().Remove(ctx)
}

// artifactCheck refuses another artifact than the installed one: its tree would
// begin without the inventory, the overlays and the receipts of this one.
func (i *Installation) artifactCheck(context.Context) error {
	a := i.artifact()
	active, err := os.Readlink(a.Link())
	if err != nil || filepath.Base(active) == filepath.Base(a.Dir()) {
		return nil //nolint:nilerr // no link, no installation; what is no link is Check's concern
	}
	return ArtifactOther.Failf("%s is installed, configured is %s", filepath.Base(active), filepath.Base(a.Dir()))
}

// certificateCheck refuses the user's own certificates that a client would refuse.
func (i *Installation) certificateCheck(context.Context) error {
	var errs []error
	for _, d := range i.config.Ingress.Domains {
		if d.Certificate.Own() {
			_, _, err := d.Certificate.Read(d.Domain, time.Now())
			errs = append(errs, err)
		}
	}
	return errors.Join(errs...)
}

func (i *Installation) artifactStage() Stage { return artifactStage{i.artifact} }

// vms are the seven machines.
func (i *Installation) vms() []vm.Machine {
	return i.config.VMs.Machines(i.config.Deployment, i.config.Network.Subnet)
}

func (i *Installation) room() *vm.Room {
	return &vm.Room{
		Machines: i.vms(),
		Images:   imagesDir,
		Console:  filepath.Join(stateDir, "console"),
		Base:     i.baseImage().Path(),
		Network:  i.config.Network.Name,
		Ready:    i.config.VMs.Ready,
		Keys:     i.machineKeys,
		Libvirt:  i.libvirt.Use,
		Probe:    i.probe,
	}
}

func (i *Installation) baseImage() assets.BaseImage {
	image := i.config.VMs.Image
	return assets.BaseImage{URL: image.URL, SHA256: image.SHA256, Cache: cacheDir, Images: imagesDir}
}

func (i *Installation) machines() Stage { return machines{base: i.baseImage(), room: i.room()} }

func (i *Installation) machineKeys(name string) (vm.Keys, error) {
	user, err := i.keys().Load(assets.UserKey)
	if err != nil {
		return vm.Keys{}, err
	}
	host, err := i.keys().Load(assets.HostKey(name))
	return vm.Keys{Authorized: []string{user.Public}, HostPrivate: string(host.Private), HostPublic: host.Public}, err
}

// probe asks a VM over SSH whether it is ready.
func (i *Installation) probe(ctx context.Context, m vm.Machine) error {
	user, err := i.keys().Load(assets.UserKey)
	if err != nil {
		return err
	}
	host, err := i.keys().Load(assets.HostKey(m.Name))
	if err != nil {
		return err
	}
	return cluster.Target{Name: m.Name, Address: net.JoinHostPort(m.Address.String(), sshPort),
		User: m.User, Key: user.Signer, HostKey: host.Signer.PublicKey()}.Ready(ctx)
}

// adminTarget is the KVM host itself, over loopback, with the host key that its
// own sshd uses.
func (i *Installation) adminTarget() (cluster.Target, error) {
	if _, err := user.Lookup(i.config.Host.User); err != nil {
		return cluster.Target{}, fmt.Errorf("the deploy user: %w", change.ErrNotInstalled)
	}
	key, err := i.keys().Load(assets.AdminKey)
	if errors.Is(err, fs.ErrNotExist) {
		return cluster.Target{}, fmt.Errorf("the key to the admin host: %w", change.ErrNotInstalled)
	}
	if err != nil {
		return cluster.Target{}, err
	}
	line, err := os.ReadFile("/etc/ssh/ssh_host_ed25519_key.pub")
	if err != nil {
		return cluster.Target{}, HostKeyMissing.Failf("the host's own SSH key: %w", err)
	}
	hostKey, _, _, _, err := ssh.ParseAuthorizedKey(line)
	if err != nil {
		return cluster.Target{}, HostKeyMissing.Failf("the host's own SSH key: %w", err)
	}
	return cluster.Target{Name: "admin host", Address: net.JoinHostPort(sshHost, sshPort),
		User: i.config.Host.User, Key: key.Signer, HostKey: hostKey}, nil
}

func (i *Installation) inventory() Stage {
	groups := map[vm.Role]string{vm.Assethost: "assethost", vm.Kubenode: "kube-node", vm.Datanode: "datanodes"}
	var hosts []cluster.Host
	for _, m := range i.vms() {
		hosts = append(hosts, cluster.Host{Name: m.Name, Group: groups[m.Role], Address: m.Address})
	}
	return cluster.Inventory{Admin: i.admin, Hosts: hosts, User: i.config.VMs.User, Interface: i.config.VMs.Interface, Keys: i.inventoryKeys}
}

func (i *Installation) inventoryKeys() (cluster.Keys, error) {
	user, err := i.keys().Load(assets.UserKey)
	if err != nil {
		return cluster.Keys{}, err
	}
	keys := cluster.Keys{User: user.Private, Hosts: map[string]ssh.PublicKey{}}
	for _, m := range i.vms() {
		host, err := i.keys().Load(assets.HostKey(m.Name))
		if err != nil {
			return cluster.Keys{}, err
		}
		keys.Hosts[m.Name] = host.Signer.PublicKey()
	}
	return keys, nil
}

func (i *Installation) helm(api *cluster.API) Stage {
	return cluster.Helm{Admin: i.admin, API: api, Artifact: i.config.Artifact.Hash, Overlays: i.overlays, Environment: i.helmEnvironment}
}

// helmEnvironment are the variables of helm-operations.sh (contract section 8.4).
// HOST_IP is given always: left out, the script would ask a server on the internet
// for it, and learn the address that requests leave by, not the one they come in by.
func (i *Installation) helmEnvironment() ([]string, error) {
	address, err := i.publicAddress()
	calling := "FALSE"
	if i.config.Calling == CallingSelfHosted {
		calling = "TRUE"
	}
	return []string{
		"TARGET_SYSTEM=" + i.config.Ingress.Domain,
		"CERT_MASTER_EMAIL=" + i.config.Ingress.Email,
		"DEPLOY_CERT_MANAGER=TRUE",
		"DEPLOY_CALLING_SERVICES=" + calling,
		"HOST_IP=" + address.String(),
	}, err
}

func (i *Installation) domains(api *cluster.API) Stage {
	return cluster.Domains{Admin: i.admin, API: api, Want: i.releases, Missing: missing, Ours: ours}
}

func (i *Installation) verify() Stage {
	return verify{domains: i.domainNames(), ask: func(ctx context.Context) (ingress.Verify, error) {
		address, err := i.publicAddress()
		return ingress.Verify{Address: address.String(), Extra: i.config.Ingress.Domains}, err
	}}
}

// fabric is the network of the VMs and their way to the internet.
func (i *Installation) fabric() *network.Fabric {
	f := &network.Fabric{
		Spec:       i.config.Network,
		Deployment: i.config.Deployment,
		Libvirt:    i.libvirt.Use,
		Leaving:    i.defaultNetwork().witnessed,
	}
	for _, m := range i.vms() {
		f.Reservations = append(f.Reservations, network.Reservation{Name: m.Name, MAC: m.MAC, Address: m.Address})
		if m.Role == vm.Kubenode {
			f.Kubenodes = append(f.Kubenodes, m.Address)
		}
		if m.Name == callingNode && i.config.Calling == CallingSelfHosted {
			f.Calling = m.Address
		}
	}
	return f
}

// wiring is the stage of the network.
type wiring struct{ *network.Fabric }

// Name of the stage.
func (wiring) Name() string { return "network" }

var _ Remover = wiring{}

// publicAddress is where clients reach the host.
func (i *Installation) publicAddress() (netip.Addr, error) {
	up, err := i.config.Network.Uplink()
	return up.Public, err
}
