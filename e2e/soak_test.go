package e2e

import (
	"flag"
	"os"
	"testing"
)

// soaking tells whether there is time: `make soak`.
func soaking() bool { return os.Getenv("WIABCTL_SOAK") != "" }

// long leaves a scenario of minutes to `make soak`, and to those who ask for it by its
// name, so that `make test` ends within 25 minutes.
func long(t *testing.T) {
	t.Helper()
	if !soaking() && flag.Lookup("test.run").Value.String() == "" {
		t.Skip("it takes minutes: run it by its name, make e2e RUN=" + t.Name() + ", or with all the others, make soak")
	}
}
