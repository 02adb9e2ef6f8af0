package network

import (
	"os"
	"path/filepath"
	"testing"
)

// A unit that cannot be stopped keeps its file: else it would run on, and nobody would know it as ours.
func TestUnitThatDoesNotStopStays(t *testing.T) {
	needRoot(t)
	tools := t.TempDir()
	for _, exit := range []string{"1", "0"} {
		if err := os.WriteFile(filepath.Join(tools, "systemctl"), []byte("#!/bin/sh\nexit "+exit+"\n"), 0o700); err != nil {
			t.Fatal(err)
		}
		t.Setenv("PATH", tools+":"+os.Getenv("PATH"))
		all := units{{"wiabctl-test.service", "# Written by wiabctl.\n", []string{"multi-user.target"}}}
		if err := all.files().write(); err != nil {
			t.Fatal(err)
		}
		changes, err := all.remove("unit wiabctl-test.service")
		if err != nil || len(changes) != 1 {
			t.Fatalf("%v, %v", changes, err)
		}
		if err := changes[0].Apply(t.Context(), nil); (err != nil) != (exit == "1") {
			t.Errorf("systemctl ends with %s: %v", exit, err)
		}
		if left := all.files().present(); (len(left) > 0) != (exit == "1") {
			t.Errorf("systemctl ends with %s: left are %q", exit, left)
		}
	}
}
