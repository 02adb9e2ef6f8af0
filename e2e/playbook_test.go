package e2e

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
)

// receipts are the playbooks' receipts by their names: content and time.
func receipts(t testing.TB) map[string]string {
	t.Helper()
	all := map[string]string{}
	for line := range strings.FieldsSeq(onHost(t, `cd /home/wire/wire-server-deploy/wiab/playbooks
for receipt in [0-9]*; do echo "$receipt/$(stat -c %Y.%i "$receipt")/$(sha256sum <"$receipt" | cut -d' ' -f1)"; done`)) {
		name, proof, _ := strings.Cut(line, "/")
		all[name] = proof
	}
	return all
}

// renewed are the places of the receipts that are others than before.
func renewed(before, after map[string]string) (places []string) {
	for _, name := range slices.Sorted(maps.Keys(after)) {
		if before[name] != after[name] {
			places = append(places, name[:2])
		}
	}
	return places
}

// places are the numbers of receipts, as in their names.
func places(first, last int) (all []string) {
	for n := first; n <= last; n++ {
		all = append(all, fmt.Sprintf("%02d", n))
	}
	return all
}

// TestPlaybookResume breaks a machine so that playbook 7 of 12 fails: the run says what failed
// and where, the next one starts there. Other variables play all of them again, a choice
// only what was chosen.
func TestPlaybookResume(t *testing.T) {
	long(t)
	standing(t)
	onDatanode2 := func(line string) { onHost(t, "wiabctl vm ssh datanode2 -- sudo sh -c '"+line+"'") }
	was := receipts(t)
	expect := func(what string, want []string) {
		t.Helper()
		is := receipts(t)
		if got := renewed(was, is); !slices.Equal(got, want) || len(is) != 12 {
			t.Errorf("%s: new are the receipts %v of %d, want %v", what, got, len(is), want)
		}
		was = is
		if plan := planned(t); plan.stdout != "0 changes to make\n" {
			t.Errorf("%s: plan then says\n%s", what, plan.stdout)
		}
	}

	onDatanode2("mv /var/lib/elasticsearch /var/lib/elasticsearch.away; touch /var/lib/elasticsearch")
	broken := wiabctl(t, "up", "--again", "cluster")
	onDatanode2("rm /var/lib/elasticsearch; mv /var/lib/elasticsearch.away /var/lib/elasticsearch")
	if broken.code != 64 {
		t.Fatalf("up with a broken data node: exit %d", broken.code)
	}
	saysEach(t, broken.stdout, "playbook 6 of 12 cassandra.yml begins: it has no receipt", "playbook 7 of 12 elasticsearch.yml begins: ")
	saysEach(t, broken.stderr, "playbook 7 of 12 elasticsearch.yml failed:", `play "Install Elasticsearch", task "Configure Elasticsearch", on datanode2: `, "/var/lib/elasticsearch", "[job-failed]")
	was = receipts(t)
	if len(was) != 7 {
		t.Errorf("after playbook 7 failed there are the receipts %v", slices.Sorted(maps.Keys(was)))
	}
	resumed := mustWiabctl(t, "up")
	saysEach(t, resumed.stdout, "playbook 6 of 12 cassandra.yml skipped: ", "playbook 7 of 12 elasticsearch.yml begins: it failed the last time", "playbook 12 of 12 helm_external.yml begins: ")
	expect("the run after the failure", places(7, 12))

	writeHost(t, configFile, readHost(t, configFile)+"cluster:\n  inventory:\n    kube-node:\n      vars: {calico_mtu: 1400, our_secret: hunter2}\n")
	plan := planned(t)
	saysEach(t, plan.stdout, "update file ansible/inventory/offline/inventory.yml: kube-node.vars becomes what cluster.inventory says")
	if strings.Contains(plan.stdout, "hunter2") {
		t.Error("the plan shows the value of a variable")
	}
	changed := mustWiabctl(t, "up")
	saysEach(t, changed.stdout, "playbook 1 of 12 setup-offline-sources.yml begins: its inventory changed", "playbook 12 of 12 helm_external.yml begins: its inventory changed")
	if strings.Contains(changed.stdout, "hunter2") {
		t.Error("up shows the value of a variable")
	}
	expect("another inventory", places(1, 12))

	mustWiabctl(t, "up", "--again", "cluster/minio", "--from", "cluster/rabbitmq.yml")
	expect("a choice", []string{"08", "11", "12"})
	mustWiabctl(t, "up", "--only", "cluster/sync_time")
	expect("one alone", []string{"04"})
	refused(t, 107, []string{"playbook-unknown", `plays no playbook "redis"; it plays setup-offline-sources.yml, kubernetes.yml, `}, "up", "--from", "cluster/redis")
	expect("a playbook that there is not", nil)
	answers(t, green)
}
