package cluster

import (
	"context"
	"fmt"
	"regexp"
	"strconv"
	"strings"
)

// replication is what a PostgreSQL server says of itself.
type replication struct {
	standby   bool
	streaming int // standbys that get their changes from it
}

// askReplication makes a server say it, as "f|2".
const askReplication = "select pg_is_in_recovery(), (select count(*) from pg_stat_replication where state = 'streaming')"

var replicationLine = regexp.MustCompile(`^([tf])\|(\d{1,6})$`)

// PostgreSQLProbe asks each server whether it is the primary or a standby.
func (all Stations) PostgreSQLProbe() Probe {
	return Probe{"postgresql", func(ctx context.Context) (Verdict, error) {
		servers := make([]replication, len(all))
		errs := all.each(func(i int, s *Station) error {
			said, err := s.run(ctx, "sudo", "-u", "postgres", "psql", "--no-psqlrc", "--tuples-only", "--no-align", "--dbname=postgres", "--command="+askReplication)
			if err == nil {
				servers[i], err = parseReplication(string(said))
			}
			return err
		})
		return all.replicationVerdict(servers, errs), absent(errs)
	}}
}

func parseReplication(said string) (replication, error) {
	found := replicationLine.FindStringSubmatch(strings.TrimSpace(said))
	if found == nil {
		return replication{}, fmt.Errorf("psql answers %.100q", said)
	}
	streaming, err := strconv.Atoi(found[2])
	return replication{standby: found[1] == "t", streaming: streaming}, err
}

// replicationVerdict wants one primary, and all others streaming from it.
func (all Stations) replicationVerdict(servers []replication, errs []error) Verdict {
	var primaries, standbys, not []string
	streaming := 0
	for i, s := range all {
		switch {
		case errs[i] != nil:
			not = append(not, fmt.Sprintf("%s: %v", s.Name, errs[i]))
		case servers[i].standby:
			standbys = append(standbys, s.Name)
		default:
			primaries = append(primaries, s.Name)
			streaming = servers[i].streaming
		}
	}
	text := fmt.Sprintf("primary %s, %d of %d standbys are streaming", strings.Join(primaries, ", "), streaming, len(all)-1)
	switch {
	case len(primaries) == 0:
		text = "no primary, standbys: " + strings.Join(standbys, ", ")
	case len(primaries) > 1:
		text = "more than one primary: " + strings.Join(primaries, ", ")
	}
	if len(not) > 0 {
		text += "; " + strings.Join(not, "; ")
	}
	return Verdict{Well: len(primaries) == 1 && len(standbys) == len(all)-1 && streaming >= len(all)-1, Text: text}
}
