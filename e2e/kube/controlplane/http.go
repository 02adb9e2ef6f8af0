package controlplane

import (
	"context"
	"encoding/json"
	"net/http"
	"time"
)

const (
	// startDeadline is the longest that a caller waits for a cluster.
	startDeadline = 2 * time.Minute
	// statusDeadline is how long the API server may take to say that it is ready.
	statusDeadline = 5 * time.Second
)

// Status is what GET /cluster answers.
type Status struct {
	ID     string `json:"id"` // empty before the first cluster
	Ready  bool   `json:"ready"`
	Reason string `json:"reason,omitempty"` // why it is not ready
}

// Handler is the supervisor's HTTP interface:
//
//	POST /cluster?id=UUID&server=IPv4&keeper=IPv4  the kubeconfig, 400 or 503 with the reason
//	GET  /cluster                                  Status
func (s *Supervisor) Handler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("POST /cluster", s.post)
	mux.HandleFunc("GET /cluster", s.get)
	return mux
}

func (s *Supervisor) post(w http.ResponseWriter, r *http.Request) {
	query := r.URL.Query()
	identity, err := NewIdentity(query.Get("id"), query.Get("server"), query.Get("keeper"))
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	ctx, cancel := context.WithTimeout(r.Context(), startDeadline)
	defer cancel()
	kubeconfig, err := s.Ensure(ctx, identity)
	if err != nil {
		http.Error(w, err.Error(), http.StatusServiceUnavailable)
		return
	}
	w.Header().Set("Content-Type", "application/yaml")
	w.Write(kubeconfig) //nolint:errcheck // the client has gone away, then
}

func (s *Supervisor) get(w http.ResponseWriter, r *http.Request) {
	ctx, cancel := context.WithTimeout(r.Context(), statusDeadline)
	defer cancel()
	w.Header().Set("Content-Type", "application/json")
	json.NewEncoder(w).Encode(s.Status(ctx)) //nolint:errcheck // the client has gone away, then
}

// Status asks the running cluster how it is.
func (s *Supervisor) Status(ctx context.Context) Status {
	c := s.current.Load()
	if c == nil {
		return Status{Reason: "no cluster was asked for"}
	}
	for _, path := range []string{"/readyz", serviceAccount} {
		if err := c.probe.ask(ctx, path); err != nil {
			return Status{ID: c.identity.ID, Reason: err.Error()}
		}
	}
	return Status{ID: c.identity.ID, Ready: true}
}
