// Command internet is the rest of the world, as far as the lab needs it: the
// name server and the web server at 203.0.113.1. It runs inside the lab's
// internet namespace.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"net/http"
	"os"
	"os/signal"
	"time"

	"github.com/miekg/dns"
	"golang.org/x/sys/unix"
)

func main() {
	www := flag.String("www", "", "directory that the web server shows")
	address := flag.String("address", "203.0.113.1", "address of the name server and the web server")
	lameAddress := flag.String("lame", "203.0.113.2", "address of the name server that is in charge of nothing")
	differences := flag.String("names", "", "file of what differs in DNS")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, unix.SIGTERM)
	defer stop()
	if err := run(ctx, *address, *www, *lameAddress, *differences); err != nil {
		fmt.Fprintln(os.Stderr, "internet:", err)
		os.Exit(1)
	}
}

// run serves until ctx ends or a server fails.
func run(ctx context.Context, address, www, lameAddress, differences string) error {
	files, err := os.OpenRoot(www)
	if err != nil {
		return err
	}
	defer func() { _ = files.Close() }()
	web := &http.Server{
		Addr:              address + ":80",
		Handler:           http.FileServerFS(files.FS()), // ServeContent: ranges and lengths
		ReadHeaderTimeout: 10 * time.Second,
	}
	ended := make(chan error, 5)
	go func() { ended <- web.ListenAndServe() }()
	names := append(nameServers(address+":53", nameServer{differences}), nameServers(lameAddress+":53", dns.HandlerFunc(lame))...)
	for _, s := range names {
		go func() { ended <- s.ListenAndServe() }()
	}
	select {
	case err = <-ended:
	case <-ctx.Done():
	}
	errs := []error{err, web.Close()}
	for _, s := range names {
		errs = append(errs, s.Shutdown())
	}
	return errors.Join(errs...)
}
