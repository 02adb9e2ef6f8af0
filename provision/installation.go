package provision

import (
	"context"
	"errors"
	"slices"

	"wiabctl/cluster"
	"wiabctl/ingress"
	"wiabctl/network"
	"wiabctl/vm"
)

// Where things are on the KVM host.
const (
	stateDir  = "/var/lib/wiabctl"
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
	provider provider
	admin    *cluster.Admin
	api      *cluster.API
	log      *runLog
	right    rightOnes

	reuseDisks bool    // said by the user for this run: Orders.ReuseDisks
	ignored    Ignored // likewise: Orders.Ignore
}

// Open makes the installation that a configuration describes. Nothing is connected
// or read yet.
func Open(config Config, observe Observer) *Installation {
	i := &Installation{config: config, libvirt: vm.NewConnection()}
	i.provider = i.choose()
	i.admin = &cluster.Admin{Target: i.adminTarget, User: config.Host.User, Dir: i.artifact().Link()}
	i.admin.Redact = i.secrets().Redact
	i.api = &cluster.API{Admin: i.admin}
	i.pipeline = &Pipeline{Steps: i.Steps(), Observe: observe}
	return i
}

// Close ends the connections.
func (i *Installation) Close() error {
	return errors.Join(i.admin.Close(), i.libvirt.Close())
}

// Steps is the pipeline: every stage, and what has to be done before it.
func (i *Installation) Steps() []Step {
	return []Step{
		{i.preflight(), nil},
		{i.host(), []string{"preflight"}},
		{i.artifactStage(), []string{"host"}},
		{wiring{i.fabric()}, []string{"host"}},
		{i.provider.stage, []string{"network"}}, // the reservations must be there before the first boot
		{i.inventory(), []string{"assets"}},
		{i.secrets(), []string{"assets"}},
		{i.offline(), []string{"vms", "inventory", "secrets"}},
		{i.layersStage(), []string{"cluster"}},
		{i.helm(), []string{"layers"}},
		{i.domains(), []string{"helm"}},
		{i.certificates(), []string{"domains"}},
		{closing{i.fabric()}, []string{"certificates", "network"}},
		{i.verify(), []string{"certificates", "network"}},
	}
}

// Plan tells what every stage has to do. The error is why `up` could not begin.
func (i *Installation) Plan(ctx context.Context) ([]Planned, error) {
	plans := i.pipeline.Plan(ctx)
	return plans, i.pipeline.Blocked(plans)
}

// Propose tells what Up with these orders would do. The error is why it could not begin.
func (i *Installation) Propose(ctx context.Context, orders Orders) ([]Planned, error) {
	forget, err := i.obey(ctx, orders)
	if err != nil {
		return nil, err
	}
	plans, err := i.Plan(ctx)
	return slices.Concat(forget, plans), err
}

// Tell sends what plans want to who observes.
func (i *Installation) Tell(plans []Planned) { i.pipeline.Tell(plans) }

// Up makes the system what the configuration says, and what the orders say, once agree has
// taken the whole plan, and returns how many changes that took. Agree is asked also when
// there is nothing to do. The caller holds the run lock.
func (i *Installation) Up(ctx context.Context, orders Orders, agree func([]Planned) error) (made int, err error) {
	forget, err := i.obey(ctx, orders)
	if err != nil {
		return 0, err
	}
	plans, err := i.Plan(ctx)
	if err != nil {
		return 0, err
	}
	whole := slices.Concat(forget, plans)
	i.Tell(whole)
	if Count(whole) > 0 { // a receipt that is given up makes its stage busy, and those after it
		if err := i.lookOutside(ctx, whole); err != nil {
			return 0, err
		}
	}
	if err := agree(whole); err != nil {
		return 0, err
	}
	if made, err = i.Make(ctx, forget); err != nil {
		return made, err
	}
	if len(forget) > 0 {
		plans = i.pipeline.Plan(ctx)
	}
	if Count(plans) > 0 {
		if err := i.provider.shipped.settle(ctx); err != nil {
			return made, err
		}
	}
	n, err := i.pipeline.Up(ctx, plans)
	if made += n; err == nil && made > 0 {
		err = i.right.keep(verified)
	}
	return made, err
}

// Log names the run log, or says that there is none.
func (i *Installation) Log() string {
	if i.log == nil || !i.log.kept() {
		return "none, nothing was begun"
	}
	return i.log.path
}

// PlanDown tells what down would remove, and which stages cannot tell. ButDisks is
// only what is back within minutes: the disks stay, and with them the deploy
// directory, keys and secrets.
func (i *Installation) PlanDown(ctx context.Context, extent Extent) []Planned {
	return i.pipeline.PlanDown(ctx, extent)
}

// Down removes what PlanDown told.
func (i *Installation) Down(ctx context.Context, plans []Planned) (int, error) {
	return i.pipeline.Down(ctx, plans)
}

// Addresses are where the domains answer, of each domain some: of the ones that are named first, else in their order,
// which begins with the default domain.
func (i *Installation) Addresses(named ...string) [][]string {
	var first, others [][]string
	for _, domain := range i.domainNames() {
		is := func(typed string) bool { name, err := ingress.Canonical(typed); return err == nil && name == domain }
		if addresses := i.domainSet().Addresses(domain); slices.ContainsFunc(named, is) {
			first = append(first, addresses)
		} else {
			others = append(others, addresses)
		}
	}
	return append(first, others...)
}

// DefaultDomain is the one of the artifact's own releases.
func (i *Installation) DefaultDomain() string { return i.config.Ingress.Domain }

// LetsMailOut tells whether the VMs may send e-mail to the internet.
func (i *Installation) LetsMailOut() bool { return i.config.Network.Egress == network.EgressFull }
