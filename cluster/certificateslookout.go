package cluster

import (
	"context"
	"sync"
	"time"
)

// lookEvery is how often it is looked how certificates stand that are waited for.
const lookEvery = time.Second

// lookout looks how certificates stand, for all who wait for one: however many they are, the
// cluster is asked once in a while.
type lookout struct {
	api *API

	mu   sync.Mutex
	at   time.Time // when the last look ended
	last issuance
	err  error
}

// look returns what the last look showed, which is no older than lookEvery.
func (l *lookout) look(ctx context.Context) (issuance, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if time.Since(l.at) < lookEvery {
		return l.last, l.err
	}
	last, err := l.api.issuance(ctx)
	if ctx.Err() == nil { // who is not waited for any more spoils no other's look
		l.at, l.last, l.err = time.Now(), last, err
	}
	return last, err
}
