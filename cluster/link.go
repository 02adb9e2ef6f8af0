package cluster

import (
	"errors"
	"io/fs"
	"time"

	"wiabctl/provision/change"
)

// linkTrouble tells of a connection that is lost while a job is followed, and of its
// return: neither is any trouble of the job's.
type linkTrouble struct {
	say   change.Progress
	since time.Time
	said  time.Time
	last  error
}

const (
	troubled = 2 * time.Second  // after which a trouble is told of
	sayAgain = 20 * time.Second // and again
)

// note takes the result of one look at the job. It returns the error if waiting cannot
// cure it.
func (l *linkTrouble) note(err error) error {
	now := time.Now()
	switch {
	case err == nil:
		if !l.said.IsZero() {
			l.say.Sayf("the admin host answers again, after %s", now.Sub(l.since).Round(time.Second))
		}
		*l = linkTrouble{say: l.say}
		return nil
	case incurable(err):
		return err
	case l.last == nil:
		l.since = now
	case now.Sub(l.since) > troubled && now.Sub(l.said) > sayAgain:
		l.said = now
		l.say.Sayf("no connection to the admin host for %s, where the job goes on: %v", now.Sub(l.since).Round(time.Second), err)
	}
	l.last = err
	return nil
}

// incurable tells whether an error stays, however long is waited.
func incurable(err error) bool {
	for _, target := range []error{JobLost.Failf(""), HostKeyChanged.Failf(""), fs.ErrNotExist, fs.ErrPermission, change.ErrNotInstalled} {
		if errors.Is(err, target) {
			return true
		}
	}
	return false
}
