package provision

import (
	"context"
	"fmt"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"slices"

	"wiabctl/assets"
	"wiabctl/cluster"
	"wiabctl/ingress"
	"wiabctl/network"
	"wiabctl/vm"
)

// This file makes the stages' parts from the configuration: it is where they learn of each other.

func (i *Installation) preflight() Stage {
	return preflight{
		checks: visible(i.hostChecks()),
		judge:  i.judge,
		fetch:  i.artifact().PlanFetch,
	}
}

// hostChecks look at this host and ask nobody else but VMs of others. They are part of every plan.
func (i *Installation) hostChecks() []check {
	user := i.deployUser()
	return slices.Concat([]check{
		{about: "who runs wiabctl", find: rootCheck, anybody: true},
		{about: "what root may do here", find: capabilityCheck},
		{about: "the operating system", find: i.systemCheck, anybody: true},
		{about: "the kernel", find: i.fabric().CheckKernel},
		{about: "the deploy user's account", find: user.check},
		{about: "the deploy user's way in over SSH", find: user.loginCheck},
		{about: "the VMs' names", find: i.namesCheck, anybody: true},
	}, i.provider.checks, []check{
		{about: "the network", find: i.fabric().Check},
		{about: "what stands in the artifact's place", find: i.artifact().Check},
		{about: "the artifact's contents", find: i.artifact().CheckContents},
		{about: "certificates of your own", find: i.certificateCheck},
		{about: "the secret of the TURN servers", find: i.callingCheck},
		{about: "overlays of your own", find: i.overlayCheck},
		{about: "the renewal of certificates", find: i.renewalCheck, anybody: true},
		{about: "the proxy that downloads go through", find: i.downloadProxyCheck, anybody: true},
	})
}

// momentChecks look at what may be otherwise a moment later.
func (i *Installation) momentChecks() []check {
	return []check{
		{about: "another wiabctl", find: lockCheck},
		{about: "other package managers", find: i.aptCheck, serves: []string{"host"}},
		{about: "the clock", find: clockCheck, anybody: true, serves: []string{"vms", "certificates"}},
	}
}

// outsideChecks ask the internet.
func (i *Installation) outsideChecks() []check {
	return slices.Concat([]check{
		{about: "the domains' DNS", find: i.dnsCheck, anybody: true, serves: []string{"certificates"}},
		{about: "the certificate authority", find: i.authorityCheck, anybody: true, serves: []string{"certificates"}},
		{about: "where the artifact comes from", find: i.artifact().CheckSource, serves: []string{"assets"}},
		{about: "the downloads' proxy", find: i.reachProxyCheck, anybody: true, serves: []string{"assets"}},
	}, i.provider.outside)
}

func (i *Installation) host() Stage {
	var names []string
	for _, m := range i.vms() {
		names = append(names, fmt.Sprintf("%s %s", m.Address, m.Name))
	}
	return host{
		user:     i.deployUser(),
		keys:     i.keys(),
		keyNames: i.keyNames(),
		rotation: i.rotation(),
		packages: installer{Needs: i.needs(), Upgrade: i.config.Host.Upgrade, Receipt: packageReceipt{filepath.Join(stateDir, "receipts", "packages")}},
		shipped:  i.provider.shipped,
		names:    block{File: hostsFile, Lines: names, Why: "the VMs are reached by name from the host"},
		state:    stateDir,
	}
}

// needs are the packages that this installation cannot do without.
func (i *Installation) needs() []need { return slices.Concat(i.provider.packages, needs()) }

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
			// Jobs need a command and files; a terminal may help a person. Nothing else is let through.
			return []byte(`from="127.0.0.1,::1",restrict,pty ` + key.Public + "\n"), err
		},
		Leave: i.admin.Close,
	}
}

// artifact is the artifact in the deploy user's home.
func (i *Installation) artifact() assets.Artifact {
	u := deployUser{Name: i.config.Host.User}
	a := assets.Artifact{Spec: i.config.Artifact, Store: i.store(), Home: u.home(), Belongings: cluster.Belongings(), Idle: i.jobsIdle}
	if uid, gid, err := u.ids(); err == nil {
		a.UID, a.GID = uid, gid
	}
	return a
}

// store is where downloads are kept and come from.
func (i *Installation) store() assets.Store {
	store := i.config.Assets
	store.Pins = assets.Pins{Dir: filepath.Join(stateDir, "digests")}
	return store
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
		Base:     i.baseImage().Path,
		Network:  i.config.Network.Name,
		Ready:    i.config.VMs.Ready,
		Reuse:    func() bool { return i.reuseDisks },
		Keys:     i.machineKeys,
		Rekey:    i.rekey,
		Libvirt:  i.libvirt.Use,
		Watch:    i.libvirt.Watch,
		Probe:    i.probe,
		Await:    i.awaitReady,
	}
}

func (i *Installation) baseImage() assets.BaseImage {
	image := i.config.VMs.Image
	return assets.BaseImage{
		URL: image.URL, SHA256: image.SHA256, Publisher: assets.Publisher{Sums: image.Sums, Keyring: image.Keyring},
		Store: i.store(), Images: imagesDir,
	}
}

func (i *Installation) inventory() Stage {
	groups := map[vm.Role]string{vm.Assethost: "assethost", vm.Kubenode: "kube-node", vm.Datanode: "datanodes"}
	var hosts []cluster.Host
	for _, m := range i.vms() {
		hosts = append(hosts, cluster.Host{Name: m.Name, Group: groups[m.Role], Address: m.Address})
	}
	return cluster.Inventory{Admin: i.admin, Hosts: hosts, User: i.config.VMs.User, Interface: i.config.VMs.Interface,
		MTU: i.provider.mtu, Overlay: i.config.Cluster.Inventory, Keys: i.inventoryKeys}
}

func (i *Installation) secrets() cluster.Secrets {
	return cluster.Secrets{Admin: i.admin, Store: filepath.Join(stateDir, "secrets")}
}

func (i *Installation) offline() cluster.Offline {
	return cluster.Offline{Admin: i.admin, API: i.api, Artifact: i.config.Artifact.Hash, Disks: i.provider.disks, Versions: i.versionDirs,
		Assets: i.assetServer()}
}

func (i *Installation) assetServer() cluster.AssetServer {
	for _, m := range i.vms() {
		if m.Role == vm.Assethost {
			return cluster.AssetServer{Address: net.JoinHostPort(m.Address.String(), cluster.AssetsPort),
				Run: func(ctx context.Context, argv ...string) ([]byte, error) { return i.ask(ctx, m, argv...) }}
		}
	}
	panic("there is no asset host among the VMs") // each installation has the seven of vm.Names
}

func (i *Installation) helm() Stage {
	return cluster.Helm{Rollout: i.rollout(), Artifact: i.config.Artifact.Hash, Environment: i.helmEnvironment,
		Overlays: i.overlays, UserOverlays: i.userValues, Diff: valuesDiff, Secrets: i.helmSecrets()}
}

func (i *Installation) helmSecrets() cluster.HelmSecrets {
	return cluster.HelmSecrets{Secrets: i.secrets(), API: i.api}
}

func (i *Installation) rollout() cluster.Rollout {
	return cluster.Rollout{Admin: i.admin, API: i.api, Ready: i.config.Cluster.Ready}
}

// helmEnvironment are the variables of helm-operations.sh (contract section 8.4).
// HOST_IP is given always: left out, the script would ask a server on the internet
// for it, and learn the address that requests leave by, not the one they come in by.
func (i *Installation) helmEnvironment() ([]string, error) {
	address, err := i.publicAddress()
	calling := "FALSE"
	if i.config.Calling.selfHosted() {
		calling = "TRUE"
	}
	return []string{
		"TARGET_SYSTEM=" + i.config.Ingress.Domain,
		"CERT_MASTER_EMAIL=" + i.config.Ingress.Email,
		"DEPLOY_CERT_MANAGER=TRUE",
		"DEPLOY_CALLING_SERVICES=" + calling,
		"HOST_IP=" + address.String(),
		"WIABCTL_CALLING_NODE=" + i.config.Calling.Node,
	}, err
}

func (i *Installation) domains() Stage {
	return cluster.Domains{Rollout: i.rollout(), Want: i.releases, Missing: missing, Diff: laidOver, Unwanted: i.unwanted, Leaves: leaves}
}

func (i *Installation) layersStage() Stage {
	return cluster.Layers{Admin: i.admin, Want: i.rendering, Check: i.checkRendered}
}

func (i *Installation) certificates() cluster.Certificates {
	return cluster.Certificates{Admin: i.admin, API: i.api, Want: i.certificateNames(), Obstacle: i.obstacle}
}

func (i *Installation) verify() Stage {
	return verify{domains: i.domainNames(), ask: func(ctx context.Context) (ingress.Verify, error) {
		address, err := i.publicAddress()
		if err != nil {
			return ingress.Verify{}, err
		}
		return i.verification(ctx, address.String())
	}}
}

// fabric is the network of the VMs and their way to the internet.
func (i *Installation) fabric() *network.Fabric {
	f := &network.Fabric{
		Spec:       i.config.Network,
		Deployment: i.config.Deployment,
		Program:    os.Executable,
		Libvirt:    i.provider.libvirt,
		Leaving:    i.provider.shipped.witnessed,
		Pending:    i.certificates().Pending,
	}
	f.Proxies, _ = i.config.Ingress.Proxies()
	for _, m := range i.vms() {
		f.Reservations = append(f.Reservations, network.Reservation{Name: m.Name, MAC: m.MAC, Address: m.Address})
		if m.Role == vm.Kubenode {
			f.Kubenodes = append(f.Kubenodes, network.Kubenode{Name: m.Name, Address: m.Address})
		}
		if m.Name == i.config.Calling.Node && i.config.Calling.selfHosted() {
			f.Calling = m.Address
		}
	}
	return f
}

// publicAddress is where clients reach the host.
func (i *Installation) publicAddress() (netip.Addr, error) {
	up, err := i.config.Network.Uplink()
	return up.Public, err
}
