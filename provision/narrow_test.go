package provision

import (
	"slices"
	"testing"

	"wiabctl/cluster"
)

func TestNarrow(t *testing.T) {
	tests := []struct {
		name              string
		stages, playbooks []string
		want              []string
	}{
		{"all", StageNames(), nil, StageNames()},
		{"stages", []string{"preflight", "host", "helm"}, nil, []string{"preflight", "host", "helm"}},
		{"a playbook", []string{"preflight"}, []string{"minio.yml"}, []string{"preflight", "cluster"}},
		{"a playbook and a stage", []string{"preflight", "helm"}, []string{"minio.yml"}, []string{"preflight", "cluster", "helm"}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			var config Config
			config.complete()
			i := Open(config, nil)
			i.narrow(test.stages, &cluster.Alone{Playbooks: test.playbooks})
			var got []string
			for _, step := range i.pipeline.Steps {
				got = append(got, step.Name())
				if _, alone := step.Stage.(*cluster.Alone); alone != (step.Name() == played && test.playbooks != nil) {
					t.Errorf("stage %s plays playbooks alone: %v", step.Name(), alone)
				}
			}
			if !slices.Equal(got, test.want) {
				t.Errorf("the stages are %v, want %v", got, test.want)
			}
		})
	}
}
