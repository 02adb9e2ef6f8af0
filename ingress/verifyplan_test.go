package ingress

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"wiabctl/provision/change"
)

func TestVerifyNobodyThere(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := listener.Addr().String()
	if err := listener.Close(); err != nil {
		t.Fatal(err)
	}
	plan, err := Verify{Address: address}.Plan(t.Context(), []string{"red.example.com", "blue.example.net"})
	if err != nil {
		t.Fatal(err)
	}
	if len(plan) != 2 || plan[0].Verb != change.Wait || plan[1].Subject != "domain blue.example.net" {
		t.Fatalf("got %v", plan)
	}
	if !strings.HasPrefix(plan[0].Reason, "connection: account.red.example.com: dial tcp "+address+": connect: connection refused (and assets, ") || strings.Contains(plan[0].Reason, "\n") {
		t.Errorf("got reason %q", plan[0].Reason)
	}
}

func TestVerifyPlanWaitsUntilRight(t *testing.T) {
	const red = "red.example.com"
	a := newAuthority(t)
	b := newBackend()
	var up atomic.Bool
	v := serve(t, a, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !up.Load() {
			http.NotFound(w, r)
			return
		}
		b.ServeHTTP(w, r)
	}), a.issue("", time.Now().Add(time.Hour), Hosts(red)...))
	var right []Verification
	v.Right = func(seen Verification) { right = append(right, seen) }
	plan, err := v.Plan(t.Context(), []string{red})
	if err != nil || len(plan) != 1 {
		t.Fatalf("got %v, %v", plan, err)
	}
	if causes := strings.Split(plan[0].Reason, "\n"); len(causes) < 10 || causes[0] != "status: https://nginz-https."+red+"/status answers 404 Not Found" {
		t.Errorf("got the causes %q", causes)
	}
	time.AfterFunc(300*time.Millisecond, func() { up.Store(true) })
	soon, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	if err := plan[0].Apply(soon, nil); err != nil {
		t.Fatal(err)
	}
	if len(right) != 1 || right[0].Domain != red || right[0].Err() != nil {
		t.Errorf("right is %+v", right)
	}
	if plan, err := v.Plan(t.Context(), []string{red}); err != nil || len(plan) != 0 || len(right) != 2 {
		t.Errorf("planned again: %v, %v; %d times found right", plan, err, len(right))
	}
}

// A plan asks the same over two connections: the domain's, and that to the conference server.
func TestVerifyPlanShares(t *testing.T) {
	const red = "red.example.com"
	a, b := newAuthority(t), newBackend()
	plan, err := serve(t, a, b, a.issue("", time.Now().Add(time.Hour), Hosts(red)...)).Plan(t.Context(), []string{red})
	if err != nil || len(plan) != 0 || b.requests.Load() != 12 || b.connections.Load() != 2 {
		t.Errorf("%v, %v after %d requests over %d connections", plan, err, b.requests.Load(), b.connections.Load())
	}
	// And sees that the certificate is for each of the names.
	plan, err = serve(t, a, newBackend(), a.issue("", time.Now().Add(time.Hour), Hosts(red)[:5]...)).Plan(t.Context(), []string{red})
	if err != nil || len(plan) != 1 || !strings.Contains(plan[0].Reason, "certificate: account."+red+": ") {
		t.Errorf("a name is missing: %v, %v", plan, err)
	}
}

// The conference server is the same for all domains, and so are the connections to it.
func TestVerifyPlanSharesTheConferenceServer(t *testing.T) {
	a, b := newAuthority(t), newBackend()
	var domains []string
	var extra []Domain
	var pairs []tls.Certificate
	for n := range 6 * together {
		domain := fmt.Sprintf("d%d.example.com", n)
		domains, extra = append(domains, domain), append(extra, Domain{Domain: domain, Apps: apps})
		pairs = append(pairs, a.issue("", time.Now().Add(time.Hour), Hosts(domain)...))
	}
	v := serve(t, a, b, pairs...)
	v.Set.Extra = extra
	plan, err := v.Plan(t.Context(), domains)
	if err != nil || len(plan) != 0 || int(b.requests.Load()) != 12*len(domains) {
		t.Errorf("%v, %v after %d requests", plan, err, b.requests.Load())
	}
	// A busy machine may give some up (net/http, maxWriteWaitBeforeConnReuse).
	if most := len(domains) + 3*together/2; int(b.connections.Load()) > most {
		t.Errorf("%d connections, want %d at most", b.connections.Load(), most)
	}
}

func TestVerifyEndsWithItsContext(t *testing.T) {
	ctx, cancel := context.WithCancelCause(t.Context())
	stop := errors.New("stopped by the test")
	cancel(stop)
	v := Verify{Address: "127.0.0.1:1"}
	if _, err := v.Plan(ctx, []string{"red.example.com"}); !errors.Is(err, stop) {
		t.Errorf("plan: got %v", err)
	}
	if err := v.waiting("red.example.com", stop).Apply(ctx, nil); !errors.Is(err, stop) {
		t.Errorf("apply: got %v", err)
	}
}
