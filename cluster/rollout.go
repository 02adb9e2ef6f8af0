package cluster

import (
	"context"
	"errors"
	"regexp"
	"strings"
	"sync"
	"time"

	"wiabctl/provision/change"
)

// Rollout runs the jobs that deploy charts. Of a chart that does not become ready it tells
// why, from the Kubernetes API, early and when it has failed.
type Rollout struct {
	Admin *Admin
	API   *API
	// Ready is the longest that helm waits for a chart; 0: what the caller of helm says.
	Ready time.Duration
}

const (
	// usual is the longest that helm waits for a chart unless it is configured.
	usual = 15 * time.Minute
	// lookAgain is how often it is looked what a chart waits for.
	lookAgain = 30 * time.Second
	// looking is the longest that it may take to find out why a chart failed.
	looking = 20 * time.Second
)

// run makes the job run to its end. No two jobs deploy one release at a time, so that helm.sh can
// tell one at work from one that a dead helm left: a release has one job, and helm-operations.sh
// works apart from them all.
func (r Rollout) run(ctx context.Context, job Job, say change.Progress) error {
	seen := newCharts(say)
	job.Reader = func(change.Progress) Reader { return seen }
	job.Apart = []string{helmJob}
	if job.Name == helmJob {
		job.Apart = []string{releaseJob + "*"}
	}
	if r.Ready > 0 {
		job.Environment = append(job.Environment, "WIABCTL_HELM_TIMEOUT="+r.Ready.String())
	}
	watching, stop := context.WithCancel(ctx)
	var watcher sync.WaitGroup
	watcher.Go(func() { r.watch(watching, seen, say) })
	err := job.Run(ctx, r.Admin, say)
	stop()
	watcher.Wait()
	if errors.Is(err, JobFailed.Failf("")) {
		return r.explain(ctx, err, seen.culprit())
	}
	return err
}

// longest is how long one chart can take: somebody else's helm is waited for, half an hour
// (helm.sh), then come hooks, and then pods.
func (r Rollout) longest() time.Duration { return 35*time.Minute + 2*max(r.Ready, usual) }

// watch says what a chart that takes long waits for.
func (r Rollout) watch(ctx context.Context, seen *charts, say change.Progress) {
	tick := time.NewTicker(lookAgain)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		now := seen.current()
		if now.Release == "" || time.Since(now.Since) < lookAgain {
			continue
		}
		if s, err := r.look(ctx, now.Release); err == nil && s.brief() != "" {
			say.Sayf("%s waits: %s", now.Release, r.redact(s.brief()))
		}
	}
}

// look is observe with a deadline: the API server may be gone.
func (r Rollout) look(ctx context.Context, release string) (scene, error) {
	ctx, cancel := context.WithTimeout(ctx, looking)
	defer cancel()
	return r.API.observe(ctx, release)
}

var (
	// neverReady is what helm says when it waited in vain.
	neverReady = regexp.MustCompile(`timed out|deadline exceeded|not ready|hooks? failed|refused|unreachable|no route|timeout|EOF`)
	// stillPending is how helm refuses a release that another helm holds.
	stillPending = "another operation (install/upgrade/rollback) is in progress"
)

// explain adds to a job's failure what the API tells of the chart that failed.
func (r Rollout) explain(ctx context.Context, failure error, culprit chart) error {
	said := strings.Join(culprit.Said, "\n")
	switch {
	case culprit.Release == "":
		return failure
	case strings.HasSuffix(said, stillPending):
		return ReleaseStuck.Failf("release %s cannot be deployed: %w", culprit.Release, failure)
	case !neverReady.MatchString(said):
		return failure
	}
	s, err := r.look(ctx, culprit.Release)
	if err != nil {
		return APIUnreachable.Failf("release %s failed, and why cannot be asked: %w\n%w", culprit.Release, err, failure)
	}
	if why := s.String(); why != "" {
		return ReleaseNotReady.Failf("release %s does not become ready:\n%s\n%w", culprit.Release, r.redact(why), failure)
	}
	return failure
}

// redact takes the secrets that are known out of a text that people get to see.
func (r Rollout) redact(text string) string {
	if r.Admin.Redact != nil {
		if secrets := r.Admin.Redact(); secrets != nil {
			return secrets.Replace(text)
		}
	}
	return text
}
