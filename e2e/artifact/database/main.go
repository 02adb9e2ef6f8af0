package main

import (
	"context"
	"fmt"
	"net"
	"os"
	"os/signal"
	"syscall"
	"time"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM, os.Interrupt)
	defer stop()
	if err := run(ctx, os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "database:", err)
		os.Exit(1)
	}
}

// run is a member of a cluster until ctx ends; the arguments are its kind and the
// addresses of its members.
func run(ctx context.Context, args []string) error {
	if len(args) < 2 {
		return fmt.Errorf("usage: database KIND ADDRESS")
	}
	k, known := kinds[args[0]]
	if !known {
		return fmt.Errorf("%q is no kind of database", args[0])
	}
	others := members{port: k.port, addresses: args[1:]}
	ends := make(chan error, 2)
	if err := serve(ctx, ":"+k.port, ends, func(conn net.Conn) { k.answer(conn, others) }); err != nil {
		return err
	}
	if k.programs != "" {
		if err := serve(ctx, "127.0.0.1:"+k.programs, ends, func(conn net.Conn) { tell(conn, others) }); err != nil {
			return err
		}
	}
	return <-ends
}

// patience is how long a connection may take.
const patience = 10 * time.Second

// serve listens at an address and answers each connection, until ctx ends.
func serve(ctx context.Context, address string, ends chan<- error, answer func(net.Conn)) error {
	var config net.ListenConfig
	listener, err := config.Listen(ctx, "tcp", address)
	if err != nil {
		return err
	}
	context.AfterFunc(ctx, func() { listener.Close() })
	go func() {
		for {
			conn, err := listener.Accept()
			if ctx.Err() != nil {
				err = nil
			}
			if err != nil || ctx.Err() != nil {
				ends <- err
				return
			}
			go func() {
				defer conn.Close()
				_ = conn.SetDeadline(time.Now().Add(patience))
				answer(conn)
			}()
		}
	}()
	return nil
}
