package cluster

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"wiabctl/provision/change"
)

// certificateJob begins the names of the jobs that ask for another attempt.
const certificateJob = "certificate-"

// retry makes cert-manager begin another attempt now, as `cmctl renew` does: by the
// condition that says that one is under way. Let's Encrypt, which counts failures, is not asked
// before cert-manager's own check succeeds.
func (c Certificates) retry(ctx context.Context, shared *lookout, name string, say change.Progress) error {
	is, err := shared.look(ctx)
	if err != nil {
		return err
	}
	for _, one := range is.Certificates {
		if one.Metadata.Name != name || !one.failed() {
			continue
		}
		return Job{
			Name: certificateJob + name,
			Script: []string{toolsFile, "kubectl", "patch", "certificate", name, "--namespace=default",
				"--subresource=status", "--type=json", "--patch=" + one.issuingAgain(time.Now())},
			Deadline: 2 * time.Minute,
		}.Run(ctx, c.Admin, say)
	}
	return nil
}

// issuingAgain is the JSON patch (RFC 6902) that begins another attempt. Its time, in whole
// seconds, has to be later than the failure's: cert-manager takes the failure for this
// attempt's otherwise.
func (c certificate) issuingAgain(now time.Time) string {
	type operation struct {
		Op    string `json:"op"`
		Path  string `json:"path"`
		Value any    `json:"value"`
	}
	if after := c.Status.Failed.Add(time.Second); now.Before(after) {
		now = after
	}
	issuing := map[string]string{"type": "Issuing", "status": "True", "reason": "ManuallyTriggered",
		"message": "wiabctl begins another attempt", "lastTransitionTime": now.UTC().Format(time.RFC3339)}
	patch := []operation{{"add", "/status/conditions/-", issuing}}
	for at, known := range c.Status.Conditions {
		if known.Type == "Issuing" {
			path := fmt.Sprintf("/status/conditions/%d", at)
			// Somebody else's change in between makes the patch fail.
			patch = []operation{{"test", path + "/type", "Issuing"}, {"replace", path, issuing}}
		}
	}
	text, err := json.Marshal(patch)
	if err != nil {
		panic(err) // of strings alone
	}
	return string(text)
}
