package cluster

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestUserOverlays(t *testing.T) {
	admin := testAdmin(t)
	file := func(release, name string) string { return overlaysDir + "/" + release + "/" + name }
	for name, content := range map[string]string{
		file("smtp", userOverlayName):      "a: 1\n",
		file("smtp", "90-by-hand.yaml"):    "b: 1\n",
		file("webapp", userOverlayName):    "a: same\n",
		file("reaper", userOverlayName):    "a: [\n",
		file("gone", userOverlayName):      "x: 1\n",
		file("by-hand", "90-by-hand.yaml"): "b: 1\n",
	} {
		if err := admin.Write(t.Context(), name, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want := map[string]map[string]any{"smtp": {"a": 2}, "webapp": {"a": "same"}, "reaper": {"a": 3}, "coturn": {"a": 4}}
	stage := Helm{Rollout: Rollout{Admin: admin},
		UserOverlays: func(map[string]map[string]any) (map[string]map[string]any, error) { return want, nil },
		Diff: func(before, after map[string]any) ([]string, error) {
			if fmt.Sprint(before["a"]) == fmt.Sprint(after["a"]) && len(before) == len(after) {
				return nil, nil
			}
			return []string{fmt.Sprintf("%v becomes %v", before, after)}, nil
		}}
	changes, err := stage.planUserOverlays(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, c := range changes {
		if release := strings.Split(c.Subject, "/")[2]; c.Within != releaseSubject(release) {
			t.Errorf("%s is a step towards %q", c.Subject, c.Within)
		}
		got = append(got, c.String()+"\n"+strings.Join(c.Diff, "\n"))
		if err := c.Apply(t.Context(), nil); err != nil {
			t.Fatal(err)
		}
	}
	says := func(verb, release, change string) string {
		return verb + " file " + file(release, userOverlayName) + ": the values in overlays/" + release + ".yaml change\n" + change
	}
	if diff := cmp.Diff([]string{
		says("create", "coturn", "map[] becomes map[a:4]"), says("delete", "gone", "map[x:1] becomes map[]"),
		says("update", "reaper", "map[] becomes map[a:3]"), says("update", "smtp", "map[a:1] becomes map[a:2]"),
	}, got); diff != "" {
		t.Errorf("changes (-want +got):\n%s", diff)
	}
	if changes, err := stage.planUserOverlays(t.Context(), nil); err != nil || len(changes) > 0 {
		t.Errorf("after they were made: %v, %v", changes, err)
	}
	for release := range want {
		if _, mode, err := admin.stat(t.Context(), file(release, userOverlayName)); err != nil || mode != 0o600 {
			t.Errorf("the overlay of %s has the mode %04o, %v", release, mode, err)
		}
	}
	if there, err := admin.existing(t.Context(), file("smtp", "90-by-hand.yaml"), file("gone", userOverlayName), file("by-hand", "90-by-hand.yaml")); err != nil ||
		!slices.Equal(there, []string{file("smtp", "90-by-hand.yaml"), file("by-hand", "90-by-hand.yaml")}) {
		t.Errorf("there is left %v, %v", there, err)
	}
	want = nil
	if changes, err := stage.planUserOverlays(t.Context(), nil); err != nil || len(changes) != 4 {
		t.Errorf("with no overlay any more: %v, %v", changes, err)
	}
}

func TestUserOverlaysOfNothing(t *testing.T) {
	none := func(map[string]map[string]any) (map[string]map[string]any, error) { return nil, nil }
	changes, err := Helm{Rollout: Rollout{Admin: testAdmin(t)}, UserOverlays: none}.planUserOverlays(t.Context(), nil)
	if err != nil || len(changes) > 0 {
		t.Errorf("on a bare host: %v, %v", changes, err)
	}
}

// TestReleaseDeploy has a release deployed from its values as far as they are there, in the
// namespace that it is in, not beside helm-operations.sh.
func TestReleaseDeploy(t *testing.T) {
	const began = "--setenv=WIABCTL_HELM_TIMEOUT=1m30s"
	tests := []struct {
		name string
		want Release
		live Deployed
		ends string
	}{
		{"of the artifact's", Release{Name: "smtp", Chart: "smtp"}, Deployed{},
			"--namespace=default smtp ./charts/smtp --values=values/smtp/values.yaml"},
		{"with secrets, elsewhere", Release{Name: "coturn", Chart: "coturn"}, Deployed{Namespace: "calls"},
			"--namespace=calls coturn ./charts/coturn --values=values/coturn/values.yaml --values=values/coturn/secrets.yaml"},
		{"of our own", Release{Name: "ingress-red", Chart: "ingress", Own: map[string]any{"a": 1}}, Deployed{},
			"--namespace=default ingress-red ./charts/ingress --values=wiab/releases/ingress-red/values.yaml"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			api := testAPI(t, nil)
			admin := api.Admin
			writeProgram(t, admin.Dir+"/bin/systemctl", `echo "$@" >>"$(dirname "$0")/../asked"; if [ "$1" = show ]; then echo inactive; fi`)
			writeProgram(t, admin.Dir+"/bin/systemd-run", `echo "$@" >"$(dirname "$0")/../called"; echo refused >&2; exit 3`)
			for _, name := range []string{"values/smtp/values.yaml", "values/coturn/values.yaml", "values/coturn/secrets.yaml"} {
				if err := admin.Write(t.Context(), name, nil, 0o600); err != nil {
					t.Fatal(err)
				}
			}
			test.live.Status = "failed"
			c := Domains{Rollout: Rollout{Admin: admin, API: api, Ready: 90 * time.Second}}.compare(test.want, test.live, true)
			if c == nil || c.Reason != "its last deployment is failed" {
				t.Fatalf("change %v", c)
			}
			if err := c.Apply(t.Context(), nil); err == nil || !strings.Contains(err.Error(), "refused") {
				t.Fatalf("it was started: %v", err)
			}
			called, err := admin.Read(t.Context(), "called")
			if err != nil || !strings.HasSuffix(string(called), "wiab/tools helm upgrade --install --wait --timeout=15m0s "+test.ends+"\n") || !strings.Contains(string(called), began) {
				t.Errorf("systemd was called\n%s\nwant the end %s, and %s", called, test.ends, began)
			}
			asked, err := admin.Read(t.Context(), "asked")
			if err != nil || !strings.Contains(string(asked), "list-units --plain --no-legend --full wiabctl-job-helm.service\n") {
				t.Errorf("systemd was asked %s", asked)
			}
		})
	}
}

func TestComputedOverlaysAreStepsTowardsReleases(t *testing.T) {
	stage := Helm{Rollout: Rollout{Admin: testAdmin(t)},
		Diff: func(_, after map[string]any) ([]string, error) { return []string{fmt.Sprint(after)}, nil }}
	changes, err := stage.planOverlays(t.Context(), map[string]map[string]any{"webapp": {"a": 1}})
	if err != nil || len(changes) != 1 || changes[0].Within != releaseSubject("webapp") || !slices.Equal(changes[0].Diff, []string{"map[a:1]"}) {
		t.Errorf("%+v, %v", changes, err)
	}
}
