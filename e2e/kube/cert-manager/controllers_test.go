package main

import (
	"os"
	"runtime/debug"
	"strings"
	"testing"

	"github.com/cert-manager/cert-manager/pkg/controller"
)

func TestLoopsAreKnown(t *testing.T) {
	for _, name := range loops() {
		if controller.Known()[name] == nil {
			t.Errorf("cert-manager has no controller %s", name)
		}
	}
}

// The version that the binary is told is that of the module.
func TestVersion(t *testing.T) {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		t.Fatal("no build info")
	}
	flags, err := os.ReadFile("../ldflags")
	if err != nil {
		t.Fatal(err)
	}
	for _, module := range info.Deps {
		if module.Path == "github.com/cert-manager/cert-manager" && !strings.Contains(string(flags), "util.AppVersion="+module.Version) {
			t.Errorf("ldflags do not say that cert-manager is %s", module.Version)
		}
	}
}
