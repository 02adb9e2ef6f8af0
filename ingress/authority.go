package ingress

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	neturl "net/url"
	"time"
)

// Let's Encrypt's two servers (https://letsencrypt.org/docs/acme-protocol-updates).
const (
	productionDirectory = "https://acme-v02.api.letsencrypt.org/directory"
	stagingDirectory    = "https://acme-staging-v02.api.letsencrypt.org/directory"
)

// directoryLimit bounds what is read of a directory, in bytes; Let's Encrypt's has under a thousand.
const directoryLimit = 64 << 10

// Directories are those of the ACME servers that the domains' certificates come from (RFC 8555, section 7.1.1).
// The default domain's are always from the first.
func (s *Spec) Directories() []string {
	all := []string{productionDirectory}
	for _, d := range s.Domains {
		if d.Certificate.Staging {
			return append(all, stagingDirectory)
		}
	}
	return all
}

// AskDirectory reads an ACME server's directory and returns what time it is there; zero if that is not told. The
// error is of kind ACMEUnreachable.
func AskDirectory(ctx context.Context, client *http.Client, url string) (time.Time, error) {
	unreachable := func(err error) error {
		return ACMEUnreachable.Failf("%s: %w", url, err).By("curl -fsS --noproxy '*' " + url)
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return time.Time{}, unreachable(err)
	}
	response, err := client.Do(request)
	if failed, is := errors.AsType[*neturl.Error](err); is {
		err = failed.Err // the URL is told already
	}
	if ctx.Err() != nil {
		err = context.Cause(ctx)
	}
	if err != nil {
		return time.Time{}, unreachable(err)
	}
	defer response.Body.Close()
	now, _ := http.ParseTime(response.Header.Get("Date")) // zero where there is none
	if response.StatusCode != http.StatusOK {
		return now, unreachable(fmt.Errorf("it answers %s", response.Status))
	}
	var directory struct {
		NewOrder string `json:"newOrder"`
	}
	if err := json.NewDecoder(io.LimitReader(response.Body, directoryLimit)).Decode(&directory); err != nil || directory.NewOrder == "" {
		return now, unreachable(errors.New("what answers is no ACME server"))
	}
	return now, nil
}
