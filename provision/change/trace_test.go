package change

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"regexp"
	"testing"
	"time"
)

// logged is a context whose log is kept, without times.
func logged(t *testing.T) (context.Context, *bytes.Buffer) {
	var kept bytes.Buffer
	untimed := func(_ []string, a slog.Attr) slog.Attr {
		if a.Key == slog.TimeKey || a.Key == "took" {
			return slog.Attr{}
		}
		return a
	}
	return WithLog(t.Context(), slog.New(slog.NewTextHandler(&kept, &slog.HandlerOptions{Level: slog.LevelDebug, ReplaceAttr: untimed}))), &kept
}

func TestTrace(t *testing.T) {
	ctx, kept := logged(t)
	Trace(ctx, "command", "name", "nft")(nil)
	Trace(ctx, "request", "path", "/api")(errors.New("no route"))
	want := `level=DEBUG msg=command name=nft
level=DEBUG msg="command ended" name=nft
level=DEBUG msg=request path=/api
level=DEBUG msg="request ended" path=/api error="no route"
`
	if kept.String() != want {
		t.Errorf("got\n%s\nwant\n%s", kept, want)
	}
	Trace(t.Context(), "command")(nil) // nowhere, and that is no error
}

func TestAwaitIsLogged(t *testing.T) {
	ctx, kept := logged(t)
	missing := []string{"no answer", "no answer", "not ready", ""}
	err := Condition{Description: "the light", Deadline: time.Minute, Interval: time.Millisecond, Check: func(context.Context) error {
		is := missing[0]
		missing = missing[1:]
		if is == "" {
			return nil
		}
		return errors.New(is)
	}}.Await(ctx, nil)
	want := `^level=DEBUG msg=wait for="the light" deadline=1m0s
level=DEBUG msg="still missing" for="the light" error="no answer"
level=DEBUG msg="still missing" for="the light" error="not ready"
level=DEBUG msg="wait ended" for="the light" deadline=1m0s
$`
	if err != nil || !regexp.MustCompile(want).MatchString(kept.String()) {
		t.Errorf("%v; got\n%s\nwant\n%s", err, kept, want)
	}
}
