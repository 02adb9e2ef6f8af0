package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"time"
)

func main() {
	id := flag.String("id", "/etc/kubernetes/cluster-id", "the file with the cluster's identity, which callers have to know")
	file := flag.String("file", "/var/lib/etcd/registry", "what is kept")
	listen := flag.String("listen", ":2379", "address for HTTP")
	flag.Parse()

	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM, os.Interrupt)
	defer stop()
	if err := run(ctx, *id, *file, *listen); err != nil {
		slog.Error("keeper ends", "error", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, idFile, file, address string) error {
	text, err := os.ReadFile(idFile)
	if err != nil {
		return err
	}
	id := strings.TrimSpace(string(text))
	if id == "" {
		return fmt.Errorf("%s is empty", idFile)
	}
	s, err := openShelf(file)
	if err != nil {
		return err
	}
	var config net.ListenConfig
	listener, err := config.Listen(ctx, "tcp", address)
	if err != nil {
		return err
	}
	server := &http.Server{Handler: handler(s, id), ReadHeaderTimeout: 10 * time.Second}
	defer context.AfterFunc(ctx, func() { _ = server.Close() })()
	if err := server.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return nil
}
