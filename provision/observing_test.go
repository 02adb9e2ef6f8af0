package provision

import (
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
)

// An observer is called by one goroutine at a time, also where a change has a pipeline of its own.
func TestObserversAreCalledOneAtATime(t *testing.T) {
	var inside, met atomic.Int32
	i := smallestInstallation(t, func(Event) {
		if inside.Add(1) > 1 {
			met.Add(1)
		}
		for range 100 {
			runtime.Gosched()
		}
		inside.Add(-1)
	})
	var all sync.WaitGroup
	for _, p := range []*Pipeline{i.pipeline, i.keyPipeline(nil), i.networkPipeline()} {
		all.Go(func() {
			for range 20 {
				p.send(Event{})
			}
		})
	}
	all.Wait()
	if met.Load() > 0 {
		t.Errorf("%d times two called it at once", met.Load())
	}
}
