package cmd

import (
	"runtime/debug"
	"testing"
)

func TestVersionOf(t *testing.T) {
	built := &debug.BuildInfo{GoVersion: "go1.26.8", Main: debug.Module{Version: "v1.2.3"}, Settings: []debug.BuildSetting{
		{Key: "vcs.revision", Value: "5b01f25"}, {Key: "vcs.time", Value: "2026-05-01T10:00:00Z"}, {Key: "vcs.modified", Value: "true"}, {Key: "GOOS", Value: "linux"}}}
	for _, test := range []struct {
		info *debug.BuildInfo
		want string
	}{
		{built, "v1.2.3 (commit 5b01f25 of 2026-05-01T10:00:00Z, and changes to it)"},
		{&debug.BuildInfo{GoVersion: "go1.26.8", Main: debug.Module{Version: "(devel)"}}, "(devel)"},
		{&debug.BuildInfo{}, "unknown"},
		{nil, "unknown"},
	} {
		if got := versionOf(test.info); got.String() != test.want || got.Oldest != "5.25" || test.info != nil && got.Go != test.info.GoVersion {
			t.Errorf("got %q, %+v, want %q", got, got, test.want)
		}
	}
}
