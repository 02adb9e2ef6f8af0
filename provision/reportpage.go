package provision

import (
	"bytes"
	_ "embed" // for the page
	"fmt"
	"html/template"
	"strings"
	"time"

	"github.com/google/renameio/v2"

	"wiabctl/provision/change"
)

//go:embed report.html
var reportTemplate string

// HTML is the report as one page that stands alone: no script, nothing from elsewhere. Times are in the zone of the
// moment it was made.
func (r Report) HTML() ([]byte, error) {
	page, err := template.New("report").Funcs(template.FuncMap{
		"say":  r.say,
		"took": took, "count": counted,
		"reason": func(p Planned) string { return strings.TrimPrefix(p.Err.Error(), p.Stage+": ") },
		"short":  func(address string) string { return strings.TrimSuffix(strings.TrimPrefix(address, "https://"), "/") },
		"date":   func(t time.Time) string { return t.In(r.Made.Location()).Format(time.DateOnly) },
		"time":   func(t time.Time) string { return t.In(r.Made.Location()).Format("2006-01-02 15:04") },
		"days":   func(t time.Time) int { return int(t.Sub(r.Made).Hours() / 24) },
		"svg":    func(drawing string) template.HTML { return template.HTML(r.secrets.Text(drawing)) }, //nolint:gosec // html/template made it
	}).Parse(reportTemplate)
	if err != nil {
		return nil, err
	}
	var text bytes.Buffer
	err = page.Execute(&text, r)
	return text.Bytes(), err
}

// Write puts the page into a file, in place of an older one. It fails with FileUnwritable.
func (r Report) Write(file string) error {
	page, err := r.HTML()
	if err != nil {
		return err
	}
	if err := replaceFile(file, page, renameio.WithPermissions(0o644), renameio.WithExistingPermissions()); err != nil {
		return FileUnwritable.Failf("%w", err)
	}
	return nil
}

// say is what is fit to be shown of a value: without secrets and control characters.
func (r Report) say(value any) string { return change.Printable(r.secrets.Text(fmt.Sprint(value))) }

// took is a duration, as exact as people want it.
func took(d time.Duration) string {
	switch {
	case d < time.Second:
		return d.Round(time.Millisecond).String()
	case d < 10*time.Second:
		return d.Round(100 * time.Millisecond).String()
	default:
		return d.Round(time.Second).String()
	}
}

// counted are changes in words.
func counted(n int) string {
	if n == 1 {
		return "1 change"
	}
	return fmt.Sprintf("%d changes", n)
}

// Verdict is what there is to say first.
type Verdict struct {
	Class string // good, open or bad
	Text  string
}

// Verdict tells whether the installation is well, as configured, or neither.
func (r Report) Verdict() Verdict {
	if unwell := r.Unwell(); len(unwell) > 0 {
		var names []string
		for _, h := range unwell {
			names = append(names, h.Part)
		}
		return Verdict{"bad", "Not well: " + strings.Join(names, ", ")}
	}
	unclear := 0
	for _, s := range r.Stages {
		if s.Err != nil {
			unclear++
		}
	}
	switch n := Count(r.Stages); {
	case n > 0:
		return Verdict{"open", counted(n) + " to make"}
	case unclear > 0:
		return Verdict{"open", "Not all stages can tell"}
	}
	return Verdict{"good", "As configured, and well"}
}

// Bar is a stage of a run, as a part of the whole run's time.
type Bar struct {
	RunStage
	Left, Width float64 // percent
}

// Bars are the stages that did something, in the order in which they began.
func (r Report) Bars() (all []Bar) {
	whole := r.Last.Took
	for _, s := range r.Last.Stages {
		whole = max(whole, s.Began.Sub(r.Last.Began)+s.Took)
	}
	for _, s := range r.Last.Stages {
		if whole > 0 && (len(s.Changes) > 0 || s.Failed) {
			left := percent(s.Began.Sub(r.Last.Began), whole)
			all = append(all, Bar{s, left, min(max(percent(s.Took, whole), 0.7), 100-left)}) // a bar that is too short is not seen
		}
	}
	return all
}

func percent(part, whole time.Duration) float64 {
	return min(max(float64(part)/float64(whole)*100, 0), 99)
}
