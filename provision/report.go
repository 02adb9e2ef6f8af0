package provision

import (
	"context"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"
	"sync"
	"time"

	"wiabctl/cluster"
	"wiabctl/ingress"
	"wiabctl/provision/redact"
)

// Report is how an installation is at one moment, and how it came to be so. A part that could not be told is empty,
// and Missing tells why.
type Report struct {
	Made       time.Time
	Host       string // its name
	System     string // "Debian GNU/Linux 12 (bookworm)"
	Deployment string
	Version    string // of wiabctl
	Stages     []Planned
	Health     []Health
	Topology   string // SVG
	VMs        []VM
	Domains    []DomainReport
	Versions   []Version // of the artifact
	Releases   []ReleaseReport
	Runs       []Run // the newest first
	Last       Run   // the last that changed something, whole; its number is 0 if there is none
	Missing    []Missing

	secrets redact.Redactor
}

// DomainReport is a domain with its DNS and the addresses that answer for it.
type DomainReport struct {
	DomainState
	Addresses []string
	DNS       *Verification // nil: it could not be asked
	Leads     string        // what keeps it from answering now, as the stages tell; empty: nothing
}

// ReleaseReport is a Helm release with its chart's version.
type ReleaseReport struct{ Name, Chart, Status string }

// shownRuns is how many runs a report lists.
const shownRuns = 12

// Report asks all parts side by side, each within its own time. It changes nothing.
func (i *Installation) Report(ctx context.Context) (Report, error) {
	if err := rootCheck(ctx); err != nil {
		return Report{}, err
	}
	r := Report{Made: time.Now(), Deployment: i.config.Deployment, Version: buildVersion()}
	r.Host, _ = os.Hostname() // it is only shown
	system, _ := readOSRelease("/etc/os-release")
	r.System = system.String()
	var all gathering
	all.gather(ctx, "secrets, to keep them out", func(ctx context.Context) (err error) {
		r.secrets, err = i.redactor(ctx, secretPlaces(i.config.dir, i.artifact().Link()))
		return err
	})
	all.gather(ctx, "stages", func(ctx context.Context) error { r.Stages = i.pipeline.Plan(ctx); return nil })
	all.gather(ctx, "parts of the cluster", func(ctx context.Context) error { r.Health, _ = i.Health(ctx); return nil }) // the error repeats them
	all.gather(ctx, "topology", func(context.Context) error {
		topology, err := i.Topology()
		if err == nil {
			r.Topology, err = topology.SVG()
		}
		return err
	})
	all.gather(ctx, "VMs", func(ctx context.Context) (err error) { r.VMs, err = i.ListVMs(ctx); return err })
	all.gather(ctx, "versions", func(context.Context) (err error) { r.Versions, err = i.Versions(); return err })
	all.gather(ctx, "releases", func(ctx context.Context) (err error) { r.Releases, err = i.releaseReports(ctx); return err })
	var states []DomainState
	all.gather(ctx, "domains", func(ctx context.Context) (err error) { states, err = i.Domains(ctx); return err })
	var dns []Verification
	all.gather(ctx, "DNS", func(ctx context.Context) (err error) {
		if dns, err = i.CheckDNS(ctx, nil); len(dns) > 0 {
			err = nil // it repeats what they say
		}
		return err
	})
	all.gather(ctx, "runs", func(context.Context) (err error) { r.Runs, r.Last, err = lastRuns(historyDir, shownRuns); return err })
	r.Missing = all.missing()
	r.Domains = domainReports(i.domainSet(), states, dns, r.Stages)
	return r, nil
}

// gathering is what is asked side by side.
type gathering struct {
	wait sync.WaitGroup
	mu   sync.Mutex
	lost map[string]error
}

// gather does something within the time that a plan may take, and notes why it failed.
func (g *gathering) gather(ctx context.Context, name string, do func(context.Context) error) {
	g.wait.Go(func() {
		ctx, cancel := context.WithTimeoutCause(ctx, planning, fmt.Errorf("nothing came within %s", planning))
		defer cancel()
		if err := do(ctx); err != nil {
			g.mu.Lock()
			defer g.mu.Unlock()
			if g.lost == nil {
				g.lost = map[string]error{}
			}
			g.lost[name] = err
		}
	})
}

// missing waits for all, and tells what could not be had.
func (g *gathering) missing() (all []Missing) {
	g.wait.Wait()
	for _, name := range slices.Sorted(maps.Keys(g.lost)) {
		all = append(all, Missing{name, g.lost[name].Error()})
	}
	return all
}

// releaseReports are the releases that are deployed, by name; none while there is no cluster.
func (i *Installation) releaseReports(ctx context.Context) (all []ReleaseReport, err error) {
	known, err := i.inventoryOfDomains(ctx)
	for _, name := range slices.Sorted(maps.Keys(known.releases)) {
		release := known.releases[name]
		all = append(all, ReleaseReport{name, release.Chart, release.Status})
	}
	return all, err
}

// lastRuns are the last recorded runs, the newest first, and the last that changed something.
func lastRuns(dir string, most int) (last []Run, changed Run, err error) {
	all, err := runs(dir)
	if err != nil {
		return nil, Run{}, err
	}
	slices.Reverse(all)
	if at := slices.IndexFunc(all, func(r Run) bool { return r.Changes > 0 }); at >= 0 {
		changed, err = readRun(dir, all[at].Number)
	}
	return all[:min(len(all), most)], changed, err
}

// domainReports puts together what is known of each domain.
func domainReports(set ingress.Set, states []DomainState, dns []Verification, stages []Planned) (all []DomainReport) {
	for _, state := range states {
		d := DomainReport{DomainState: state, Addresses: set.Addresses(state.Domain)}
		if at := slices.IndexFunc(dns, func(v Verification) bool { return v.Domain == state.Domain }); at >= 0 {
			d.DNS = &dns[at]
		}
		for _, s := range stages {
			for _, c := range s.Changes {
				if s.Stage == "verify" && strings.HasSuffix(c.Subject, " "+state.Domain) {
					d.Leads = c.Reason
				}
			}
		}
		all = append(all, d)
	}
	return all
}

// Unwell are the parts that are not well, or do not answer.
func (r Report) Unwell() (all []Health) {
	for _, h := range r.Health {
		if h.State == cluster.Unhealthy || h.State == cluster.Silent {
			all = append(all, h)
		}
	}
	return all
}
