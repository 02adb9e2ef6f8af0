package provision

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/google/renameio/v2"
	"gopkg.in/yaml.v3"

	"wiabctl/provision/change"
)

// planFormat is the format of saved plans.
const planFormat = 1

// SavedPlan is a plan as it was when somebody looked at it.
type SavedPlan struct {
	Format  int          `json:"format"`
	Made    time.Time    `json:"made"`
	By      string       `json:"by"`
	Version string       `json:"version"` // of wiabctl: another one may do other things
	Config  string       `json:"config"`  // the digest of the configuration, the overlays and the certificates
	Orders  Orders       `json:"orders"`
	Stages  []SavedStage `json:"stages"`
}

// SavedStage is what a stage wanted.
type SavedStage struct {
	Stage   string        `json:"stage"`
	Changes []SavedChange `json:"changes,omitempty"`
	Unclear string        `json:"unclear,omitempty"` // why it could not tell
}

// SavedChange is a change that was wanted.
type SavedChange struct {
	Verb    change.Verb `json:"verb"`
	Subject string      `json:"subject"`
	Reason  string      `json:"reason"`
	Diff    []string    `json:"diff,omitempty"`
}

// key is what has to be the same. What a wait is for tells of the moment.
func (c SavedChange) key() string {
	if c.Verb == change.Wait {
		return fmt.Sprintf("%s %s", c.Verb, c.Subject)
	}
	return strings.Join(append([]string{fmt.Sprintf("%s %s: %s", c.Verb, c.Subject, c.Reason)}, c.Diff...), "; ")
}

// Saved is a plan that Propose made with these orders, as it can be kept.
func (i *Installation) Saved(orders Orders, plans []Planned) (SavedPlan, error) {
	digest, err := i.configDigest()
	return SavedPlan{Format: planFormat, Made: time.Now().UTC().Truncate(time.Second), By: loginName(), Version: buildVersion(),
		Config: digest, Orders: orders, Stages: savedStages(plans)}, err
}

func savedStages(plans []Planned) []SavedStage {
	var all []SavedStage
	for _, plan := range plans {
		s := SavedStage{Stage: plan.Stage}
		for _, c := range plan.Changes {
			s.Changes = append(s.Changes, SavedChange{c.Verb, c.Subject, c.Reason, c.Diff})
		}
		if plan.Err != nil {
			s.Unclear = plan.Err.Error()
		}
		all = append(all, s)
	}
	return all
}

// configDigest names the configuration that is in force, the overlays beside it and the certificates that it leads to.
func (i *Installation) configDigest() (string, error) {
	text, err := yaml.Marshal(i.config) // not as JSON, where variables of the inventory have their lines
	if err != nil {
		return "", fmt.Errorf("name the configuration: %w", err)
	}
	digest := sha256.New()
	digest.Write(text)
	files, err := i.overlayFiles()
	for _, d := range i.config.Ingress.Domains {
		if d.Certificate.Own() {
			files = append(files, d.Certificate.Cert)
		}
	}
	for _, file := range files {
		content, wrong := os.ReadFile(file)
		fmt.Fprintf(digest, "\n%s %d\n%s", file, len(content), content)
		err = errors.Join(err, wrong)
	}
	return hex.EncodeToString(digest.Sum(nil)), err
}

// CheckSaved fails with PlanOutdated if a saved plan is not what there is to do now: the
// configuration, wiabctl itself, or what a stage wants is another one.
func (i *Installation) CheckSaved(saved SavedPlan, plans []Planned) error {
	now, err := i.Saved(saved.Orders, plans)
	if err != nil {
		return err
	}
	if differences := saved.differences(now); len(differences) > 0 {
		return PlanOutdated.Failf("since the plan of %s by %s:\n%s", saved.Made.Local().Format(time.DateTime), saved.By, strings.Join(differences, "\n"))
	}
	return nil
}

// differences tells what is another in the plan of now, a line each.
func (s SavedPlan) differences(now SavedPlan) (lines []string) {
	if s.Version != now.Version {
		lines = append(lines, fmt.Sprintf("wiabctl is %s, was %s", now.Version, s.Version))
	}
	if s.Config != now.Config {
		lines = append(lines, "the configuration, an overlay or a certificate changed")
	}
	was, is := s.wants(), now.wants()
	for _, want := range was {
		if !slices.Contains(is, want) {
			lines = append(lines, "no longer "+want)
		}
	}
	for _, want := range is {
		if !slices.Contains(was, want) {
			lines = append(lines, "now "+want)
		}
	}
	if len(lines) == 0 && !slices.Equal(was, is) {
		lines = append(lines, "the order of the changes is another one")
	}
	return lines
}

// wants are a plan's changes, a line each.
func (s SavedPlan) wants() (all []string) {
	for _, stage := range s.Stages {
		for _, c := range stage.Changes {
			all = append(all, stage.Stage+": "+c.key())
		}
		if stage.Unclear != "" {
			all = append(all, stage.Stage+": cannot tell what it has to do")
		}
	}
	return all
}

// Write keeps the plan in a file that only its owner can read. It fails with FileUnwritable.
func (s SavedPlan) Write(file string) error {
	text, err := json.MarshalIndent(s, "", "  ")
	if err != nil {
		return fmt.Errorf("save the plan: %w", err)
	}
	if err := replaceFile(file, append(text, '\n'), renameio.WithStaticPermissions(0o600)); err != nil {
		return FileUnwritable.Failf("save the plan: %w", err)
	}
	return nil
}

// ReadPlan reads a saved plan. A file that is none is BadUsage.
func ReadPlan(file string) (SavedPlan, error) {
	var saved SavedPlan
	content, err := os.ReadFile(file)
	if err != nil {
		return saved, BadUsage.Failf("read the saved plan: %w", err)
	}
	decoder := json.NewDecoder(strings.NewReader(string(content)))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&saved); err != nil {
		return saved, BadUsage.Failf("%s is no saved plan of wiabctl: %w", file, err)
	}
	if _, err := decoder.Token(); !errors.Is(err, io.EOF) || saved.Format != planFormat {
		return saved, BadUsage.Failf("%s is no saved plan of this wiabctl: its format is %d, not %d", file, saved.Format, planFormat)
	}
	return saved, saved.Orders.Check()
}
