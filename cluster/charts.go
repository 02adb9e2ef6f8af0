package cluster

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"time"

	"wiabctl/provision/change"
)

// charts is the reader of a job that deploys charts: it shows each one's order, duration
// and result as the wrapper before helm tells them (wiab/helm.sh), and keeps what helm
// said of the one that failed.
type charts struct {
	newest // what is said between two charts

	deployed []string // with durations, in order
	failed   chart    // the last one that failed; its Release is empty if none did

	mu  sync.Mutex
	now chart // the one at work, which others than the job's follower ask for
}

// chart is one upgrade of a release.
type chart struct {
	Release string
	Since   time.Time // when its beginning was read
	Took    string
	Said    []string // helm's errors and what follows them
}

var (
	chartBegins = regexp.MustCompile(`^wiabctl: chart (\S+) begins$`)
	chartEnds   = regexp.MustCompile(`^wiabctl: chart (\S+) ended with (\d+) after (\d+\.\d\d) s$`)
)

// mostSaid is how many lines of a chart's errors are kept.
const mostSaid = 20

func newCharts(say change.Progress) *charts { return &charts{newest: newest{say: say}} }

// current is the chart at work; its Release is empty between two.
func (c *charts) current() chart {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *charts) set(now chart) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = now
}

// Line reads what the wrapper and helm say.
func (c *charts) Line(line string) {
	now := c.current()
	if found := chartBegins.FindStringSubmatch(line); found != nil {
		c.say.Sayf("chart %d: %s ...", len(c.deployed)+1, found[1])
		c.set(chart{Release: found[1], Since: time.Now()})
		return
	}
	if found := chartEnds.FindStringSubmatch(line); found != nil {
		c.end(now, found[1], found[2], found[3])
		return
	}
	if now.Release == "" {
		c.newest.Line(line)
		return
	}
	if (strings.HasPrefix(line, "Error: ") || len(now.Said) > 0) && len(now.Said) < mostSaid {
		now.Said = append(now.Said, line)
		c.set(now)
	}
	if text, ours := strings.CutPrefix(line, "wiabctl: "); ours {
		c.say.Sayf("chart %d: %s", len(c.deployed)+1, text)
	}
}

// end notes how a chart came out.
func (c *charts) end(now chart, release, code, seconds string) {
	now.Release, now.Took = release, duration(seconds)
	c.set(chart{})
	number := len(c.deployed) + 1
	if code == "0" {
		c.deployed = append(c.deployed, release+" "+now.Took)
		c.say.Sayf("chart %d: %s deployed in %s", number, release, now.Took)
		return
	}
	if len(now.Said) == 0 {
		now.Said = []string{"helm ended with exit status " + code + " and said nothing"}
		if n, _ := strconv.Atoi(code); n > 128 {
			now.Said = []string{fmt.Sprintf("helm was ended by signal %d", n-128)}
		}
	}
	c.failed = now
	c.say.Sayf("chart %d: %s failed after %s", number, release, now.Took)
}

// duration is a number of seconds as people read it.
func duration(seconds string) string {
	d, err := time.ParseDuration(seconds + "s")
	if err != nil {
		return seconds + "s"
	}
	return d.Round(100 * time.Millisecond).String()
}

// culprit is the chart that failed, or that was cut off; its Release is empty if there is none.
func (c *charts) culprit() chart {
	if now := c.current(); now.Release != "" {
		now.Took = "a time that nobody took: it was cut off"
		return now
	}
	return c.failed
}

// Failure tells which chart failed and what helm said, and which came before it. A job that
// ended between two charts has its last lines shown instead.
func (c *charts) Failure() string {
	failed := c.culprit()
	if failed.Release == "" {
		return ""
	}
	text := fmt.Sprintf("chart %d, %s, failed after %s:\n  %s", len(c.deployed)+1, failed.Release, failed.Took, strings.Join(failed.Said, "\n  "))
	if len(c.deployed) > 0 {
		text += "\ndeployed before it: " + strings.Join(c.deployed, ", ")
	}
	return text
}
