package provision

import (
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"
)

// proxyState is what was found on a proxy's machine.
type proxyState struct {
	system, systemName string            // "debian", "Debian GNU/Linux 12 (bookworm)"
	missing            []string          // packages
	listeners          map[string]string // programs by the ports 80 and 443
	foreign            bool              // haproxy's configuration is neither ours nor its package's
	files              map[string]string // "mode digest" by path
	loaded             string            // the stamp of what haproxy has loaded
	units              map[string]string // "enabled active" by name
	certificate        *x509.Certificate // what certbot has; nil for none
	served             bool              // haproxy has that too
}

// parseProxyState reads what proxy.sh tells.
func parseProxyState(text string) (proxyState, error) {
	s := proxyState{listeners: map[string]string{}, files: map[string]string{}, units: map[string]string{}}
	for line := range strings.Lines(text) {
		what, rest, _ := strings.Cut(strings.TrimSuffix(line, "\n"), " ")
		first, second, _ := strings.Cut(rest, " ")
		switch what {
		case "system":
			s.system, s.systemName = first, second
		case "missing":
			s.missing = append(s.missing, rest)
		case "listens":
			s.listeners[first] = second
		case "foreign":
			s.foreign = true
		case "file":
			s.files[first] = second
		case "loaded":
			s.loaded = rest
		case "unit":
			s.units[first] = second
		case "certificate":
			certificate, err := parseCertificate(rest)
			if err != nil {
				return s, fmt.Errorf("the certificate that certbot has: %w", err)
			}
			s.certificate = certificate
		case "served":
			s.served = true
		default:
			return s, fmt.Errorf("the machine says %q, which is not understood", line)
		}
	}
	return s, nil
}

func parseCertificate(text string) (*x509.Certificate, error) {
	chain, err := base64.StdEncoding.DecodeString(text)
	if err != nil {
		return nil, err
	}
	block, _ := pem.Decode(chain)
	if block == nil {
		return nil, fmt.Errorf("is no PEM")
	}
	return x509.ParseCertificate(block.Bytes)
}

// unfit is why the machine cannot be the proxy, nil if it can.
func (s proxyState) unfit() error {
	if !slices.Contains([]string{"debian", "ubuntu"}, s.system) {
		return ProxyUnfit.Failf("it is %s: a proxy is deployed on Debian and Ubuntu", s.systemName)
	}
	if s.foreign {
		return ProxyUnfit.Failf("/etc/haproxy/haproxy.cfg is somebody else's: move it away, then install the package's with `apt-get -o Dpkg::Options::=--force-confmiss --reinstall install haproxy`")
	}
	for _, port := range slices.Sorted(maps.Keys(s.listeners)) {
		if program := s.listeners[port]; program != "haproxy" {
			return ProxyUnfit.Failf("port %s is taken by %s", port, program)
		}
	}
	return nil
}

// renewals are due a month before a certificate's end; one that has so little left was not renewed.
const renewalOverdue = 7 * 24 * time.Hour

// certificateProblem says why certbot has to be asked for a certificate for the hosts, or haproxy
// given the one that there is; empty if neither.
func (s proxyState) certificateProblem(hosts []string, now time.Time) string {
	if s.certificate == nil {
		return "there is none yet"
	}
	for _, host := range hosts {
		if s.certificate.VerifyHostname(host) != nil {
			return "it is not for " + host
		}
	}
	switch {
	case now.Add(renewalOverdue).After(s.certificate.NotAfter):
		return "it ends " + s.certificate.NotAfter.Format(time.DateOnly) + " and was not renewed"
	case !s.served:
		return "haproxy does not have the one that certbot has"
	}
	return ""
}
