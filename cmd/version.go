package cmd

import (
	"cmp"
	"fmt"
	"runtime/debug"

	"github.com/spf13/cobra"

	"wiabctl/provision"
)

func newVersion(o *options) *cobra.Command {
	return &cobra.Command{
		Use:   "version",
		Short: "Tell which wiabctl this is, and which releases of wire-server it knows",
		Long: "version tells the commit that wiabctl was built from and when that was made, the Go that built it, and the releases of\n" +
			"wire-server whose charts it knows. Of another release `up` warns, or refuses it where its charts are laid out otherwise.",
		Example: "  wiabctl version\n  wiabctl version --output json",
		Args:    noArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			info, _ := debug.ReadBuildInfo()
			v := versionOf(info)
			if o.output == "json" {
				return encode(c.OutOrStdout(), v)
			}
			fmt.Fprintf(c.OutOrStdout(), "wiabctl %s, built with %s; knows wire-server %s to %s\n", v, v.Go, v.Oldest, v.Newest)
			return nil
		},
	}
}

// version is what a binary knows of itself.
type version struct {
	Version  string `json:"version"`            // of the module: a tag, or made of the commit
	Revision string `json:"revision,omitempty"` // the commit; empty where it was built outside of a repository
	Time     string `json:"time,omitempty"`     // of the commit, RFC 3339
	Modified bool   `json:"modified"`           // whether files differed from the commit
	Go       string `json:"go"`
	Oldest   string `json:"wire_server_oldest"`
	Newest   string `json:"wire_server_newest"`
}

// versionOf reads what the Go toolchain noted in the binary; nil says nothing.
func versionOf(info *debug.BuildInfo) version {
	v := version{Version: "unknown"}
	v.Oldest, v.Newest = provision.KnownReleases()
	if info == nil {
		return v
	}
	v.Version, v.Go = cmp.Or(info.Main.Version, "unknown"), info.GoVersion
	for _, setting := range info.Settings {
		switch setting.Key {
		case "vcs.revision":
			v.Revision = setting.Value
		case "vcs.time":
			v.Time = setting.Value
		case "vcs.modified":
			v.Modified = setting.Value == "true"
		}
	}
	return v
}

// String is the version with its commit.
func (v version) String() string {
	if v.Revision == "" {
		return v.Version
	}
	text := fmt.Sprintf("%s (commit %s of %s", v.Version, v.Revision, v.Time)
	if v.Modified {
		text += ", and changes to it"
	}
	return text + ")"
}
