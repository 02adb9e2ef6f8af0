package cluster

import (
	"context"
	"fmt"
	"net/http"
)

// AssetsPort is where the asset host serves packages, binaries and images (contract 5.3).
const AssetsPort = "8080"

// AssetsProbe asks the asset host whether it serves what the VMs install from.
func (s *Station) AssetsProbe() Probe {
	return Probe{"assethost", func(ctx context.Context) (Verdict, error) {
		status, _, err := s.get(ctx, AssetsPort, "/")
		return Verdict{Well: status == http.StatusOK, Text: fmt.Sprintf("port %s answers with status %d", AssetsPort, status)}, err
	}}
}
