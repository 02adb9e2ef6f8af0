package ingress

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"time"

	"golang.org/x/sync/errgroup"

	"wiabctl/provision/change"
)

// Answer is what came back for one question.
type Answer struct {
	URL    string
	Status int
	Header http.Header
	Body   []byte   // at most a MiB
	Words  []string // that the certificate says
	Until  time.Time
	Err    error // why there is no answer; the rest is empty then
}

// answers are those of one site, by the question's name.
type answers map[string]Answer

// longestAnswer is how much of an answer is read, in bytes.
const longestAnswer = 1 << 20

// ask asks all questions: those over one connection after each other, for a handshake costs
// more than all else; the connections beside each other. client is who asks a host.
func ask(ctx context.Context, all []question, client func(host string) *http.Client) answers {
	hosts, over := byConnection(all)
	each := make([][]Answer, len(hosts))
	var asking errgroup.Group
	for i, host := range hosts {
		asking.Go(func() error {
			each[i] = askOver(ctx, client(host), over[host])
			return nil
		})
	}
	_ = asking.Wait() // what went wrong is in the answers
	got := answers{}
	for i, host := range hosts {
		for n, q := range over[host] {
			got[q.name] = each[i][n]
		}
	}
	return got
}

// askOver asks the questions over one connection; once there is no way to its host, no further one.
func askOver(ctx context.Context, client *http.Client, all []question) []Answer {
	got := make([]Answer, len(all))
	for n, q := range all {
		if got[n] = get(ctx, client, q); got[n].Err != nil {
			for rest := n; rest < len(all); rest++ {
				got[rest] = Answer{URL: all[rest].url(), Err: got[n].Err}
			}
			break
		}
	}
	return got
}

// get asks one question.
func get(ctx context.Context, client *http.Client, q question) Answer {
	a := Answer{URL: q.url()}
	request, err := http.NewRequestWithContext(ctx, q.method, "https://"+q.via+q.path, nil)
	if err != nil {
		a.Err = err
		return a
	}
	request.Host = q.host
	if q.header != nil {
		request.Header = q.header.Clone()
	}
	end := change.Trace(ctx, "request", "method", q.method, "url", a.URL, "to", q.via)
	answer, err := client.Do(request)
	end(err)
	if err != nil {
		a.Err = plainly(err)
		return a
	}
	defer answer.Body.Close()
	if answer.TLS != nil && len(answer.TLS.PeerCertificates) > 0 {
		leaf := answer.TLS.PeerCertificates[0]
		if err := leaf.VerifyHostname(q.host); err != nil { // of a shared connection only one name is seen to
			return Answer{URL: a.URL, Err: &tls.CertificateVerificationError{UnverifiedCertificates: answer.TLS.PeerCertificates, Err: err}}
		}
		a.Words, a.Until = wordsOf(leaf), leaf.NotAfter
	}
	a.Status, a.Header = answer.StatusCode, answer.Header
	if a.Status == http.StatusSwitchingProtocols {
		return a // the body is the other protocol
	}
	if a.Body, err = io.ReadAll(io.LimitReader(answer.Body, longestAnswer)); err != nil {
		return Answer{URL: a.URL, Err: fmt.Errorf("breaks off: %w", err)}
	}
	return a
}

// fake is the name in the certificate that ingress-nginx falls back to while a
// domain's Secret is missing or unusable.
const fake = "Kubernetes Ingress Controller Fake Certificate"

// fakeShown says what that certificate means, instead of what is wrong with it.
type fakeShown struct{ wrong error }

func (fakeShown) Error() string {
	return "the ingress shows its fake certificate: the domain's own is not issued, or its Secret is missing"
}

func (f fakeShown) Unwrap() error { return f.wrong }

// plainly says in a person's words what a TLS error means. The URL is told beside it.
func plainly(err error) error {
	if asked := (*url.Error)(nil); errors.As(err, &asked) {
		err = asked.Err
	}
	var bad *tls.CertificateVerificationError
	if errors.As(err, &bad) && len(bad.UnverifiedCertificates) > 0 &&
		bad.UnverifiedCertificates[0].Subject.CommonName == fake {
		return fakeShown{err}
	}
	return err
}
