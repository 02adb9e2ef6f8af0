package e2e

import (
	"regexp"
	"strings"
	"testing"
)

// TestLayerDropped adds a domain to an installation whose charts do not read a value where
// it stands, to one whose charts refuse it, and to one with an overlay that undoes it: each
// is told before anything is deployed.
func TestLayerDropped(t *testing.T) {
	installed(t, red)
	configs := deployDir + "/charts/wire-server/templates/_configs.tpl"
	template := readHost(t, configs)
	t.Cleanup(func() { writeHost(t, configs, template) })
	before, overlays := revisions(t), onHost(t, "cd "+deployDir+" && sha256sum wiab/overlays/*/* wiab/rendered")
	writeHost(t, configFile, configured(red, blue))

	// As galley's chart would be whose map stands elsewhere.
	onHost(t, `sed -i -e '/define "config.galley"/,/- end -/{s/\$settings.multiIngress/$settings.conversations/g}' `+configs)
	if readHost(t, configs) == template {
		t.Fatal("the chart is what it was")
	}
	saysEach(t, planned(t).stdout, "run helm template: values or charts changed since they were last looked at: coturn, sftd, webapp, wire-server, nginx-ingress-services-red, nginx-ingress-services-blue")
	refuses(t, 120, []string{"chart-unfit", "the chart wire-server refuses its values: ", "Either settings.conversationCodeURI or settings.multiIngress have to be set"}, "up")

	onHost(t, `sed -i 's/{{- fail "Either settings.conversationCodeURI or settings.multiIngress have to be set" }}/open: true/' `+configs)
	refuses(t, 119, []string{"layer-dropped", "the chart wire-server does not do what its values say:",
		`galley.config.settings.multiIngress["nginz-https.blue.example.net"]: ConfigMap galley, galley.yaml: settings.multiIngress["nginz-https.blue.example.net"] is absent, not "https://account.blue.example.net/conversation-join/"`}, "up")
	writeHost(t, configs, template)

	// The charts are good, and an overlay of the user's gives assets one address beside those of the domains.
	overlay(t, "wire-server", "cargohold:\n  config:\n    aws:\n      s3DownloadEndpoint: https://assets.green.example.org # wiabctl: override\nbrig: {secrets: {smtpPassword: hunter2hunter2}}\n")
	undone := wiabctl(t, "up")
	saysEach(t, undone.stderr, "overlay-invalid", "/etc/wiabctl/overlays/wire-server.yaml cannot be used:", "cargohold.config.aws.s3DownloadEndpoint: ConfigMap cargohold, cargohold.yaml: ")
	if undone.code != 111 || strings.Contains(undone.stdout+undone.stderr, "hunter2") {
		t.Errorf("exit code %d, and no secret is to be told: %s%s", undone.code, undone.stdout, undone.stderr)
	}
	onHost(t, "rm -r /etc/wiabctl/overlays")

	same(t, "a value that is dropped was deployed", before, revisions(t))
	same(t, "a value that is dropped is there for the next helm", overlays, onHost(t, "cd "+deployDir+" && sha256sum wiab/overlays/*/* wiab/rendered"))
	answers(t, green, red)
	silent(t, blue)

	if a := mustWiabctl(t, "up"); !strings.Contains(a.stdout, "layers") {
		t.Errorf("up said nothing of the stage layers: %s", a.stdout)
	}
	answers(t, green, red, blue)
	unchanged(t)
}

// TestCallingElsewhere hands calls over to others, then to nobody, then takes them back.
func TestCallingElsewhere(t *testing.T) {
	long(t)
	installed(t, red)
	const secret = "a-secret-of-the-clouds"
	onHost(t, "install -m 600 /dev/stdin /etc/wiabctl/turn.secret <<<"+secret)
	t.Cleanup(func() { onHost(t, "rm -f /etc/wiabctl/turn.secret") })
	config := freshConfig + "domains:\n  - {domain: " + red + "}\n"
	brig := func() string {
		return kube(t, `kubebox kubectl get configmap brig turn --output json | jq -r '.items[].data[]'; kubebox kubectl get secret brig --output json | jq -r '.data[] | @base64d'`)
	}
	ways := func() string {
		return onHost(t, "nft -s list table ip wiabctl | grep -E 'dport (3478|32768)' || true") + kube(t, "helm list --all --short | grep -E '^(sftd|coturn)$' || true")
	}
	before := ways()

	writeHost(t, configFile, config+"calling:\n  mode: wire-cloud\n  turn: ['turn:turn.example.org:3478', 'turn:turn.example.org:3478?transport=tcp']\n  sft: https://sft.example.org\n  secret: /etc/wiabctl/turn.secret\n")
	plan := planned(t).stdout
	saysEach(t, plan, "delete release sftd: calling.mode is wire-cloud", "delete release coturn: calling.mode is wire-cloud", "run helm template")
	up := mustWiabctl(t, "up")
	for _, said := range []string{plan, up.stdout, up.stderr, onHost(t, "cat /var/lib/wiabctl/log/* "+deployDir+"/wiab/jobs/*/output")} {
		if strings.Contains(said, secret) {
			t.Error("the secret is shown")
		}
	}
	saysEach(t, brig(), "setSftStaticUrl: https://sft.example.org\n", "turn:turn.example.org:3478\nturn:turn.example.org:3478?transport=tcp", "secret: "+secret)
	if got := ways(); got != "" {
		t.Errorf("what serves calls is still there:\n%s", got)
	}
	if policy := kube(t, `kubebox kubectl get deployment webapp --output json | jq -r '.spec.template.spec.containers[0].env[] | select(.name == "CSP_EXTRA_CONNECT_SRC").value'`); !strings.Contains(policy, "https://sft.example.org") || strings.Contains(policy, "sftd."+green) {
		t.Errorf("the webapp may connect to %s", policy)
	}
	answers(t, green, red)
	unchanged(t)

	writeHost(t, configFile, config+"calling: none\n")
	mustWiabctl(t, "up")
	if got := brig(); strings.Contains(got, "setSftStaticUrl") || regexp.MustCompile(`turn:\S`).MatchString(got) || strings.Contains(got, secret) {
		t.Errorf("brig tells of calls that there are none of:\n%s", got)
	}
	answers(t, green, red)
	unchanged(t)

	writeHost(t, configFile, config)
	mustWiabctl(t, "up")
	same(t, "calls are served again", before, ways())
	saysEach(t, brig(), "setSftStaticUrl: https://sftd."+green, "turn:203.0.113.10:3478")
	unchanged(t)
}
