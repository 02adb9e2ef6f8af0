package ingress

import (
	"bytes"
	"embed"
	"fmt"
	"io/fs"
	"net/netip"
	"path"
	"text/template"
)

// Front is what the proxy in front of a domain has to be like.
type Front struct {
	Domain string
	Hosts  []string   // the names that it answers for
	SFT    string     // the one among them that the pages of all domains ask; empty if there is none
	Origin netip.Addr // where the backend is
}

// Front is the proxy in front of a domain of the set, with the backend at the address.
func (s Set) Front(domain string, origin netip.Addr) Front {
	f := Front{Domain: domain, Hosts: Hosts(domain), Origin: origin}
	for _, d := range s.Extra {
		if d.Domain == domain {
			f.Hosts = d.Hosts()
		}
	}
	if s.SFT != "" && below(s.SFT, domain) {
		f.Hosts, f.SFT = append(f.Hosts, s.SFT), s.SFT
	}
	return f
}

// API is the host of API requests, which tells of the backend's health too.
func (f Front) API() string { return api(f.Domain) }

// WebSocket is the host of WebSockets.
func (f Front) WebSocket() string { return "nginz-ssl." + f.Domain }

// FrontFile is a file of a proxy's machine.
type FrontFile struct {
	Path    string // absolute
	Content []byte
	Mode    fs.FileMode
}

// Where haproxy and certbot have what is ours.
const (
	frontDir = "/etc/haproxy"
	// FrontConfig is haproxy's own configuration.
	FrontConfig = frontDir + "/haproxy.cfg"
	// FrontPEM holds the certificate, its chain and its key.
	FrontPEM = frontDir + "/wiabctl.pem"
	// FrontRenewal gives haproxy a renewed certificate; certbot calls it.
	FrontRenewal = "/etc/letsencrypt/renewal-hooks/deploy/wiabctl"
)

//go:embed front
var frontFiles embed.FS

var frontTemplates = template.Must(template.ParseFS(frontFiles, "front/*"))

// Files are those that make a machine with haproxy and certbot the proxy, haproxy's own
// configuration last: it needs the others. They are right for haproxy 2.4 and newer.
func (f Front) Files() ([]FrontFile, error) {
	files := []FrontFile{
		{Path: FrontRenewal, Mode: 0o755},
		{Path: frontDir + "/wiabctl-challenge.lua", Mode: 0o644},
		{Path: frontDir + "/wiabctl-certificates.txt", Mode: 0o644},
		{Path: FrontConfig, Mode: 0o644},
	}
	for i, file := range files {
		name := path.Base(file.Path)
		if file.Path == FrontRenewal {
			name = "renew.sh"
		}
		var text bytes.Buffer
		if err := frontTemplates.ExecuteTemplate(&text, name, f); err != nil {
			return nil, fmt.Errorf("%s: %w", file.Path, err)
		}
		files[i].Content = text.Bytes()
	}
	return files, nil
}
