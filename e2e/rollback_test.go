package e2e

import (
	"regexp"
	"strings"
	"testing"

	"wiabctl/e2e/lab"
)

// deployDir is the link to the active version of the artifact.
const deployDir = "/home/wire/wire-server-deploy"

// TestUpgradeArtifact moves an installation with two extra domains to another release
// of the artifact and back, while a client asks for all domains.
func TestUpgradeArtifact(t *testing.T) {
	long(t)
	next, err := theLab.PublishRelease(t.Context(), "5.33.0")
	if err != nil {
		t.Fatal(err)
	}
	installed(t, red, blue)
	former := readHost(t, configFile)
	was := strings.TrimSpace(onHost(t, "readlink "+deployDir))

	// An image of an older artifact, which whoever goes by its name would take first. There is no program in it.
	onHost(t, `tar -c --files-from /dev/null | docker import - quay.io/wire/wire-server-deploy:old`)
	defer onHost(t, "docker rmi quay.io/wire/wire-server-deploy:old")
	if first := onHost(t, `docker images --format '{{.Repository}}:{{.Tag}}' quay.io/wire/wire-server-deploy | sed -n 1p`); first != "quay.io/wire/wire-server-deploy:old\n" {
		t.Fatalf("docker lists %s first: then this test proves nothing", first)
	}
	onHost(t, `sed -i 's/^\( *\)ansible_user: .*/&\n\1of_mine: kept # by hand/' `+deployDir+`/ansible/inventory/offline/inventory.yml`)
	tree := func() string {
		return onHost(t, `cd /home/wire/`+was+` && find . -printf '%p %y %m %u %s %T@ %l\n' | sort && find . -type f -size -1024k -exec sha256sum {} + | sort`)
	}
	before, secrets := tree(), secretsSum(t)
	if !strings.Contains(revisions(t), "wire-server-5.32.0") {
		t.Fatalf("the releases before: %s", revisions(t))
	}

	writeHost(t, configFile, withArtifact(t, former, next))
	saysEach(t, planned(t).stdout, "update link "+deployDir+": it leads to "+was, "run offline-cluster.sh", "run helm-operations.sh")
	undisturbed(t, func() { mustWiabctl(t, "up") })
	upgraded(t, "5.33.0", "wire-server-deploy-"+next.Hash)
	same(t, "the secrets", secrets, secretsSum(t))
	same(t, "the former version's tree was changed", before, tree())
	if a := mustWiabctl(t, "up"); !strings.Contains(a.stdout, "\n0 changes\n") {
		t.Error("a second up still changes something")
	}
	saysEach(t, mustWiabctl(t, "status").stdout, "version "+next.Hash+": active since", "version "+strings.TrimPrefix(was, "wire-server-deploy-")+": last activated")

	if a := wiabctl(t, "rollback", "--yes=false"); a.code != 16 || !strings.Contains(a.stdout, "configured is "+was) || readHost(t, configFile) == former {
		t.Errorf("rollback without an answer: exit code %d; it must show what it would do, and change nothing", a.code)
	}
	if a := wiabctl(t, "rollback", "--to", strings.Repeat("0", 40)); a.code != 25 {
		t.Errorf("rollback to an unknown version: exit code %d", a.code)
	}
	undisturbed(t, func() { mustWiabctl(t, "rollback", "--yes", "--output", "json") })
	same(t, "the configuration file after the rollback", former, readHost(t, configFile))
	upgraded(t, "5.32.0", was)
	same(t, "the secrets after the rollback", secrets, secretsSum(t))
	unchanged(t)
}

// undisturbed does something while a client asks for all domains: no answer is wrong.
func undisturbed(t *testing.T, do func()) {
	t.Helper()
	stop := watch(t, green, red, blue)
	do()
	asked, wrong := stop()
	if len(wrong) > 0 || asked < 30 {
		t.Errorf("%d of %d answers were wrong:\n%s", len(wrong), asked, strings.Join(wrong, "\n"))
	}
}

// upgraded demands that the version is active, that its charts serve all domains, and
// that what people added is still there.
func upgraded(t *testing.T, release, dir string) {
	t.Helper()
	if active := strings.TrimSpace(onHost(t, "readlink "+deployDir)); active != dir {
		t.Errorf("%s is active, want %s", active, dir)
	}
	saysEach(t, revisions(t), "deployed wire-server-"+release, "deployed reaper-"+release)
	for line := range strings.Lines(revisions(t)) {
		if strings.HasPrefix(line, "nginx-ingress-services") && !strings.HasSuffix(line, " deployed nginx-ingress-services-"+release+"\n") {
			t.Errorf("a domain's release is of another version: %s", line)
		}
	}
	if !strings.Contains(readHost(t, "/home/wire/"+dir+"/ansible/inventory/offline/inventory.yml"), "of_mine: kept # by hand") {
		t.Error("what was added to the inventory by hand is gone")
	}
	answers(t, green, red, blue)
}

// secretsSum is a digest of what wire-server runs with and of what the stages keep.
func secretsSum(t *testing.T) string {
	t.Helper()
	return kube(t, `helm get values wire-server --output json | jq -S '[.brig.secrets, .cargohold.secrets, .galley.secrets, .nginz.secrets]' | sha256sum
cd `+deployDir+` && sha256sum ansible/inventory/offline/group_vars/all/secrets.yaml ssh/* && find /var/lib/wiabctl/secrets /var/lib/wiabctl/keys -type f -exec sha256sum {} + | sort`)
}

// withArtifact is the configuration with another artifact.
func withArtifact(t *testing.T, config string, a lab.Published) string {
	t.Helper()
	for key, value := range map[string]string{"hash": a.Hash, "url": a.URL, "sha256": a.SHA256} {
		line := regexp.MustCompile(`(?m)^(artifact:\n(?:  .*\n)*?  ` + key + `: ).*$`)
		if !line.MatchString(config) {
			t.Fatalf("the lab's configuration has no artifact.%s", key)
		}
		config = line.ReplaceAllString(config, "${1}"+value)
	}
	return config
}
