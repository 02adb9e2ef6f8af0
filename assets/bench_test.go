package assets

import (
	"archive/tar"
	"bytes"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/klauspost/compress/gzip"
)

// installVariable names the artifact's URL and the directory to install it in: then this
// program does that and nothing else, so that its time and memory can be measured.
const installVariable = "WIABCTL_BENCH_INSTALL"

func TestMain(m *testing.M) {
	if url, dir, ok := strings.Cut(os.Getenv(installVariable), " "); ok {
		if err := installAt(url, dir); err != nil {
			panic(err)
		}
		return
	}
	m.Run()
}

// installAt does what the stage does.
func installAt(url, dir string) error {
	a := Artifact{
		Spec:  Spec{Hash: someHash, URL: url},
		Store: Store{Cache: filepath.Join(dir, "cache"), Pins: Pins{filepath.Join(dir, "pins")}},
		Home:  filepath.Join(dir, "home"), UID: os.Geteuid(), GID: os.Getegid(),
	}
	if err := os.MkdirAll(a.Home, 0o755); err != nil {
		return err
	}
	plan, err := a.Plan(context.Background())
	for _, c := range plan {
		err = errors.Join(err, c.Apply(context.Background(), nil))
	}
	return err
}

// mixed is how the content of the artifact of the benchmark is mixed, in MiB. Wire's
// consists, in bytes, nearly all of archives of container layers and Debian packages, which are large and of which
// the most is packed already; the rest are many small texts.
var mixed = []struct {
	name  string
	files int
	each  int // bytes
	noise float64
}{
	{"containers-helm", 8, 160 << 20, 0.8},
	{"containers-system", 6, 120 << 20, 0.8},
	{"debs", 400, 1 << 20, 1},
	{"binaries", 16, 24 << 20, 0.4},
	{"charts", 8000, 6 << 10, 0.05},
	{"ansible", 6000, 3 << 10, 0.05},
}

// writeMixed writes the artifact: noise does not pack at all, the rest very well.
func writeMixed(tb testing.TB, path string) {
	tb.Helper()
	out, err := os.Create(path)
	if err != nil {
		tb.Fatal(err)
	}
	z, err := gzip.NewWriterLevel(out, gzip.DefaultCompression)
	if err != nil {
		tb.Fatal(err)
	}
	archive := tar.NewWriter(z)
	for _, e := range smallEntries() {
		err = errors.Join(err, archive.WriteHeader(&e.Header), discardCount(archive.Write([]byte(e.content))))
	}
	random := rand.NewChaCha8([32]byte{1})
	words := []byte(strings.Repeat("apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: wire-server\n  labels: {chart: galley}\n", 800))
	chunk := make([]byte, 64<<10)
	for _, kind := range mixed {
		for i := range kind.files {
			name := fmt.Sprintf("%s/%03d/file-%d", kind.name, i/100, i)
			err = errors.Join(err, archive.WriteHeader(&tar.Header{Name: name, Mode: 0o644, Size: int64(kind.each)}))
			for left := kind.each; left > 0; left -= len(chunk) {
				packed := int(kind.noise * float64(len(chunk)))
				_, _ = random.Read(chunk[:packed])
				copy(chunk[packed:], words[random.Uint64()%1000:])
				err = errors.Join(err, discardCount(archive.Write(chunk[:min(left, len(chunk))])))
			}
		}
	}
	if err = errors.Join(err, archive.Close(), z.Close(), out.Close()); err != nil {
		tb.Fatal(err)
	}
}

func discardCount(_ int, err error) error { return err }

// BenchmarkInstall compares bringing and unpacking an artifact of 2 GiB with what people
// do by hand. All write into the same file system; in memory (make bench sees to it), for
// a disk would level what they differ in.
func BenchmarkInstall(b *testing.B) {
	served := b.TempDir()
	writeMixed(b, filepath.Join(served, "a.tgz"))
	info, err := os.Stat(filepath.Join(served, "a.tgz"))
	if err != nil {
		b.Fatal(err)
	}
	if info.Size() < 2<<30 {
		b.Fatalf("the artifact has %d bytes only", info.Size())
	}
	server := httptest.NewServer(http.FileServer(http.Dir(served)))
	defer server.Close()
	url := server.URL + "/a.tgz"
	ours := func(dir string) *exec.Cmd {
		cmd := exec.Command(os.Args[0], "-test.run=^$")
		cmd.Env = append(os.Environ(), installVariable+"="+url+" "+dir)
		return cmd
	}
	shell := func(line string) func(dir string) *exec.Cmd {
		return func(dir string) *exec.Cmd {
			cmd := exec.Command("bash", "-ec", "set -o pipefail; mkdir t; "+line)
			cmd.Dir, cmd.Env = dir, append(os.Environ(), "URL="+url)
			return cmd
		}
	}
	byHand := shell(`curl -sS -o f "$URL" && sha256sum f >sum && tar xzf f -C t`)
	piped := shell(`curl -sS "$URL" | tee >(sha256sum >sum) | pigz -dc | tar x -C t`)
	for b.Loop() {
		var best [3]time.Duration
		var memory int64
		for range 3 {
			for i, way := range []func(string) *exec.Cmd{ours, byHand, piped} {
				took, peak := timed(b, way)
				if best[i] == 0 || took < best[i] {
					best[i] = took
				}
				if i == 0 {
					memory = max(memory, peak)
				}
			}
		}
		b.Logf("%.2f GiB: ours %s, by hand %s, piped %s, peak memory %d MiB", float64(info.Size())/(1<<30), best[0], best[1], best[2], memory>>20)
		atMost(b, "of-by-hand", float64(best[0])/float64(best[1]), 0.60)
		atMost(b, "of-piped", float64(best[0])/float64(best[2]), 1.00)
		atMost(b, "peak-MiB", float64(memory)/(1<<20), 64)
	}
}

// atMost reports a number and demands that it is at most so large.
func atMost(b *testing.B, what string, got, most float64) {
	b.Helper()
	b.ReportMetric(got, what)
	if got > most {
		b.Errorf("%s is %.2f, the most is %.2f", what, got, most)
	}
}

// timed runs a way in a directory of its own and tells its time and peak memory in bytes.
func timed(b *testing.B, way func(dir string) *exec.Cmd) (time.Duration, int64) {
	b.Helper()
	dir, err := os.MkdirTemp(b.TempDir(), "")
	if err != nil {
		b.Fatal(err)
	}
	defer os.RemoveAll(dir)
	var said bytes.Buffer
	cmd := way(dir)
	cmd.Stdout, cmd.Stderr = &said, &said
	began := time.Now()
	if err := cmd.Run(); err != nil {
		b.Fatalf("%v: %s", err, said.String())
	}
	return time.Since(began), cmd.ProcessState.SysUsage().(*syscall.Rusage).Maxrss << 10
}
