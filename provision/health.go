package provision

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"strings"
	"sync"

	"wiabctl/cluster"
	"wiabctl/provision/change"
	"wiabctl/vm"
)

// Health is how a part of the installation is.
type Health = cluster.Health

// Health asks Kubernetes and the data services how they are; none while there is no
// cluster. The error names those that are not well.
func (i *Installation) Health(ctx context.Context) ([]Health, error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	stations := i.stations()
	defer func() {
		for _, s := range stations {
			_ = s.Close()
		}
	}()
	var missing error
	var asked sync.WaitGroup
	asked.Go(func() {
		// Beside all else, for it costs a login.
		if missing = i.api.Find(ctx); errors.Is(missing, change.ErrNotInstalled) {
			cancel()
		}
	})
	all := cluster.Examine(ctx, i.healthProbes(stations))
	asked.Wait()
	if errors.Is(missing, change.ErrNotInstalled) {
		return nil, nil
	}
	var not []string
	for _, h := range all {
		if h.State == cluster.Unhealthy || h.State == cluster.Silent {
			not = append(not, h.Part)
		}
	}
	if len(not) > 0 {
		return all, cluster.NotWell.Failf("not well: %s", strings.Join(not, ", "))
	}
	return all, nil
}

// stations are the VMs that are asked, by name: the asset host and the datanodes.
func (i *Installation) stations() map[string]*cluster.Station {
	all := map[string]*cluster.Station{}
	for _, m := range i.vms() {
		if m.Role == vm.Kubenode {
			continue
		}
		all[m.Name] = &cluster.Station{Name: m.Name, Address: m.Address.String(), Target: func() (cluster.Target, error) {
			target, err := i.target(m)
			if errors.Is(err, fs.ErrNotExist) {
				err = fmt.Errorf("%w: %w", change.ErrNotInstalled, err)
			}
			return target, err
		}}
	}
	return all
}

// healthProbes are all that is asked, in the order in which it is told.
func (i *Installation) healthProbes(stations map[string]*cluster.Station) []cluster.Probe {
	var datanodes cluster.Stations
	var probes []cluster.Probe
	kubenodes := 0
	for _, m := range i.vms() {
		switch m.Role {
		case vm.Kubenode:
			kubenodes++
		case vm.Datanode:
			datanodes = append(datanodes, stations[m.Name])
		case vm.Assethost:
			probes = append(probes, stations[m.Name].AssetsProbe())
		}
	}
	return append(probes, i.api.NodesProbe(kubenodes), i.api.PodsProbe(), i.api.ReleasesProbe(), i.api.CertificatesProbe(i.certificateNames(), i.ownCertificates()),
		datanodes.CassandraProbe(), datanodes.ElasticsearchProbe(), datanodes.MinIOProbe(), datanodes.PostgreSQLProbe(), datanodes.RabbitMQProbe())
}
