package e2e

import (
	"bufio"
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
)

// What a job may cost over its bare script, how late a line of its log may be seen, how
// much of a processor following takes, and how long a finished cluster stage.
const (
	jobLimit       = 300 * time.Millisecond
	delayLimit     = 200 * time.Millisecond
	followingLimit = 0.02
	finishedLimit  = 500 * time.Millisecond
)

// scripted puts another script in the place of helm-operations.sh for this test.
func scripted(t testing.TB, script string) {
	t.Helper()
	onHost(t, "test -e /root/script || cp -a "+deployDir+"/"+helmScript+" /root/script; cat >"+deployDir+"/"+helmScript+" <<'X'\n#!/bin/sh\n"+script+"\nX")
	t.Cleanup(func() {
		onHost(t, "test ! -e /root/script || cp -a /root/script "+deployDir+"/"+helmScript+" && rm -f /root/script")
	})
}

// BenchmarkJob measures a job against its bare script, by turns, the best of three each.
func BenchmarkJob(b *testing.B) {
	installed(b)
	scripted(b, "sleep 1")
	for b.Loop() {
		job, bare := time.Hour, time.Hour
		for range 3 {
			for _, e := range events(b, mustWiabctl(b, "up", "--again", "helm", "--only", "helm", "--output", "json").stdout) {
				if e.Event == "made" && strings.Contains(e.Subject, "helm-operations.sh") {
					job = min(job, e.Took)
				}
			}
			began := time.Now()
			onHost(b, "runuser -u wire -- "+deployDir+"/wiab/tools ./bin/helm-operations.sh")
			bare = min(bare, time.Since(began))
		}
		b.ReportMetric((job - bare).Seconds(), "s-over-bare")
		b.ReportMetric(job.Seconds()/bare.Seconds(), "job/bare")
		if job-bare > jobLimit {
			b.Errorf("a job took %s, its bare script %s: more than %s apart", job, bare, jobLimit)
		}
	}
}

// BenchmarkFollow measures how late the lines of a job's log come, and what following costs.
func BenchmarkFollow(b *testing.B) {
	installed(b)
	scripted(b, "for n in $(seq 100); do date +'at %s.%N'; sleep 0.1; done")
	for b.Loop() {
		up := start(b, "up", "--again", "helm", "--only", "helm")
		eventually(b, time.Minute, func(ctx context.Context) error { return active(ctx, "wiabctl-job-helm") })
		cmd := theLab.Host(b.Context(), "wiabctl", "logs", "--follow", "helm")
		out, err := cmd.StdoutPipe()
		if err != nil {
			b.Fatal(err)
		}
		if err := cmd.Start(); err != nil {
			b.Fatal(err)
		}
		var delays []time.Duration
		for lines := bufio.NewScanner(out); lines.Scan(); {
			now := time.Now()
			_, at, ok := strings.Cut(lines.Text(), " at ")
			if seconds, err := strconv.ParseFloat(at, 64); ok && err == nil {
				delays = append(delays, now.Sub(time.UnixMicro(int64(seconds*1e6))))
			}
		}
		if err := cmd.Wait(); err != nil {
			b.Fatal(err)
		}
		<-up
		if len(delays) < 80 {
			b.Fatalf("only %d lines of 100 were seen", len(delays))
		}
		delays = delays[len(delays)/4:] // those that were there before are late
		slices.Sort(delays)
		median := delays[len(delays)/2]
		b.ReportMetric(median.Seconds(), "s-delay")
		b.ReportMetric(delays[len(delays)-1].Seconds(), "s-longest-delay")
		if median > delayLimit {
			b.Errorf("the log's lines are seen %s late at the median, more than %s", median, delayLimit)
		}
		share := followingShare(b)
		b.ReportMetric(share, "cpu")
		if share > followingLimit {
			b.Errorf("following takes %.1f %% of a processor, more than %.1f", 100*share, 100*followingLimit)
		}
	}
}

// followingShare is the part of a processor that wiabctl and sshd with its children take
// while a job is followed that says a line each tenth of a second.
func followingShare(b *testing.B) float64 {
	b.Helper()
	up := start(b, "up", "--again", "helm", "--only", "helm")
	eventually(b, time.Minute, func(ctx context.Context) error { return active(ctx, "wiabctl-job-helm") })
	const spent = `cat $(pgrep -x 'wiabctl|sshd|sshd-session|sftp-server' | sed 's|.*|/proc/&/stat|') | awk '{ n += $14 + $15 } END { print n }'`
	spend := func() int {
		n, err := strconv.Atoi(strings.TrimSpace(onHost(b, spent)))
		if err != nil {
			b.Fatal(err)
		}
		return n
	}
	onHost(b, "sleep 1") // what attaching costs is over
	before := spend()
	onHost(b, fmt.Sprintf("sleep %d", 6))
	after := spend()
	<-up
	return float64(after-before) / 100 / 6 // in ticks of a hundredth of a second
}

// BenchmarkFinishedCluster measures a re-run of a cluster stage that is finished.
func BenchmarkFinishedCluster(b *testing.B) {
	installed(b)
	for b.Loop() {
		took := time.Hour
		for range 3 {
			took = min(took, mustWiabctl(b, "up", "--only", "cluster").took)
		}
		b.ReportMetric(took.Seconds(), "s")
		if took > finishedLimit {
			b.Errorf("a finished cluster stage took %s, more than %s", took, finishedLimit)
		}
	}
}
