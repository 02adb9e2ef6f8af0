package main

import (
	"context"
	"flag"
	"log/slog"
	"net"
	"os"
	"os/signal"
	"syscall"

	"golang.org/x/sync/errgroup"
)

func main() {
	kubeconfig := flag.String("kubeconfig", "/etc/kubernetes/ingressd.conf", "how to reach the Kubernetes API")
	cache := flag.String("cache", "/var/lib/ingressd/state.json", "the last known state, kept over a reboot")
	class := flag.String("class", "nginx", "the class of the Ingresses that are served")
	plain := flag.String("http", ":31772", "address for HTTP")
	secure := flag.String("https", ":31773", "address for HTTPS")
	out := flag.String("proxy", ":3128", "address of the proxy for what the node's pods send")
	flag.Parse()

	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM, os.Interrupt)
	defer stop()
	if err := run(ctx, *kubeconfig, *cache, *class, *plain, *secure, *out); err != nil {
		slog.Error("ingressd ends", "error", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, kubeconfig, cache, class, plain, secure, out string) error {
	mirror, err := newMirror(class, cache)
	if err != nil {
		return err
	}
	var config net.ListenConfig
	plainListener, err := config.Listen(ctx, "tcp", plain)
	if err != nil {
		return err
	}
	secureListener, err := config.Listen(ctx, "tcp", secure)
	if err != nil {
		return err
	}
	outListener, err := config.Listen(ctx, "tcp", out)
	if err != nil {
		return err
	}
	go mirror.follow(ctx, &api{kubeconfig: kubeconfig})
	serving, ctx := errgroup.WithContext(ctx)
	serving.Go(func() error { return (&front{mirror: mirror}).serve(ctx, plainListener, secureListener) })
	serving.Go(func() error { return newProxy().serve(ctx, outListener) })
	return serving.Wait()
}
