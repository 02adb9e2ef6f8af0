package ingress

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"slices"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"
)

// FrontCheck asks the proxy in front of a domain as clients on the internet would, and the
// backend behind it, whose answers have to be the same. DNS has no part in it.
type FrontCheck struct {
	Front       Front
	HTTPS, HTTP string         // where the proxy answers, host:port each
	OriginHTTPS string         // where the backend does
	OriginHTTP  string         // and over HTTP
	Foreign     string         // a domain that is not the proxy's to serve
	RootCAs     *x509.CertPool // who may have signed the certificates; nil for the system's
}

// FrontFinding is what came of one check.
type FrontFinding struct {
	Check   string `json:"check"`
	Problem string `json:"problem,omitempty"` // empty: it is as it should be
}

// frontTimeout bounds one check.
const frontTimeout = 15 * time.Second

// Run makes all checks, side by side, and returns their findings in an order that stays. The
// error is a Failure of kind ProxyWrong if there is a problem.
func (c FrontCheck) Run(ctx context.Context) ([]FrontFinding, error) {
	checks := []struct {
		name  string
		check func(context.Context) error
	}{
		{"certificate of each name", c.certificates},
		{"TLS older than 1.2 is refused", c.floor},
		{"the deep link is the backend's", c.same(nil)},
		{"a Host with its port is served", c.same(map[string]string{"Host": c.Front.API() + ":443"})},
		{"a Host in capital letters is served", c.same(map[string]string{"Host": strings.ToUpper(c.Front.API())})},
		{"a forwarded host counts nothing", c.same(map[string]string{"X-Forwarded-Host": api(c.Foreign)})},
		{"pages of another domain are strangers", c.strangers},
		{"another domain is refused", c.refused("https://")},
		{"another domain is refused over HTTP", c.refused("http://")},
		{"WebSockets get through", c.webSocket},
		{"HTTP is redirected", c.redirect},
		{"challenges get through to the backend", c.challenge},
	}
	findings := make([]FrontFinding, len(checks))
	var asking errgroup.Group
	for i, one := range checks {
		asking.Go(func() error {
			findings[i].Check = one.name
			ctx, cancel := context.WithTimeout(ctx, frontTimeout)
			defer cancel()
			if err := one.check(ctx); err != nil {
				findings[i].Problem = oneLine(err)
			}
			return nil
		})
	}
	if err := errors.Join(asking.Wait(), context.Cause(ctx)); err != nil {
		return nil, err
	}
	return findings, wrong(c.Front.Domain, findings)
}

// wrong is the failure of the checks that found a problem; nil without.
func wrong(domain string, findings []FrontFinding) error {
	var names []string
	for _, f := range findings {
		if f.Problem != "" {
			names = append(names, f.Check)
		}
	}
	if len(names) == 0 {
		return nil
	}
	return ProxyWrong.Failf("the proxy in front of %s is not as it should be: %s", domain, strings.Join(names, "; "))
}

// certificates demands one for each name that is valid for it.
func (c FrontCheck) certificates(ctx context.Context) error {
	var errs []error
	for _, host := range c.Front.Hosts {
		conn, err := c.handshake(ctx, &tls.Config{ServerName: host, RootCAs: c.RootCAs})
		if err != nil {
			errs = append(errs, fmt.Errorf("%s: %w", host, err))
			continue
		}
		conn.Close()
	}
	return errors.Join(errs...)
}

// floor demands that the proxy ends a handshake of an old client by itself.
func (c FrontCheck) floor(ctx context.Context) error {
	conn, err := c.handshake(ctx, &tls.Config{ServerName: c.Front.API(), RootCAs: c.RootCAs, MinVersion: tls.VersionTLS10, MaxVersion: tls.VersionTLS11})
	if err == nil {
		conn.Close()
		return errors.New("a client with TLS 1.1 is let in")
	}
	if alert := (*net.OpError)(nil); errors.As(err, &alert) && alert.Op == "remote error" {
		return nil
	}
	return err
}

func (c FrontCheck) handshake(ctx context.Context, config *tls.Config) (*tls.Conn, error) {
	conn, err := (&tls.Dialer{Config: config}).DialContext(ctx, "tcp", c.HTTPS)
	if err != nil {
		return nil, plainly(err)
	}
	return conn.(*tls.Conn), nil
}

// same demands the backend's own deep link from the proxy, however it is asked for it.
func (c FrontCheck) same(headers map[string]string) func(context.Context) error {
	return func(ctx context.Context) error {
		url := "https://" + c.Front.API() + "/deeplink.json"
		want, err := c.ask(ctx, c.OriginHTTPS, url, nil)
		if err != nil {
			return fmt.Errorf("the backend itself: %w", err)
		}
		got, err := c.ask(ctx, c.HTTPS, url, headers)
		switch {
		case err != nil:
			return err
		case want.StatusCode != http.StatusOK || !strings.Contains(want.body, "https://"+c.Front.API()):
			return fmt.Errorf("the backend itself answers %s to %s, not with the domain's deep link", want.Status, url)
		case got.StatusCode != want.StatusCode || got.body != want.body:
			return fmt.Errorf("%s answers %s with %d bytes, the backend itself %s with %d: they differ", url, got.Status, len(got.body), want.Status, len(want.body))
		}
		return nil
	}
}

// refused demands that a domain which is not the proxy's is refused.
func (c FrontCheck) refused(scheme string) func(context.Context) error {
	return func(ctx context.Context) error {
		to := map[string]string{"https://": c.HTTPS, "http://": c.HTTP}[scheme]
		got, err := c.ask(ctx, to, scheme+c.Front.API()+"/deeplink.json", map[string]string{"Host": api(c.Foreign)})
		if err == nil && got.StatusCode != http.StatusForbidden {
			err = fmt.Errorf("a request for %s is answered %s, not 403", api(c.Foreign), got.Status)
		}
		return err
	}
}

// strangers demands that a page of another domain is no better known here than any: the backend lets the pages of all
// its domains ask, and so whoever guesses one of them would learn that they belong together.
func (c FrontCheck) strangers(ctx context.Context) error {
	page, url := "https://webapp."+c.Foreign, "https://"+c.Front.API()+"/access"
	got, err := c.send(ctx, http.MethodOptions, c.HTTPS, url, map[string]string{"Origin": page, "Access-Control-Request-Method": http.MethodPost})
	if err == nil && got.Header.Get("Access-Control-Allow-Origin") == page {
		err = fmt.Errorf("whoever asks for %s is told that %s may read its answers", url, page)
	}
	return err
}

// webSocket demands the backend's answer to a handshake, and that no HTTP/2 is offered for it.
func (c FrontCheck) webSocket(ctx context.Context) error {
	upgrade := map[string]string{"Connection": "Upgrade", "Upgrade": "websocket", "Sec-WebSocket-Version": "13", "Sec-WebSocket-Key": "d2lhYmN0bCBhc2tzIGl0Lg=="}
	url := "https://" + c.Front.WebSocket() + "/await"
	want, err := c.ask(ctx, c.OriginHTTPS, url, upgrade)
	if err != nil {
		return fmt.Errorf("the backend itself: %w", err)
	}
	got, err := c.ask(ctx, c.HTTPS, url, upgrade)
	if err != nil {
		return err
	}
	// Nobody here has a token, so both may answer that one is needed.
	if got.StatusCode != want.StatusCode || !slices.Contains([]int{http.StatusSwitchingProtocols, http.StatusUnauthorized}, got.StatusCode) {
		return fmt.Errorf("%s answers %s, the backend itself %s; 101 or 401 is right", url, got.Status, want.Status)
	}
	conn, err := c.handshake(ctx, &tls.Config{ServerName: c.Front.WebSocket(), RootCAs: c.RootCAs, NextProtos: []string{"h2", "http/1.1"}})
	if err != nil {
		return err
	}
	defer conn.Close()
	if offered := conn.ConnectionState().NegotiatedProtocol; offered == "h2" {
		return fmt.Errorf("%s offers HTTP/2, over which not all clients open WebSockets", c.Front.WebSocket())
	}
	return nil
}

// redirect demands that HTTP leads to HTTPS, with path and query.
func (c FrontCheck) redirect(ctx context.Context) error {
	page := "://" + c.Front.API() + "/a?b=c"
	got, err := c.ask(ctx, c.HTTP, "http"+page, nil)
	if err != nil {
		return err
	}
	want := "https" + page
	if location := got.Header.Get("Location"); got.StatusCode/100 != 3 || location != want {
		return fmt.Errorf("it is answered %s to %q, not to %s", got.Status, location, want)
	}
	return nil
}

// challenge demands the backend's answer to a challenge that nobody set.
func (c FrontCheck) challenge(ctx context.Context) error {
	url := "http://" + c.Front.API() + "/.well-known/acme-challenge/wiabctl-asks"
	want, err := c.ask(ctx, c.OriginHTTP, url, nil)
	if err != nil {
		return fmt.Errorf("the backend itself: %w", err)
	}
	got, err := c.ask(ctx, c.HTTP, url, nil)
	if err == nil && got.StatusCode != want.StatusCode {
		err = fmt.Errorf("%s is answered %s, by the backend itself %s: its certificate could not be renewed", url, got.Status, want.Status)
	}
	return err
}

// frontAnswer is an answer with what is in it.
type frontAnswer struct {
	*http.Response
	body string
}

// ask is send for a GET.
func (c FrontCheck) ask(ctx context.Context, address, url string, headers map[string]string) (frontAnswer, error) {
	return c.send(ctx, http.MethodGet, address, url, headers)
}

// send sends a request to an address, whatever it asks for, with other headers, "Host" among
// them.
func (c FrontCheck) send(ctx context.Context, method, address, url string, headers map[string]string) (frontAnswer, error) {
	request, err := http.NewRequestWithContext(ctx, method, url, nil)
	if err != nil {
		return frontAnswer{}, err
	}
	for name, value := range headers {
		request.Header.Set(name, value)
	}
	request.Host = headers["Host"] // empty: that of the URL
	dialer := net.Dialer{Timeout: dialTimeout}
	transport := &http.Transport{
		DialContext: func(ctx context.Context, network, _ string) (net.Conn, error) {
			return dialer.DialContext(ctx, network, address)
		},
		TLSClientConfig:   &tls.Config{RootCAs: c.RootCAs, MinVersion: tls.VersionTLS12},
		DisableKeepAlives: true,
	}
	answer, err := transport.RoundTrip(request)
	if err != nil {
		return frontAnswer{}, plainly(err)
	}
	defer answer.Body.Close()
	if answer.StatusCode == http.StatusSwitchingProtocols {
		return frontAnswer{answer, ""}, nil
	}
	body, err := io.ReadAll(io.LimitReader(answer.Body, longestAnswer))
	return frontAnswer{answer, string(body)}, err
}
