package cluster

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"wiabctl/provision/change"
)

// TestHelmScriptIsARollout has the script wait for the jobs that deploy one release, and helm as long as is configured.
func TestHelmScriptIsARollout(t *testing.T) {
	secrets := deployedSecretsStage(t, "p")
	admin := secrets.API.Admin
	writeProgram(t, admin.Dir+"/bin/systemctl", `echo "$@" >>"$(dirname "$0")/../asked"; if [ "$1" = show ]; then echo inactive; fi`)
	writeProgram(t, admin.Dir+"/bin/systemd-run", `echo "$@" >"$(dirname "$0")/../called"; echo refused >&2; exit 3`)
	h := Helm{Rollout: Rollout{Admin: admin, API: secrets.API, Ready: 90 * time.Second}, Secrets: secrets,
		Environment: func() ([]string, error) { return []string{"TARGET_SYSTEM=green.example.org"}, nil }}
	job, err := h.job()
	if err != nil {
		t.Fatal(err)
	}
	if err := h.runScript(t.Context(), job, nil); err == nil || !strings.Contains(err.Error(), "refused") {
		t.Fatalf("it was started: %v", err)
	}
	called, err := admin.Read(t.Context(), "called")
	if err != nil || !strings.Contains(string(called), "--setenv=WIABCTL_HELM_TIMEOUT=1m30s ") || !strings.HasSuffix(string(called), "wiab/tools env TARGET_SYSTEM=green.example.org ./bin/helm-operations.sh\n") {
		t.Errorf("systemd was called %s (%v)", called, err)
	}
	asked, err := admin.Read(t.Context(), "asked")
	if err != nil || !strings.Contains(string(asked), "list-units --plain --no-legend --full wiabctl-job-release-*.service\n") {
		t.Errorf("systemd was asked %s (%v)", asked, err)
	}
}

// TestHelmScriptEndedMeanwhile is a script that was at work when it was planned, and that has come to its end: it is
// run again only where its release is gone all the same.
func TestHelmScriptEndedMeanwhile(t *testing.T) {
	secrets := deployedSecretsStage(t, "p")
	admin := secrets.API.Admin
	writeProgram(t, admin.Dir+"/bin/systemctl", `if [ "$1" = show ]; then echo inactive; fi`)
	writeProgram(t, admin.Dir+"/bin/systemd-run", `echo refused >&2; exit 3`)
	h := Helm{Rollout: Rollout{Admin: admin, API: secrets.API}, Secrets: secrets,
		Environment: func() ([]string, error) { return nil, nil }}
	job, err := h.job()
	if err != nil {
		t.Fatal(err)
	}
	succeed(t, admin, job)
	run := func(ctx context.Context, say change.Progress) error { return h.runScript(ctx, job, say) }
	if err := run(t.Context(), nil); err != nil {
		t.Errorf("it was started: %v", err)
	}
	changes, err := h.planMissing(t.Context(), run)
	if err != nil || len(changes) != 1 {
		t.Fatalf("without a release wire-server: %v, %v", changes, err)
	}
	if err := changes[0].Apply(t.Context(), nil); err == nil || !strings.Contains(err.Error(), "refused") {
		t.Errorf("without its release it was not started: %v", err)
	}
}

// What the values are computed from is read on the admin host, so a plan does it once.
func TestHelmPlanComputesOnce(t *testing.T) {
	secrets, computed, checked := deployedSecretsStage(t, "p"), 0, ""
	h := Helm{Rollout: Rollout{Admin: secrets.API.Admin, API: secrets.API}, Secrets: secrets,
		Environment: func() ([]string, error) { return nil, nil },
		Diff:        func(_, _ map[string]any) ([]string, error) { return nil, nil },
		Overlays: func(context.Context) (map[string]map[string]any, error) {
			computed++
			return map[string]map[string]any{"webapp": {"a": computed}}, nil
		},
		UserOverlays: func(against map[string]map[string]any) (map[string]map[string]any, error) {
			checked = fmt.Sprint(against)
			return nil, nil
		}}
	changes, err := h.Plan(t.Context())
	if err != nil || len(changes) != 2 || changes[0].Subject != "file wiab/overlays/webapp/50-wiabctl.yaml" || changes[1].Subject != "helm-operations.sh" {
		t.Errorf("it wants %v (%v)", changes, err)
	}
	if computed != 1 || checked != "map[webapp:map[a:1]]" {
		t.Errorf("computed %d times; the user's are checked against %s", computed, checked)
	}
}
