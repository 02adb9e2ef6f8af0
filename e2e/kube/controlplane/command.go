package controlplane

import (
	"context"
	"errors"
	"flag"
	"log/slog"
	"net"
	"net/http"
	"os"
	"os/signal"
	"syscall"
	"time"

	"k8s.io/klog/v2"
)

// Main is the program controlplane: it serves until it is told to end.
func Main(args []string) error {
	flags := flag.NewFlagSet("controlplane", flag.ContinueOnError)
	dir := flags.String("dir", "/var/lib/lab-kube", "where the cluster lives")
	listen := flags.String("listen", "127.0.0.1:6442", "address of the HTTP interface")
	if err := flags.Parse(args); err != nil {
		return err
	}
	if err := os.MkdirAll(*dir, 0o700); err != nil {
		return err
	}
	klog.SetSlogLogger(slog.Default())
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM, os.Interrupt)
	defer stop()
	supervisor := New(ctx, *dir)
	defer supervisor.Stop()
	listener, err := net.Listen("tcp", *listen)
	if err != nil {
		return err
	}
	if err := supervisor.Resume(); err != nil {
		return err
	}
	return serve(ctx, listener, supervisor.Handler())
}

// serve answers until ctx ends; requests that wait then end with it.
func serve(ctx context.Context, listener net.Listener, h http.Handler) error {
	server := &http.Server{
		Handler:           h,
		ReadHeaderTimeout: 10 * time.Second,
		BaseContext:       func(net.Listener) context.Context { return ctx },
	}
	defer context.AfterFunc(ctx, func() { server.Close() })() //nolint:errcheck // closing is all there is to do
	slog.Info("listening", "address", listener.Addr())
	if err := server.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return nil
}
