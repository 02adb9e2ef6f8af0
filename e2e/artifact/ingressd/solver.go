package main

import (
	"io"
	"net/http"
	"strings"
)

// challenges is where HTTP-01 looks for the answers. Plain requests below it are never sent
// to HTTPS (ingress-nginx's no-tls-redirect-locations, by default).
const challenges = "/.well-known/acme-challenge/"

// solverService is how cert-manager's solver Services begin.
const solverService = "cm-acme-http-solver-"

// solver is cert-manager's acmesolver, as its Pod's arguments tell it: it knows one answer
// to one question.
type solver struct {
	domain, token, key string
}

// solver finds the Pod behind a solver's Service; false while there is none that runs.
func (s *state) solver(namespace, name string) (solver, bool) {
	wanted := s.Services[namespace+"/"+name].Spec.Selector
	for _, p := range s.Pods {
		if p.Metadata.Namespace == namespace && p.ready() && len(wanted) > 0 && p.has(wanted) && len(p.Spec.Containers) > 0 {
			return newSolver(p.Spec.Containers[0].Args), true
		}
	}
	return solver{}, false
}

func newSolver(args []string) solver {
	var s solver
	for _, arg := range args {
		name, value, _ := strings.Cut(arg, "=")
		switch name {
		case "--domain":
			s.domain = value
		case "--token":
			s.token = value
		case "--key":
			s.key = value
		}
	}
	return s
}

func (s solver) ServeHTTP(rw http.ResponseWriter, req *http.Request) {
	if token, ok := strings.CutPrefix(req.URL.Path, challenges); !ok || token != s.token || hostname(req) != s.domain {
		http.NotFound(rw, req)
		return
	}
	io.WriteString(rw, s.key) //nolint:errcheck // the client has gone away, then
}
