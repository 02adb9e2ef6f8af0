package e2e

import (
	"fmt"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

// origin is a web server on the lab's internet that a scenario has in its hands, and that
// counts the bytes which it sends.
type origin struct {
	url  string
	sent atomic.Int64
}

// serve starts an origin.
func serve(t *testing.T, answer http.HandlerFunc) *origin {
	t.Helper()
	listener, err := theLab.Listen(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	o := &origin{url: "http://" + listener.Addr().String()}
	server := &http.Server{Handler: answer, ReadHeaderTimeout: 10 * time.Second}
	go func() { _ = server.Serve(counted{listener, &o.sent}) }()
	t.Cleanup(func() { _ = server.Close() })
	return o
}

// counted counts what its connections send.
type counted struct {
	net.Listener
	sent *atomic.Int64
}

func (c counted) Accept() (net.Conn, error) {
	conn, err := c.Listener.Accept()
	if tcp, ok := conn.(*net.TCPConn); ok {
		_ = tcp.SetWriteBuffer(64 << 10) // what waits in it counts as sent
	}
	return countedConn{conn, c.sent}, err
}

type countedConn struct {
	net.Conn
	sent *atomic.Int64
}

func (c countedConn) Write(p []byte) (int, error) {
	n, err := c.Conn.Write(p)
	c.sent.Add(int64(n))
	return n, err
}

// throttled sends so many bytes a second at the most, as a way through the internet does.
type throttled struct {
	http.ResponseWriter
	rate int
}

func (w throttled) Write(p []byte) (int, error) {
	const piece = 64 << 10
	sent := 0
	for len(p) > 0 {
		began := time.Now()
		n, err := w.ResponseWriter.Write(p[:min(piece, len(p))])
		if sent += n; err != nil {
			return sent, err
		}
		p = p[n:]
		if rest := time.Duration(n)*time.Second/time.Duration(w.rate) - time.Since(began); rest > 0 {
			<-time.After(rest)
		}
	}
	return sent, nil
}

// assetsConfig is a configuration whose artifact comes from the URL, into a cache of its
// own, and whose base image is next to nothing. Each number makes another artifact.
func assetsConfig(t *testing.T, number int64, artifact, sha256 string) (file, cache string) {
	t.Helper()
	tiny := filepath.Join(t.TempDir(), "tiny.img")
	if err := os.WriteFile(tiny, make([]byte, 512), 0o644); err != nil {
		t.Fatal(err)
	}
	image, imageSum, err := theLab.Publish(fmt.Sprintf("tiny-%x.img", number), tiny)
	if err != nil {
		t.Fatal(err)
	}
	cache = fmt.Sprintf("/var/tmp/cache-%x", number)
	file = fmt.Sprintf("/etc/wiabctl/assets-%x.yaml", number)
	writeHost(t, file, fmt.Sprintf(`domain: green.example.org
email: ops@example.org
artifact: {hash: "%040x", url: %q%s}
assets: {cache: %s}
vms:
  accel: tcg
  image: {url: %q, sha256: %q}
  sizes: {assethost: {memory: 256MiB, disk: 1GiB}, kubenode: {memory: 256MiB, disk: 1GiB}, datanode: {memory: 256MiB, disk: 1GiB}}
`, number, artifact, optional(", sha256: ", sha256), cache, image, imageSum))
	t.Cleanup(func() { onHost(t, "rm -rf "+file+" "+cache) })
	return file, cache
}

func optional(before, text string) string {
	if text == "" {
		return ""
	}
	return before + text
}

// whole lists the artifacts that a cache holds whole.
func whole(t *testing.T, cache string) []string {
	t.Helper()
	return strings.Fields(onHost(t, "find "+cache+"/sha256 -type f -size +1k -printf '%f\n' 2>/dev/null || true"))
}
