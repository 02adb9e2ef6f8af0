package cluster

import "context"

// reading is one look at the kubeconfig, which all who ask the API share: it costs a login and a sudo.
type reading struct {
	done chan struct{} // closed when the others are set
	at   *endpoint
	err  error
}

// read is the last reading, or one that begins now.
func (a *API) read(ctx context.Context) *reading {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.known == nil {
		a.known = &reading{done: make(chan struct{})}
		go a.look(context.WithoutCancel(ctx), a.known) // others may wait for it too
	}
	return a.known
}

// look does the reading; one that led nowhere is not kept.
func (a *API) look(ctx context.Context, r *reading) {
	defer close(r.done)
	content, err := a.Kubeconfig(ctx)
	if err == nil {
		r.at, err = parseKubeconfig(content)
	}
	if r.err = err; err != nil {
		a.forget(r)
	}
}

// endpoint is where the kubeconfig leads.
func (r *reading) endpoint(ctx context.Context) (*endpoint, error) {
	select {
	case <-r.done:
		return r.at, r.err
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	}
}

// forget has the kubeconfig read again at the next question, unless it was since that reading.
func (a *API) forget(r *reading) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.known == r {
		a.known = nil
	}
}

// Find fails with change.ErrNotInstalled while there is no cluster.
func (a *API) Find(ctx context.Context) error {
	_, err := a.read(ctx).endpoint(ctx)
	return err
}

// anew has the kubeconfig read again at the next question.
func (a *API) anew() {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.known = nil
}
