package provision

import (
	"net/url"
	"testing"

	"golang.org/x/net/http/httpproxy"
)

func TestProxied(t *testing.T) {
	sources := []string{"https://artifacts.example.net/a.tgz", "file:///srv/a.tgz", "https://artifacts.example.net/b.tgz"}
	for _, tc := range []struct {
		name string
		env  map[string]string
		want string
	}{
		{"none", nil, ""},
		{"one", map[string]string{"HTTPS_PROXY": "http://proxy.example.org:3128"},
			"note proxy-variables: downloads go through the proxy http://proxy.example.org:3128 (HTTPS_PROXY); the VMs use none and need a direct way to port 443"},
		{"without a scheme, and a password", map[string]string{"https_proxy": "ops:secret@proxy.example.org:3128"},
			"note proxy-variables: downloads go through the proxy http://ops:xxxxx@proxy.example.org:3128 (https_proxy); the VMs use none and need a direct way to port 443"},
		{"for another protocol", map[string]string{"HTTP_PROXY": "http://proxy.example.org:3128"},
			"note proxy-variables: HTTP_PROXY is set, and downloads go without: they come over another protocol, or NO_PROXY says so"},
		{"not for this server", map[string]string{"HTTPS_PROXY": "http://proxy.example.org:3128", "NO_PROXY": "example.net"},
			"note proxy-variables: HTTPS_PROXY is set, and downloads go without: they come over another protocol, or NO_PROXY says so"},
		{"no proxy at all, with a secret", map[string]string{"HTTPS_PROXY": "ftp://ops:secret@proxy.example.org"},
			"warning proxy-variables: HTTPS_PROXY is no URL of a proxy such as http://proxy.example.org:3128: downloads go without"},
		{"nonsense", map[string]string{"http_proxy": "http://[::1"},
			"warning proxy-variables: http_proxy is no URL of a proxy such as http://proxy.example.org:3128: downloads go without"},
	} {
		get := func(name string) string { return tc.env[name] }
		settings := &httpproxy.Config{HTTPProxy: get("HTTP_PROXY") + get("http_proxy"), HTTPSProxy: get("HTTPS_PROXY") + get("https_proxy"), NoProxy: get("NO_PROXY")}
		if got := told(check{}.findings(proxied(get, settings, sources))); got != tc.want {
			t.Errorf("%s:\n%s\nwant\n%s", tc.name, got, tc.want)
		}
	}
}

// TestProxiesOf wants each proxy once, as Go's own client chooses them.
func TestProxiesOf(t *testing.T) {
	settings := &httpproxy.Config{HTTPSProxy: "proxy.example.org:3128", HTTPProxy: "socks5://socks.example.org"}
	got := proxiesOf(settings, []string{"https://a.example.net/x", "https://b.example.net/y", "http://c.example.net/z", "file:///w"})
	if len(got) != 2 || hostPort(got[0]) != "proxy.example.org:3128" || hostPort(got[1]) != "socks.example.org:1080" {
		t.Errorf("proxies %v", got)
	}
}

func TestHostPort(t *testing.T) {
	for text, want := range map[string]string{"http://p": "p:80", "https://p": "p:443", "http://p:3128": "p:3128", "http://u:s@[2001:db8::1]:8080": "[2001:db8::1]:8080"} {
		u, err := url.Parse(text)
		if err != nil {
			t.Fatal(err)
		}
		if got := hostPort(u); got != want {
			t.Errorf("%s answers at %s, want %s", text, got, want)
		}
	}
}
