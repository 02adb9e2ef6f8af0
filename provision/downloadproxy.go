package provision

import (
	"context"
	"errors"
	"net"
	"net/url"
	"os"
	"slices"
	"strings"

	"golang.org/x/net/http/httpproxy"
)

// proxyVariables name a proxy, as Go's HTTP client reads them.
var proxyVariables = []string{"HTTPS_PROXY", "https_proxy", "HTTP_PROXY", "http_proxy"}

// downloadProxyCheck warns of variables that name no proxy, and notes which one is used.
func (i *Installation) downloadProxyCheck(context.Context) error {
	return proxied(os.Getenv, httpproxy.FromEnvironment(), i.sources())
}

// reachProxyCheck warns where the proxy does not answer.
func (i *Installation) reachProxyCheck(ctx context.Context) error {
	var errs []error
	for _, proxy := range proxiesOf(httpproxy.FromEnvironment(), i.sources()) {
		conn, err := new(net.Dialer).DialContext(ctx, "tcp", hostPort(proxy))
		if err != nil {
			errs = append(errs, DownloadProxy.Warnf("the proxy %s does not answer: %w", proxy.Redacted(), err))
			continue
		}
		_ = conn.Close() // it answered
	}
	return errors.Join(errs...)
}

// sources are the URLs that downloads come from.
func (i *Installation) sources() []string {
	var all []string
	for _, d := range i.downloads() {
		all = append(all, d.URLs...)
	}
	return all
}

// proxied judges what the variables, which were read into the settings too, do to downloads from the sources.
func proxied(get func(string) string, settings *httpproxy.Config, sources []string) error {
	var set []string
	for _, name := range proxyVariables {
		value := get(name)
		if value == "" {
			continue
		}
		if !namesProxy(value) { // which may hold a password
			return DownloadProxy.Warnf("%s is no URL of a proxy such as http://proxy.example.org:3128: downloads go without", name)
		}
		set = append(set, name)
	}
	proxies := proxiesOf(settings, sources)
	switch {
	case len(set) == 0:
		return nil
	case len(proxies) == 0:
		return DownloadProxy.Notef("%s is set, and downloads go without: they come over another protocol, or NO_PROXY says so", strings.Join(set, ", "))
	default:
		return DownloadProxy.Notef("downloads go through the proxy %s (%s); the VMs use none and need a direct way to port 443", proxies[0].Redacted(), strings.Join(set, ", "))
	}
}

// namesProxy says whether Go's HTTP client makes a proxy of the value.
func namesProxy(value string) bool {
	if !strings.Contains(value, "://") {
		value = "http://" + value
	}
	u, err := url.Parse(value)
	return err == nil && u.Hostname() != "" && slices.Contains([]string{"http", "https", "socks5", "socks5h"}, u.Scheme)
}

// proxiesOf are the proxies that downloads from the sources go through, each once.
func proxiesOf(settings *httpproxy.Config, sources []string) []*url.URL {
	choose := settings.ProxyFunc()
	var all []*url.URL
	for _, source := range sources {
		u, err := url.Parse(source)
		if err != nil {
			continue // the configuration is checked
		}
		proxy, err := choose(u)
		if err == nil && proxy != nil && !slices.ContainsFunc(all, func(p *url.URL) bool { return *p == *proxy }) {
			all = append(all, proxy)
		}
	}
	return all
}

// hostPort is where a proxy answers.
func hostPort(proxy *url.URL) string {
	port := map[string]string{"http": "80", "https": "443", "socks5": "1080", "socks5h": "1080"}[proxy.Scheme]
	if p := proxy.Port(); p != "" {
		port = p
	}
	return net.JoinHostPort(proxy.Hostname(), port)
}
