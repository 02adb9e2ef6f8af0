package change

import (
	"context"
	"log/slog"
	"time"
)

type logKey struct{}

// WithLog lets what is done in the context be noted in log.
func WithLog(ctx context.Context, log *slog.Logger) context.Context {
	return context.WithValue(ctx, logKey{}, log)
}

// Log is where what is done in the context is noted; nowhere without WithLog.
func Log(ctx context.Context) *slog.Logger {
	if log, ok := ctx.Value(logKey{}).(*slog.Logger); ok {
		return log
	}
	return slog.New(slog.DiscardHandler)
}

// Trace notes what is sent or asked, and when end is called how it ended: two entries, for
// what never ends has to be found too. About are pairs, as slog takes them; they
// hold no secret and no content of a file.
func Trace(ctx context.Context, what string, about ...any) (end func(error)) {
	log := Log(ctx)
	if !log.Enabled(ctx, slog.LevelDebug) {
		return func(error) {}
	}
	began := time.Now()
	log.DebugContext(ctx, what, about...)
	return func(err error) {
		about = append(about, "took", time.Since(began).Round(time.Microsecond).String())
		if err != nil {
			about = append(about, "error", err.Error())
		}
		log.DebugContext(ctx, what+" ended", about...)
	}
}
