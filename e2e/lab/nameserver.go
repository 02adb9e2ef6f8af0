package lab

import (
	"context"
	"errors"
	"fmt"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"github.com/miekg/dns"
)

// nameServerRoot is a Debian with knot, built when it is asked for.
func nameServerRoot(ctx context.Context) (string, error) {
	dir, err := debian("nameserver-root", []string{"knot"}, "minbase").Get(ctx)
	return filepath.Join(dir, "root"), err
}

// nameServerScript enters the name server's root ($0) with the files in a directory ($1). All of it ends with the mount
// namespace.
const nameServerScript = `
mount -t tmpfs knot "$0/var/lib/knot"; cp "$1"/* "$0/var/lib/knot"
exec chroot "$0" knotd --config /var/lib/knot/knot.conf`

// Dynamic is a zone whose records may be changed over the network (RFC 2136) by who knows a key (TSIG, hmac-sha256).
type Dynamic struct {
	Zone    string   // with the dot at its end
	Records []string // in a zone file's words, with full names
	Key     string   // the key's name, without a dot
	Secret  string   // base64
}

// knotConfig lets who has the key change the zone. Its writing is knot.conf(5)'s.
func (d Dynamic) knotConfig() string {
	return fmt.Sprintf(`server:
  listen: %s
  rundir: /var/lib/knot
  user: root
database:
  storage: /var/lib/knot
key:
- id: %s
  algorithm: hmac-sha256
  secret: %s
acl:
- id: change
  key: %s
  action: update
zone:
- domain: %s
  storage: /var/lib/knot
  file: zone
  acl: change
`, Dynamics, d.Key, d.Secret, d.Key, d.Zone)
}

// zoneFile is what the zone holds at first.
func (d Dynamic) zoneFile() string {
	head := fmt.Sprintf("$TTL 5\n%s SOA ns.%s hostmaster.%s 1 60 60 600 5\n%s NS ns.%s\nns.%s A %s\n", d.Zone, d.Zone, d.Zone, d.Zone, d.Zone, d.Zone, Dynamics)
	return head + strings.Join(d.Records, "\n") + "\n"
}

// Delegation is what the zone above it has to say of it.
func (d Dynamic) Delegation() []string {
	return []string{d.Zone + " 5 IN NS ns." + d.Zone, "ns." + d.Zone + " 5 IN A " + Dynamics}
}

// Serve starts a real name server at the address Dynamics that is in charge of a zone, and waits until it answers. It ends
// with ctx.
func (l *Lab) Serve(ctx context.Context, d Dynamic) error {
	root, err := nameServerRoot(ctx)
	if err != nil {
		return err
	}
	dir := l.path("knot")
	if err := errors.Join(writeFile(filepath.Join(dir, "knot.conf"), []byte(d.knotConfig())), writeFile(filepath.Join(dir, "zone"), []byte(d.zoneFile()))); err != nil {
		return err
	}
	cmd := exec.CommandContext(ctx, "nsenter", "--net="+l.namespaceFile(), "unshare", "--mount", "--propagation", "private", "--pid", "--fork", "--kill-child",
		"sh", "-ec", nameServerScript, root, dir)
	var said strings.Builder
	cmd.Stdout, cmd.Stderr = &said, &said
	ended := make(chan error, 1)
	go func() { ended <- cmd.Run() }()
	return await(ctx, "the name server of "+d.Zone, 10*time.Second, func(ctx context.Context) error {
		select {
		case err := <-ended:
			return fmt.Errorf("%w: %w: %s", errEnded, err, said.String())
		default:
			return l.inCharge(ctx, d.Zone)
		}
	})
}

// inCharge demands that the name server there answers for the zone.
func (l *Lab) inCharge(ctx context.Context, zone string) error {
	conn, err := l.dialAddress(ctx, "udp", "", Dynamics+":53")
	if err != nil {
		return err
	}
	defer conn.Close()
	client := &dns.Client{Timeout: time.Second}
	reply, _, err := client.ExchangeWithConnContext(ctx, new(dns.Msg).SetQuestion(zone, dns.TypeSOA), &dns.Conn{Conn: conn})
	if err == nil && (!reply.Authoritative || len(reply.Answer) == 0) {
		err = fmt.Errorf("it answers %s", dns.RcodeToString[reply.Rcode])
	}
	return err
}
