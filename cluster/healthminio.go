package cluster

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"sync"
)

// minioPort is that of its S3 interface, which answers for its health too.
const minioPort = "9000"

// MinIOProbe asks each server of MinIO whether it lives, and one of them whether they can
// write together.
func (all Stations) MinIOProbe() Probe {
	return Probe{"minio", func(ctx context.Context) (Verdict, error) {
		var quorum Verdict
		var unasked error
		var asking sync.WaitGroup
		asking.Go(func() { quorum, unasked = all.first(func(s *Station) (Verdict, error) { return s.quorum(ctx) }) })
		errs := all.each(func(_ int, s *Station) error { return s.alive(ctx) })
		asking.Wait()
		if err := absent(errs); err != nil {
			return Verdict{}, err
		}
		return storeVerdict(errs, quorum.Well), unasked
	}}
}

// quorum tells whether enough servers live to write.
func (s *Station) quorum(ctx context.Context) (Verdict, error) {
	status, _, err := s.get(ctx, minioPort, "/minio/health/cluster")
	return Verdict{Well: status == http.StatusOK}, err
}

func (s *Station) alive(ctx context.Context) error {
	status, _, err := s.get(ctx, minioPort, "/minio/health/live")
	if err == nil && status != http.StatusOK {
		err = fmt.Errorf("%s answers with status %d", s.Name, status)
	}
	return err
}

// storeVerdict tells of the servers, each with its error or none, and of their quorum.
func storeVerdict(servers []error, quorum bool) Verdict {
	var not []string
	for _, err := range servers {
		if err != nil {
			not = append(not, err.Error())
		}
	}
	text := fmt.Sprintf("%d of %d servers are online", len(servers)-len(not), len(servers))
	if !quorum {
		text += ", too few to write"
	}
	if len(not) > 0 {
		text += "; " + strings.Join(not, "; ")
	}
	return Verdict{Well: len(not) == 0 && quorum, Text: text}
}
