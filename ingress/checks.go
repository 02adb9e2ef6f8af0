package ingress

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"mime"
	"net/http"
	"net/url"
	"slices"
)

// webapp checks that the domain's webapp answers.
func webapp(ctx context.Context, client *http.Client, domain string) error {
	_, _, err := get(ctx, client, "https://webapp."+domain+"/")
	return err
}

// deeplink checks that the file from which apps configure themselves is there
// and names this domain and no other.
func deeplink(ctx context.Context, client *http.Client, domain string) error {
	address := "https://" + api(domain) + "/deeplink.json"
	body, kind, err := get(ctx, client, address)
	if err != nil {
		return err
	}
	if media, _, err := mime.ParseMediaType(kind); err != nil || media != "application/json" {
		return fmt.Errorf("%s is of type %q, not application/json", address, kind)
	}
	var link struct {
		Endpoints map[string]string `json:"endpoints"`
	}
	if err := json.Unmarshal(body, &link); err != nil {
		return fmt.Errorf("%s holds no deep link: %w", address, err)
	}
	if err := endpoints(link.Endpoints, domain); err != nil {
		return fmt.Errorf("%s: %w", address, err)
	}
	return nil
}

// foreign are the endpoints that may lead elsewhere: for all domains they are
// Wire's own.
var foreign = []string{"blackListURL", "websiteURL"}

// domestic are the endpoints that must be there and lie below the domain.
var domestic = []string{"accountsURL", "backendWSURL", "teamsURL"}

// endpoints checks that a deep link stays within its domain.
func endpoints(links map[string]string, domain string) error {
	var errs []error
	if want := "https://" + api(domain); links["backendURL"] != want {
		errs = append(errs, fmt.Errorf("backendURL is %q, should be %q", links["backendURL"], want))
	}
	keys := append(slices.Collect(maps.Keys(links)), domestic...)
	slices.Sort(keys)
	for _, key := range slices.Compact(keys) {
		if slices.Contains(foreign, key) || key == "backendURL" {
			continue
		}
		if u, err := url.Parse(links[key]); err != nil || u.Scheme != "https" || !below(u.Hostname(), domain) {
			errs = append(errs, fmt.Errorf("%s is %q, not https below %s", key, links[key], domain))
		}
	}
	return errors.Join(errs...)
}
