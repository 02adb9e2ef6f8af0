package provision

import (
	"errors"
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
		{"from a stage", Orders{From: "cluster"}, `--from "cluster" is no playbook; one is named as cluster/minio`},
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
