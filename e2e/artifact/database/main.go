package main

import (
	"context"
	"errors"
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
	ends, err := start(ctx, os.Args[1:])
	if err == nil {
		err = <-ends
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "database:", err)
		os.Exit(1)
	}
}

// start makes a member of a cluster, which listens when it returns, until ctx ends; the
// arguments are its kind and the addresses of its members.
func start(ctx context.Context, args []string) (<-chan error, error) {
	if len(args) < 2 {
		return nil, errors.New("usage: database KIND ADDRESS ADDRESS")
	}
	k, known := kinds[args[0]]
	if !known {
		return nil, fmt.Errorf("%q is no kind of database", args[0])
	}
	others := members{port: k.port, addresses: args[1:]}
	ends := make(chan error, 2)
	err := serve(ctx, ":"+k.port, ends, func(conn net.Conn) { k.answer(conn, others) })
	if err == nil && k.programs != "" {
		err = serve(ctx, "127.0.0.1:"+k.programs, ends, func(conn net.Conn) { tell(conn, others) })
	}
	return ends, err
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
