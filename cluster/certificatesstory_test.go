package cluster

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

const redCSR = "red-example-com-csr"

// readIssuance reads what the API holds in a case.
func readIssuance(t *testing.T, name string) issuance {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("testdata", "issuance", name+".json"))
	if err != nil {
		t.Fatal(err)
	}
	is := issuance{known: true}
	is.Controller.Status.Available = 1
	decoder := json.NewDecoder(bytes.NewReader(text))
	if err := decoder.Decode(&is); err != nil {
		t.Fatal(err)
	}
	return is
}

// TestMain makes times in texts the same everywhere, before anybody reads the time zone.
func TestMain(m *testing.M) {
	time.Local = time.UTC
	m.Run()
}

// TestCertificateStories tells the story of each case in testdata/issuance.
func TestCertificateStories(t *testing.T) {
	files, err := filepath.Glob(filepath.Join("testdata", "issuance", "*.json"))
	if err != nil || len(files) == 0 {
		t.Fatalf("no cases: %v", err)
	}
	var told strings.Builder
	for _, file := range files {
		name := strings.TrimSuffix(filepath.Base(file), ".json")
		is := readIssuance(t, name)
		s := is.story(redCSR)
		fmt.Fprintf(&told, "%s:\n  %s\n", name, s.Text)
		if !s.Refused.IsZero() {
			fmt.Fprintf(&told, "  refused for good: %s\n", s.failure(redCSR))
		}
		if len(s.Unreached) > 0 {
			fmt.Fprintf(&told, "  cert-manager does not reach %s\n", strings.Join(s.Unreached, ", "))
		}
		if is.settled(redCSR, s) {
			fmt.Fprintln(&told, "  settled")
		}
	}
	golden(t, "certificate-stories.golden", []byte(told.String()))
}

func TestCertificateStoryWithoutCertManager(t *testing.T) {
	if s := (issuance{}).story(redCSR); !strings.Contains(s.Text, "there is no cert-manager") {
		t.Error(s.Text)
	}
}

func TestCertificateStoryWhileCertManagerIsDown(t *testing.T) {
	is := readIssuance(t, "order-pending")
	is.Controller.Status.Available = 0
	if s := is.story(redCSR); !strings.Contains(s.Text, "cert-manager does not run") {
		t.Error(s.Text)
	}
	if s := readIssuance(t, "ready").story(redCSR); s.Text != "" {
		t.Error(s.Text)
	}
}

func TestCertificateTriedAgain(t *testing.T) {
	failed := time.Date(2026, 3, 1, 10, 0, 0, 0, time.UTC)
	for attempts, hours := range map[int]int{0: 1, 1: 1, 2: 2, 3: 4, 6: 32, 60: 32} {
		var c certificate
		c.Status.Failed, c.Status.Attempts = failed, attempts
		if got, want := c.again(), failed.Add(time.Duration(hours)*time.Hour); !got.Equal(want) {
			t.Errorf("after %d attempts: %s, want %s", attempts, got, want)
		}
	}
}

func TestCertificateList(t *testing.T) {
	is := readIssuance(t, "ready")
	other := is.Certificates[0]
	other.Metadata.Name = "green-example-org-csr"
	other.Status.Conditions = nil
	undated := is.Certificates[0]
	undated.Metadata.Name = "sftd-csr"
	undated.Status.Renewal = time.Time{}
	is.Certificates = append(is.Certificates, other, undated)
	before, after := time.Date(2026, 4, 1, 0, 0, 0, 0, time.UTC), time.Date(2026, 5, 16, 0, 0, 0, 0, time.UTC)
	for _, tc := range []struct {
		now      time.Time
		problems []string
	}{
		{before, []string{"cert-manager has not looked at it yet", "", ""}},
		{after, []string{"cert-manager has not looked at it yet", "its renewal is due since 2026-05-15 10:00:00, and cert-manager has not begun", ""}},
	} {
		all := is.list(tc.now)
		if len(all) != 3 || all[0].Name != "green-example-org-csr" || all[1].Name != redCSR {
			t.Fatalf("%+v", all)
		}
		for n, want := range tc.problems {
			if all[n].Problem != want {
				t.Errorf("at %s: %s: %q, want %q", tc.now, all[n].Name, all[n].Problem, want)
			}
		}
		if c := all[1]; !c.Ready || !c.NotAfter.Equal(time.Date(2026, 5, 30, 10, 0, 0, 0, time.UTC)) || len(c.Domains) != 3 {
			t.Errorf("%+v", c)
		}
	}
}
