package main

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"flag"
	"log"
	"maps"
	"net"
	"net/http"
	"os"
	"os/signal"
	"path/filepath"
	"slices"
	"syscall"
	"time"

	"github.com/letsencrypt/pebble/v2/ca"
	"github.com/letsencrypt/pebble/v2/db"
	"github.com/letsencrypt/pebble/v2/va"
	"github.com/letsencrypt/pebble/v2/wfe"

	"wiabctl/e2e/kube/pki"
)

func main() {
	address := flag.String("address", "203.0.113.1:443", "where it listens")
	names := flag.String("dns", "203.0.113.1:53", "the name server that validation asks")
	cert := flag.String("ca-cert", "", "certificate of the authority that signs the server's own certificate")
	key := flag.String("ca-key", "", "its key")
	roots := flag.String("roots", "", "directory that gets the root of what each authority issues, by its name, once they listen")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM, os.Interrupt)
	defer stop()
	if err := run(ctx, *address, *names, *cert, *key, *roots); err != nil {
		log.Fatal("acme: ", err)
	}
}

// authorities are Let's Encrypt's two, which know nothing of each other: their names here, and their servers'.
func authorities() map[string]string {
	return map[string]string{"acme": "acme-v02.api.letsencrypt.org", "acme-staging": "acme-staging-v02.api.letsencrypt.org"}
}

// run serves until ctx ends.
func run(ctx context.Context, address, names, cert, key, roots string) error {
	serving, err := certificate(cert, key)
	if err != nil {
		return err
	}
	listener, err := net.Listen("tcp", address)
	if err != nil {
		return err
	}
	handler := http.NewServeMux()
	for name, host := range authorities() {
		pebble, root := authority(names)
		handler.Handle(host+"/", pebble)
		if err := publish(filepath.Join(roots, name+".crt"), root); err != nil {
			return err
		}
	}
	server := &http.Server{
		Handler:           handler,
		TLSConfig:         &tls.Config{Certificates: []tls.Certificate{serving}, MinVersion: tls.VersionTLS12},
		ReadHeaderTimeout: 10 * time.Second,
	}
	defer context.AfterFunc(ctx, func() { server.Close() })() //nolint:errcheck // closing is all there is to do
	if err := server.ServeTLS(listener, "", ""); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return nil
}

// publish writes a file of which everybody sees nothing or all.
func publish(file string, content []byte) error {
	return errors.Join(os.WriteFile(file+".new", content, 0o644), os.Rename(file+".new", file))
}

// certificate is the server's own.
func certificate(cert, key string) (tls.Certificate, error) {
	signer, err := pki.ReadAuthority(cert, key)
	if err != nil {
		return tls.Certificate{}, err
	}
	pair, err := signer.Issue(x509.Certificate{DNSNames: slices.Collect(maps.Values(authorities())), ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}})
	if err != nil {
		return tls.Certificate{}, err
	}
	return tls.X509KeyPair(pair.Cert, pair.Key)
}

const (
	httpPort, tlsPort = 80, 443
	// retryAfter is what clients are told to wait before they look again, in seconds.
	retryAfter = 1
	lifetime   = 90 * 24 * time.Hour
)

// authority is pebble, and the root of what it issues in PEM.
func authority(names string) (http.Handler, []byte) {
	logger := log.New(os.Stdout, "", log.LstdFlags)
	store := db.NewMemoryStore()
	profiles := map[string]ca.Profile{"default": {Description: "as Let's Encrypt's", ValidityPeriod: uint64(lifetime.Seconds())}}
	issuing := ca.New(logger, store, "", "ecdsa", 0, 1, profiles)
	validating := va.New(logger, httpPort, tlsPort, false, names, store)
	front := wfe.New(logger, store, validating, issuing, []string{"letsencrypt.org"}, false, false, retryAfter, retryAfter)
	return underRealPath(front.Handler()), issuing.GetRootCert(0).PEM()
}

// underRealPath serves pebble's directory where Let's Encrypt has it.
func underRealPath(pebble http.Handler) http.Handler {
	return http.HandlerFunc(func(rw http.ResponseWriter, req *http.Request) {
		if req.URL.Path == "/directory" {
			req.URL.Path = wfe.DirectoryPath
		}
		pebble.ServeHTTP(rw, req)
	})
}
