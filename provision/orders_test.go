package provision

import (
	"errors"
	"slices"
	"strings"
	"testing"
)

func TestOrders(t *testing.T) {
	tests := []struct {
		name   string
		orders Orders
		says   string // empty: they can be obeyed
	}{
		{"none", Orders{}, ""},
		{"stages", Orders{Only: []string{"host", "verify"}, Again: []string{"helm"}}, ""},
		{"a stage that there is not", Orders{Only: []string{"host", "hots"}}, `no stage "hots"; the stages are [preflight host `},
		{"playbooks", Orders{Again: []string{"cluster/minio", "helm"}, From: "cluster/rabbitmq.yml"}, ""},
		{"playbooks alone", Orders{Only: []string{"host", "cluster/minio", "cluster/cassandra"}, Again: []string{"helm"}}, ""},
		{"a playbook of another stage", Orders{Again: []string{"helm/wire-server"}}, `"helm/wire-server" is no playbook`},
		{"a playbook without a name", Orders{Only: []string{"cluster/"}}, `"cluster/" is no playbook`},
		{"from a stage", Orders{From: "cluster", Again: []string{"helm"}}, ""},
		{"from a stage that there is not", Orders{From: "clutser"}, `no stage "clutser"`},
		{"a playbook of a stage that is skipped", Orders{From: "cluster/minio", Skip: []string{"cluster"}}, "cluster/minio is to run again, and the stage cluster is left out"},
		{"again and before the start", Orders{From: "domains", Again: []string{"helm"}}, "helm is to run again, and the stage helm is left out"},
		{"skip", Orders{From: "helm", Skip: []string{"verify", "certificates"}}, ""},
		{"skip what there is not", Orders{Skip: []string{"verfy"}}, `no stage "verfy"`},
		{"skip preflight", Orders{Skip: []string{"preflight"}}, "preflight cannot be left out"},
		{"skip and only", Orders{Skip: []string{"verify"}, Only: []string{"helm"}}, "give one of them"},
		{"from a stage and only", Orders{From: "helm", Only: []string{"helm"}}, "give one of them"},
		{"alone and from", Orders{Only: []string{"cluster/minio"}, From: "cluster/cassandra"}, "give one of them"},
		{"alone and again", Orders{Only: []string{"cluster/minio"}, Again: []string{"cluster/cassandra"}}, "give one of them"},
		{"alone and the whole script again", Orders{Only: []string{"cluster/minio"}, Again: []string{"cluster"}}, "give one of them"},
		{"alone and not alone", Orders{Only: []string{"cluster/minio", "cluster"}}, "give one of them"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			err := test.orders.Check()
			if test.says == "" && err != nil || test.says != "" && (!errors.Is(err, BadUsage.Failf("")) || !strings.Contains(err.Error(), test.says)) {
				t.Errorf("got %v, want usage with %q", err, test.says)
			}
		})
	}
}

func TestStagesOfOrders(t *testing.T) {
	all := StageNames()
	for _, test := range []struct {
		name    string
		orders  Orders
		want    []string
		partial bool
	}{
		{"all", Orders{Again: []string{"helm"}}, all, false},
		{"from the first", Orders{From: "preflight"}, all, false},
		{"from a playbook", Orders{From: "cluster/minio"}, all, false},
		{"from a stage", Orders{From: "hairpin"}, []string{"preflight", "hairpin", "verify"}, true},
		{"from a stage, but", Orders{From: "certificates", Skip: []string{"hairpin"}}, []string{"preflight", "certificates", "verify"}, true},
		{"only", Orders{Only: []string{"helm", "host"}}, []string{"preflight", "host", "helm"}, true},
		{"only playbooks", Orders{Only: []string{"cluster/minio"}}, []string{"preflight"}, true},
	} {
		if got := test.orders.stages(); !slices.Equal(got, test.want) || test.orders.Partial() != test.partial {
			t.Errorf("%s: %v, partial %v; want %v, %v", test.name, got, test.orders.Partial(), test.want, test.partial)
		}
	}
}
