package provision

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"path/filepath"
	"time"

	"wiabctl/cluster"
)

// planning is the longest that it may take to plan, when nothing answers.
const planning = time.Minute

// configEvidence is the configuration, whether it can be used or not.
func configEvidence(file string) []evidence {
	all := []evidence{fileEvidence("configuration/"+filepath.Base(file), file)}
	return append(all, filesEvidence("configuration/overlays", filepath.Join(literally(filepath.Dir(file)), overlaysDir, "*"))...)
}

// evidence tells how the installation is.
func (i *Installation) evidence() []evidence {
	all := []evidence{
		{Name: "wiabctl/plan", Within: planning, Collect: i.planEvidence},
		{Name: "wiabctl/health", Within: planning, Collect: func(ctx context.Context) ([]byte, error) {
			health, _ := i.Health(ctx) // the error repeats what they say
			return lines(health)
		}},
		{Name: "wiabctl/versions", Collect: func(context.Context) ([]byte, error) { return collected(i.Versions()) }},
		{Name: "wiabctl/vms", Collect: func(ctx context.Context) ([]byte, error) { return collected(i.ListVMs(ctx)) }},
		{Name: "wiabctl/domains", Collect: func(ctx context.Context) ([]byte, error) { return collected(i.Domains(ctx)) }},
		{Name: "wiabctl/secrets", Collect: func(ctx context.Context) ([]byte, error) { return collected(i.CheckSecrets(ctx)) }},
		{Name: "wiabctl/topology", Collect: func(context.Context) ([]byte, error) {
			topology, err := i.Topology()
			return []byte(topology.String()), err
		}},
		{Name: "jobs/latest", Collect: i.jobsEvidence(false)},
		{Name: "jobs/previous", Collect: i.jobsEvidence(true)},
	}
	for name, path := range cluster.Dumps() {
		all = append(all, evidence{Name: "kubernetes/" + name + ".json", Collect: func(ctx context.Context) ([]byte, error) { return i.api.Dump(ctx, path) }})
	}
	return all
}

// planEvidence is what every stage has to do, and how long it took to find out.
func (i *Installation) planEvidence(ctx context.Context) ([]byte, error) {
	var text bytes.Buffer
	for _, p := range i.pipeline.Plan(ctx) {
		fmt.Fprintf(&text, "%s: %d changes, planned in %s\n", p.Stage, len(p.Changes), p.Took.Round(time.Millisecond))
		for _, c := range p.Changes {
			fmt.Fprintf(&text, "  %s\n", c)
		}
		if p.Err != nil {
			fmt.Fprintf(&text, "  cannot tell: %v\n", p.Err)
		}
	}
	return text.Bytes(), nil
}

// jobsEvidence is how each job stands, and the log of its last run, or of the one before.
func (i *Installation) jobsEvidence(previous bool) func(context.Context) ([]byte, error) {
	return func(ctx context.Context) ([]byte, error) {
		jobs, err := i.Jobs(ctx)
		var text bytes.Buffer
		for _, job := range jobs {
			fmt.Fprintf(&text, "== %s\n", describeJob(job))
			var log bytes.Buffer
			failed := i.jobs().Log(ctx, job, previous, false, func(line string) { fmt.Fprintln(&log, line) })
			if previous && errors.Is(failed, cluster.JobUnknown.Failf("")) {
				failed = nil // it ran only once
			}
			text.Write(lastLines(log.Bytes(), keptEvidence/8))
			err = errors.Join(err, failed)
		}
		return text.Bytes(), err
	}
}

// collected are the values that something returned.
func collected[T any](all []T, err error) ([]byte, error) {
	text, failed := lines(all)
	return text, errors.Join(err, failed)
}

// lines are values as JSON, one a line.
func lines[T any](all []T) ([]byte, error) {
	var text bytes.Buffer
	for _, one := range all {
		line, err := json.Marshal(one)
		if err != nil {
			return nil, err
		}
		text.Write(append(line, '\n'))
	}
	return text.Bytes(), nil
}

// end is the end of a text.
func end(text []byte, most int) []byte { return text[max(0, len(text)-most):] }
