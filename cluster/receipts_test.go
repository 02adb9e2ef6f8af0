package cluster

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// asSudo lets the admin host's sudo run everything as whoever asks.
func asSudo(t *testing.T) {
	t.Helper()
	dir := t.TempDir()
	writeProgram(t, filepath.Join(dir, "sudo"), `exec "$@"`)
	t.Setenv("PATH", dir+":"+os.Getenv("PATH"))
}

// tree are the deploy directory's files with their content and mode, but for the copies.
func tree(t *testing.T, root string) map[string]string {
	t.Helper()
	all := map[string]string{}
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || strings.HasSuffix(path, ".tar") {
			return err
		}
		content, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		info, err := d.Info()
		if err != nil {
			return err
		}
		all[strings.TrimPrefix(path, root+"/")] = info.Mode().String() + " " + string(content)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

func TestReceipts(t *testing.T) {
	asSudo(t)
	admin := testAdmin(t)
	receipts := Receipts{Admin: admin}
	put := func(name, content string, mode os.FileMode) {
		t.Helper()
		file := filepath.Join(admin.Dir, name)
		if err := errors.Join(os.MkdirAll(filepath.Dir(file), 0o755), os.WriteFile(file, []byte(content), mode)); err != nil {
			t.Fatal(err)
		}
	}
	put("wiab/jobs/helm/receipt.json", "then", 0o600)
	put("wiab/jobs/helm/result", "then", 0o644)
	put("wiab/releases/red/secrets.yaml", "then", 0o600)
	put(adminConf, "then", 0o600)
	put("values/wire-server/values.yaml", "then", 0o644)
	put("values/wire-server/prod-values.example.yaml", "then", 0o644)
	put(inventoryFile, "then", 0o644)
	put("wiab/images", "then", 0o644)
	want := tree(t, admin.Dir)
	if err := receipts.Save(t.Context(), "good"); err != nil {
		t.Fatal(err)
	}
	if info, err := os.Stat(filepath.Join(admin.Dir, "wiab/snapshots/good.tar")); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("the copy: %v, %v; want the mode 0600, for it holds secrets", info, err)
	}

	put("wiab/jobs/helm/receipt.json", "now", 0o644)
	put("wiab/jobs/helm2/receipt.json", "now", 0o600)
	put("values/wire-server/values.yaml", "now", 0o644)
	put("values/wire-server/secrets.yaml", "now", 0o600)
	put("values/wire-server/prod-values.example.yaml", "now", 0o644)
	put(inventoryFile, "now", 0o644)
	put("wiab/images", "now", 0o644)
	if err := os.RemoveAll(filepath.Join(admin.Dir, "ansible/inventory/offline/artifacts")); err != nil {
		t.Fatal(err)
	}
	// What is no product of the scripts is not brought back.
	for _, name := range []string{"values/wire-server/prod-values.example.yaml", inventoryFile, "wiab/images"} {
		want[name] = strings.Replace(want[name], "then", "now", 1)
	}
	for range 2 { // it can be repeated
		if err := errors.Join(receipts.Check(t.Context(), "good"), receipts.Restore(t.Context(), "good")); err != nil {
			t.Fatal(err)
		}
	}
	if diff := cmp.Diff(want, tree(t, admin.Dir)); diff != "" {
		t.Errorf("after the restore (-want +got):\n%s", diff)
	}

	for range 2 { // nothing is success
		if err := receipts.Delete(t.Context(), "good"); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := os.Stat(filepath.Join(admin.Dir, "wiab/snapshots")); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("deleting left the directory: %v", err)
	}
	if err := receipts.Check(t.Context(), "good"); ExitStatus(err) <= 0 {
		t.Errorf("checking what is gone: %v", err)
	}
	if err := receipts.Restore(t.Context(), "good"); err == nil {
		t.Error("restoring what is gone succeeded")
	}
	if diff := cmp.Diff(want, tree(t, admin.Dir)); diff != "" {
		t.Errorf("a restore that failed touched something (-want +got):\n%s", diff)
	}
}

// TestReceiptsOfAnotherVersion restores what was saved under another version of the
// artifact: the active version's script has to run, the other's has not.
func TestReceiptsOfAnotherVersion(t *testing.T) {
	asSudo(t)
	admin := testAdmin(t)
	of := func(version string) Job {
		return Job{Name: "helm", Script: []string{toolsFile, "./bin/helm-operations.sh"}, Inputs: []string{version}}
	}
	ran := func(j Job) {
		t.Helper()
		receipt := `{"run": "1", "inputs": "` + j.digest() + `"}`
		if err := errors.Join(admin.Write(t.Context(), j.file("receipt.json"), []byte(receipt), 0o600),
			admin.Write(t.Context(), j.file("result"), []byte("1 "+succeeded+"\n"), 0o644)); err != nil {
			t.Fatal(err)
		}
	}
	reason := func(j Job) string {
		t.Helper()
		reason, err := j.Done(t.Context(), admin)
		if err != nil {
			t.Fatal(err)
		}
		return reason
	}
	ran(of("older"))
	receipts := Receipts{Admin: admin}
	if err := receipts.Save(t.Context(), "before"); err != nil {
		t.Fatal(err)
	}
	ran(of("newer"))
	if got := reason(of("newer")); got != "" {
		t.Fatalf("after its run the newer version's script has to run: %s", got)
	}
	if err := receipts.Restore(t.Context(), "before"); err != nil {
		t.Fatal(err)
	}
	if got := reason(of("newer")); !strings.HasPrefix(got, "its inputs changed") {
		t.Errorf("the newer version's script: %q", got)
	}
	if got := reason(of("older")); got != "" {
		t.Errorf("the older version's script has to run: %s", got)
	}
	if !slices.Contains(Belongings(), "wiab/snapshots") {
		t.Error("the snapshots do not go along to another version")
	}
}
