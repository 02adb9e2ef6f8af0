package cmd

import (
	"context"
	"io"
	"os"
	"os/signal"
	"syscall"

	"wiabctl/provision"
	"wiabctl/provision/change"
)

// Run is Execute of a process. The first signal ends every wait, and lets what is being
// changed be finished; the second ends that too; the third kills, as signals do.
func Run(args []string, in io.Reader, out, errOut io.Writer) int {
	ctx, end := context.WithCancelCause(context.Background())
	gentle, stop := change.Gently(ctx)
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, stopping()...)
	go func() {
		cause := provision.Interrupted.Failf("stopped by a signal: %s", <-signals)
		stop(cause)
		<-signals
		end(cause)
		signal.Stop(signals)
	}()
	return Execute(gentle, args, in, out, errOut)
}

// stopping are the signals by which somebody wants us to stop. A terminal that hangs up is
// one, unless nohup said that it is none.
func stopping() []os.Signal {
	signals := []os.Signal{os.Interrupt, syscall.SIGTERM}
	if !signal.Ignored(syscall.SIGHUP) {
		signals = append(signals, syscall.SIGHUP)
	}
	return signals
}
