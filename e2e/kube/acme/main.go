package main

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"flag"
	"log"
	"net"
	"net/http"
	"os"
	"os/signal"
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
	root := flag.String("root", "", "file that gets the root of what it issues, once it listens")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM, os.Interrupt)
	defer stop()
	if err := run(ctx, *address, *names, *cert, *key, *root); err != nil {
		log.Fatal("acme: ", err)
	}
}

// run serves until ctx ends.
func run(ctx context.Context, address, names, cert, key, root string) error {
	serving, err := certificate(cert, key)
	if err != nil {
		return err
	}
	listener, err := net.Listen("tcp", address)
	if err != nil {
		return err
	}
	handler, anchor := authority(names)
	// Whoever sees the file sees all of it.
	if err := errors.Join(os.WriteFile(root+".new", anchor, 0o644), os.Rename(root+".new", root)); err != nil {
		return err
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

// hosts are the names of Let's Encrypt's production and staging servers.
func hosts() []string {
	return []string{"acme-v02.api.letsencrypt.org", "acme-staging-v02.api.letsencrypt.org"}
}

// certificate is the server's own.
func certificate(cert, key string) (tls.Certificate, error) {
	signer, err := pki.ReadAuthority(cert, key)
	if err != nil {
		return tls.Certificate{}, err
	}
	pair, err := signer.Issue(x509.Certificate{DNSNames: hosts(), ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}})
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
