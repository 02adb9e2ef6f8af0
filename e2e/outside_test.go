package e2e

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"
)

// deeplink is what an app learns of a backend.
type deeplink struct {
	Endpoints map[string]string `json:"endpoints"`
	Title     string            `json:"title"`
}

// fetch asks for a page from the lab's internet.
func fetch(ctx context.Context, client *http.Client, url string) (status int, body string, err error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return 0, "", err
	}
	resp, err := client.Do(req)
	if err != nil {
		return 0, "", err
	}
	defer resp.Body.Close()
	content, err := io.ReadAll(io.LimitReader(resp.Body, 1<<20))
	return resp.StatusCode, string(content), err
}

// deeplinkProblem tells what is wrong with a domain's deeplink; nil if it is the
// domain's own.
func deeplinkProblem(ctx context.Context, client *http.Client, domain string) error {
	status, body, err := fetch(ctx, client, "https://nginz-https."+domain+"/deeplink.json")
	if err != nil {
		return err
	}
	var link deeplink
	if status != http.StatusOK {
		return fmt.Errorf("%s: status %d: %s", domain, status, body)
	}
	if err := json.Unmarshal([]byte(body), &link); err != nil {
		return fmt.Errorf("%s: %w: %s", domain, err, body)
	}
	want := map[string]string{
		"backendURL": "https://nginz-https." + domain, "backendWSURL": "https://nginz-ssl." + domain,
		"teamsURL": "https://teams." + domain, "accountsURL": "https://account." + domain,
	}
	for key, url := range want {
		if link.Endpoints[key] != url {
			return fmt.Errorf("%s: %s is %q, not %q", domain, key, link.Endpoints[key], url)
		}
	}
	return nil
}

func internetClient(t testing.TB) *http.Client {
	t.Helper()
	client, err := theLab.Client()
	if err != nil {
		t.Fatal(err)
	}
	return client
}

// answers demands that each domain's deeplink and webapp answer from outside.
func answers(t testing.TB, domains ...string) {
	t.Helper()
	client := internetClient(t)
	for _, d := range domains {
		if err := deeplinkProblem(t.Context(), client, d); err != nil {
			t.Error(err)
		}
		status, body, err := fetch(t.Context(), client, "https://webapp."+d+"/config.js")
		if err != nil || status != http.StatusOK || !strings.Contains(body, "nginz-https."+d) {
			t.Errorf("webapp of %s: status %d, %v: %s", d, status, err, body)
		}
	}
}

// silent demands that the domain does not answer as one of ours.
func silent(t testing.TB, domain string) {
	t.Helper()
	if err := deeplinkProblem(t.Context(), internetClient(t), domain); err == nil {
		t.Errorf("%s answers", domain)
	}
}

// watch asks for the domains' deeplinks over and over, one after the other, until
// stop is called, which returns how many questions there were and what went wrong.
func watch(t testing.TB, domains ...string) (stop func() (asked int, wrong []string)) {
	t.Helper()
	client := internetClient(t)
	ctx, cancel := context.WithCancel(t.Context())
	var asked int
	var wrong []string
	var watcher sync.WaitGroup
	watcher.Go(func() {
		for ctx.Err() == nil {
			for _, d := range domains {
				err := deeplinkProblem(ctx, client, d)
				if ctx.Err() != nil {
					return
				}
				asked++
				if err != nil {
					wrong = append(wrong, time.Now().Format("15:04:05.000 ")+err.Error())
				}
			}
		}
	})
	return func() (int, []string) {
		cancel()
		watcher.Wait()
		return asked, wrong
	}
}

// eventually repeats a check until it passes or the time is over.
func eventually(t testing.TB, most time.Duration, check func(context.Context) error) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), most)
	defer cancel()
	var last error
	for tick := time.NewTicker(250 * time.Millisecond); ; {
		err := check(ctx)
		if err == nil {
			tick.Stop()
			return
		}
		if last == nil || ctx.Err() == nil {
			last = err
		}
		select {
		case <-ctx.Done():
			t.Fatalf("after %s: %v", most, last)
		case <-tick.C:
		}
	}
}
