package cluster

import (
	"crypto/rand"
	"encoding/pem"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"golang.org/x/crypto/ssh"
)

// uploaded is how much BenchmarkUpload writes at a time, in bytes.
const uploaded = 1 << 30

// BenchmarkUpload measures an upload to OpenSSH's server against scp's of the same file,
// by turns and in memory, the best of three each: it has to be at least as fast.
func BenchmarkUpload(b *testing.B) {
	s := serveOpenSSH(b)
	source := filepath.Join(s.dir, "source")
	randomFile(b, source)
	admin := &Admin{Target: func() (Target, error) { return s.target, nil }, Dir: filepath.Join(s.dir, "deploy")}
	defer admin.Close()
	for b.Loop() {
		ours, scps := time.Hour, time.Hour
		for range 3 {
			ours = min(ours, took(b, func() error { return upload(b, admin, source) }))
			scps = min(scps, took(b, func() error { return s.scp(b, source, filepath.Join(s.dir, "scp")) }))
		}
		rate := func(t time.Duration) float64 { return uploaded / t.Seconds() / (1 << 20) }
		b.ReportMetric(rate(ours), "MiB/s")
		b.ReportMetric(rate(scps), "scp-MiB/s")
		b.ReportMetric(scps.Seconds()/ours.Seconds(), "ours/scp")
		if ours > scps {
			b.Errorf("an upload took %s, scp %s", ours, scps)
		}
	}
	want, err := exec.Command("cmp", source, filepath.Join(s.dir, "deploy", "big")).CombinedOutput()
	if err != nil {
		b.Errorf("what was uploaded differs: %v %s", err, want)
	}
}

func upload(b *testing.B, admin *Admin, source string) error {
	f, err := os.Open(source)
	if err != nil {
		return err
	}
	defer f.Close()
	return admin.Upload(b.Context(), "big", f, 0o600)
}

func took(b *testing.B, act func() error) time.Duration {
	b.Helper()
	began := time.Now()
	if err := act(); err != nil {
		b.Fatal(err)
	}
	return time.Since(began)
}

func randomFile(b *testing.B, path string) {
	b.Helper()
	f, err := os.Create(path)
	if err != nil {
		b.Fatal(err)
	}
	defer f.Close()
	if _, err := io.CopyN(f, rand.Reader, uploaded); err != nil {
		b.Fatal(err)
	}
}

// openSSH is OpenSSH's own server on loopback, with one user's key.
type openSSH struct {
	dir    string // in memory where there is such a file system, so that no disk is measured
	target Target
}

func serveOpenSSH(b *testing.B) openSSH {
	b.Helper()
	dir, err := os.MkdirTemp(inMemory(), "wiabctl-upload-")
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { os.RemoveAll(dir) })
	me, err := user.Current()
	if err != nil {
		b.Fatal(err)
	}
	s := openSSH{dir: dir, target: Target{Name: "OpenSSH", Address: freeAddress(b), User: me.Username}}
	s.target.Key = writeKey(b, filepath.Join(dir, "key"))
	s.target.HostKey = writeKey(b, filepath.Join(dir, "host")).PublicKey()
	host, port, _ := net.SplitHostPort(s.target.Address)
	s.write(b, "authorized", string(ssh.MarshalAuthorizedKey(s.target.Key.PublicKey())))
	s.write(b, "known", fmt.Sprintf("[%s]:%s %s", host, port, ssh.MarshalAuthorizedKey(s.target.HostKey)))
	s.write(b, "config", strings.Join([]string{
		"ListenAddress " + s.target.Address, "HostKey " + dir + "/host", "AuthorizedKeysFile " + dir + "/authorized",
		"PidFile none", "StrictModes no", "UsePAM no", "PasswordAuthentication no", "PermitRootLogin prohibit-password",
		"Subsystem sftp internal-sftp", "",
	}, "\n"))
	s.start(b)
	return s
}

// start runs the server until the benchmark ends, and waits until it answers.
func (s openSSH) start(b *testing.B) {
	b.Helper()
	if os.Geteuid() == 0 {
		if err := os.MkdirAll("/run/sshd", 0o755); err != nil { // it wants one to be shut up in
			b.Fatal(err)
		}
	}
	var said strings.Builder
	server := exec.Command("/usr/sbin/sshd", "-D", "-e", "-f", filepath.Join(s.dir, "config"))
	server.Stderr = &said
	if err := server.Start(); err != nil {
		b.Fatalf("sshd (package openssh-server): %v", err)
	}
	b.Cleanup(func() { _ = server.Process.Kill(); _ = server.Wait() })
	for end := time.Now().Add(10 * time.Second); ; {
		client, err := s.target.Dial(b.Context())
		if err == nil {
			client.Close()
			return
		}
		if time.Now().After(end) {
			b.Fatalf("sshd does not let us in: %v", err)
		}
	}
}

// scp copies a file to the server with the program of this name.
func (s openSSH) scp(b *testing.B, from, to string) error {
	host, port, _ := net.SplitHostPort(s.target.Address)
	said, err := exec.CommandContext(b.Context(), "scp", "-q", "-F", "none", "-P", port, "-i", filepath.Join(s.dir, "key"),
		"-o", "IdentitiesOnly=yes", "-o", "BatchMode=yes", "-o", "StrictHostKeyChecking=yes", "-o", "UserKnownHostsFile="+filepath.Join(s.dir, "known"),
		from, s.target.User+"@"+host+":"+to).CombinedOutput()
	if err != nil {
		return fmt.Errorf("scp (package openssh-client): %w: %s", err, said)
	}
	return nil
}

func (s openSSH) write(b *testing.B, name, content string) {
	b.Helper()
	if err := os.WriteFile(filepath.Join(s.dir, name), []byte(content), 0o600); err != nil {
		b.Fatal(err)
	}
}

// writeKey writes a new private key to a file.
func writeKey(b *testing.B, file string) ssh.Signer {
	b.Helper()
	signer, private := generate(b)
	block, err := ssh.MarshalPrivateKey(private, "")
	if err != nil {
		b.Fatal(err)
	}
	if err := os.WriteFile(file, pem.EncodeToMemory(block), 0o600); err != nil {
		b.Fatal(err)
	}
	return signer
}

// inMemory is a directory of a file system in memory, or the usual one for temporary files.
func inMemory() string {
	if info, err := os.Stat("/dev/shm"); err == nil && info.IsDir() {
		return "/dev/shm"
	}
	return os.TempDir()
}
