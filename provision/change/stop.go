package change

import "context"

type (
	endKey   struct{} // of a gentle context: the one that ends what is to be finished too
	leaveKey struct{} // of what is to be finished: the gentle one
)

// Gently derives a context that ends when stop is called, or with ctx. What writes is
// finished first, by Finishing.
func Gently(ctx context.Context) (gentle context.Context, stop context.CancelCauseFunc) {
	gentle, stop = context.WithCancelCause(ctx)
	return context.WithValue(gentle, endKey{}, ctx), stop
}

// Finishing is the context of what has to be finished once it has begun: of a context
// that Gently derived it is one that ends only with what that was derived from.
func Finishing(ctx context.Context) (context.Context, context.CancelFunc) {
	if _, already := ctx.Value(leaveKey{}).(context.Context); already {
		return context.WithCancel(ctx)
	}
	end, gentle := ctx.Value(endKey{}).(context.Context)
	if !gentle {
		return context.WithCancel(ctx)
	}
	return with(context.WithValue(context.WithoutCancel(ctx), leaveKey{}, ctx), end)
}

// Waiting is the context of what may be left at any moment, also in the middle of what is
// to be finished: it ends with ctx, and as soon as somebody wants to stop.
func Waiting(ctx context.Context) (context.Context, context.CancelFunc) {
	leave, finishing := ctx.Value(leaveKey{}).(context.Context)
	if !finishing {
		return context.WithCancel(ctx)
	}
	return with(ctx, leave)
}

// Asked tells whether somebody wants to stop, while what has begun may still be finished.
func Asked(ctx context.Context) bool {
	end, gentle := ctx.Value(endKey{}).(context.Context)
	leave, finishing := ctx.Value(leaveKey{}).(context.Context)
	if !finishing {
		leave = ctx
	}
	return gentle && leave.Err() != nil && end.Err() == nil
}

// Left is why waits in ctx end, whatever they wait for: ctx has ended, or somebody wants to stop; nil if they do not. What a
// wait that failed would lead to is not done then.
func Left(ctx context.Context) error {
	if leave, finishing := ctx.Value(leaveKey{}).(context.Context); finishing && ctx.Err() == nil {
		return context.Cause(leave)
	}
	return context.Cause(ctx)
}

// with is ctx that ends with the other one too.
func with(ctx, other context.Context) (context.Context, context.CancelFunc) {
	both, cancel := context.WithCancelCause(ctx)
	if other.Err() != nil {
		cancel(context.Cause(other)) // AfterFunc would need a moment
	}
	stop := context.AfterFunc(other, func() { cancel(context.Cause(other)) })
	return both, func() { stop(); cancel(nil) }
}
