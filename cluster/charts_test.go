package cluster

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestCharts(t *testing.T) {
	begun := []string{"wiabctl: chart smtp begins", "Release \"smtp\" does not exist. Installing it now.", "wiabctl: chart smtp ended with 0 after 3.24 s"}
	tests := []struct {
		name    string
		lines   []string
		says    []string
		failure string
	}{
		{"all are deployed", append(begun, "wiabctl: chart webapp begins", "wiabctl: chart webapp ended with 0 after 125.00 s"),
			[]string{"chart 1: smtp ...", "chart 1: smtp deployed in 3.2s", "chart 2: webapp ...", "chart 2: webapp deployed in 2m5s"}, ""},
		{"one fails", append(begun, "wiabctl: chart webapp begins", "a warning", "Error: UPGRADE FAILED: no", "  really", "wiabctl: chart webapp ended with 1 after 0.50 s", "and the script ends"),
			[]string{"chart 1: smtp ...", "chart 1: smtp deployed in 3.2s", "chart 2: webapp ...", "chart 2: webapp failed after 500ms", "and the script ends"},
			"chart 2, webapp, failed after 500ms:\n  Error: UPGRADE FAILED: no\n    really\ndeployed before it: smtp 3.2s"},
		{"helm is killed", []string{"wiabctl: chart smtp begins", "wiabctl: chart smtp ended with 137 after 1.00 s"},
			[]string{"chart 1: smtp ...", "chart 1: smtp failed after 1s"}, "chart 1, smtp, failed after 1s:\n  helm was ended by signal 9"},
		{"helm says nothing", []string{"wiabctl: chart smtp begins", "wiabctl: chart smtp ended with 3 after 1.00 s"},
			[]string{"chart 1: smtp ...", "chart 1: smtp failed after 1s"}, "chart 1, smtp, failed after 1s:\n  helm ended with exit status 3 and said nothing"},
		{"all is cut off", []string{"wiabctl: chart smtp begins", "Error: half"},
			[]string{"chart 1: smtp ..."}, "chart 1, smtp, failed after a time that nobody took: it was cut off:\n  Error: half"},
		{"a release is freed", []string{"wiabctl: chart smtp begins", "wiabctl: release smtp was left pending-upgrade", "wiabctl: chart smtp ended with 0 after 1.00 s"},
			[]string{"chart 1: smtp ...", "chart 1: release smtp was left pending-upgrade", "chart 1: smtp deployed in 1s"}, ""},
		{"it fails between two charts", append(begun, "sed: no such file"), []string{"chart 1: smtp ...", "chart 1: smtp deployed in 3.2s", "sed: no such file"}, ""},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			var says []string
			reader := newCharts(func(line string) { says = append(says, line) })
			for _, line := range test.lines {
				reader.Line(line)
			}
			if diff := cmp.Diff(test.says, says); diff != "" {
				t.Errorf("progress (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(test.failure, reader.Failure()); diff != "" {
				t.Errorf("failure (-want +got):\n%s", diff)
			}
		})
	}
}

func TestChartsKeepLittle(t *testing.T) {
	reader := newCharts(nil)
	reader.Line("wiabctl: chart smtp begins")
	for range 10000 {
		reader.Line("Error: a flood")
	}
	reader.Line("wiabctl: chart smtp ended with 1 after 1.00 s")
	if n := strings.Count(reader.Failure(), "\n"); n > mostSaid {
		t.Errorf("the failure has %d lines", n)
	}
}
