package main

import (
	"context"
	"flag"
	"log/slog"
	"os"
	"os/signal"
	"syscall"

	"k8s.io/klog/v2"
)

func main() {
	kubeconfig := flag.String("kubeconfig", "", "how to reach the Kubernetes API")
	flag.Parse()
	klog.SetSlogLogger(slog.Default())
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM, os.Interrupt)
	defer stop()
	if err := run(ctx, *kubeconfig); err != nil && ctx.Err() == nil {
		slog.Error("cert-manager ends", "error", err)
		os.Exit(1)
	}
}

// run waits for cert-manager's kinds, which its chart brings, and then works until ctx ends.
func run(ctx context.Context, kubeconfig string) error {
	options := options(kubeconfig)
	if err := awaitKinds(ctx, kubeconfig); err != nil {
		return err
	}
	slog.Info("working")
	return control(ctx, options)
}
