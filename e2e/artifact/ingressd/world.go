package main

import (
	"cmp"
	"crypto/tls"
	"net/http"
	"slices"
	"strings"
	"sync"
)

// world is what requests are answered from: one state of the cluster, made
// ready. It never changes; the next state makes the next world.
type world struct {
	state state
	hosts map[string]*host
	keys  *keyring

	gateways sync.Map // by namespace: func() nginz
}

// gateway is the API's gateway in a namespace. Its files are as long as there are domains, so they
// are read once, and not for each request.
func (w *world) gateway(namespace string) nginz {
	read, _ := w.gateways.LoadOrStore(namespace, sync.OnceValue(func() nginz { return w.state.nginz(namespace) }))
	return read.(func() nginz)()
}

// host is one name that Ingresses serve.
type host struct {
	cert   *tls.Certificate // the fake one for lack of a better
	secure bool             // an Ingress names it in its tls block, so plain HTTP redirects
	routes []route          // longest prefix first
}

// route sends the requests below a path to a service.
type route struct {
	prefix    string
	exact     bool
	namespace string
	service   string
	headers   http.Header // that the Ingress' snippet sets
	redirect  string      // where the Ingress sends everybody, if it does
	origins   []string    // who may read the answers from other sites, as the Ingress says
}

func newWorld(s state, class string, keys *keyring) *world {
	w := &world{state: s, hosts: map[string]*host{}, keys: keys}
	for _, i := range oldestFirst(s.Ingresses) {
		if i.class() == class {
			w.add(i)
		}
	}
	for _, h := range w.hosts {
		slices.SortStableFunc(h.routes, func(a, b route) int { return cmp.Compare(len(b.prefix), len(a.prefix)) })
	}
	return w
}

// oldestFirst orders Ingresses as ingress-nginx does: the oldest wins a name.
func oldestFirst(all map[string]ingress) []ingress {
	sorted := make([]ingress, 0, len(all))
	for _, i := range all {
		sorted = append(sorted, i)
	}
	slices.SortFunc(sorted, func(a, b ingress) int {
		return cmp.Or(cmp.Compare(a.Metadata.CreationTimestamp, b.Metadata.CreationTimestamp), cmp.Compare(a.key(), b.key()))
	})
	return sorted
}

func (w *world) add(i ingress) {
	for _, r := range i.Spec.Rules {
		name := strings.ToLower(r.Host)
		h := w.hosts[name]
		if h == nil {
			h = &host{cert: w.keys.fake}
			w.hosts[name] = h
		}
		if !h.secure {
			h.cert, h.secure = w.certificate(i, name)
		}
		for _, p := range r.HTTP.Paths {
			h.routes = append(h.routes, route{
				prefix:    cmp.Or(p.Path, "/"),
				exact:     p.PathType == "Exact",
				namespace: i.Metadata.Namespace,
				service:   p.Backend.Service.Name,
				headers:   snippetHeaders(i),
				redirect:  i.Metadata.Annotations[redirectAnnotation],
				origins:   allowedOrigins(i),
			})
		}
	}
}

// certificate finds what an Ingress shows under a name; false if its tls block
// does not cover the name.
func (w *world) certificate(i ingress, name string) (*tls.Certificate, bool) {
	for _, t := range i.Spec.TLS {
		if slices.ContainsFunc(t.Hosts, func(pattern string) bool { return covers(pattern, name) }) {
			return w.keys.certificate(w.state.Secrets[i.Metadata.Namespace+"/"+t.SecretName], name), true
		}
	}
	return w.keys.fake, false
}

// covers tells whether a name of a tls block, perhaps "*.example.com", covers name.
func covers(pattern, name string) bool {
	pattern = strings.ToLower(pattern)
	if zone, ok := strings.CutPrefix(pattern, "*."); ok {
		_, parent, _ := strings.Cut(name, ".")
		return parent == zone
	}
	return pattern == name
}

// getCertificate chooses by SNI, for tls.Config.
func (w *world) getCertificate(hello *tls.ClientHelloInfo) *tls.Certificate {
	if h := w.hosts[strings.ToLower(hello.ServerName)]; h != nil {
		return h.cert
	}
	return w.keys.fake
}

// route finds where a path of the host goes.
func (h *host) route(path string) (route, bool) {
	for _, r := range h.routes {
		below := strings.TrimSuffix(r.prefix, "/")
		if path == r.prefix || !r.exact && (path == below || strings.HasPrefix(path, below+"/")) {
			return r, true
		}
	}
	return route{}, false
}

// answer lets the service of a route answer.
func (w *world) answer(rw http.ResponseWriter, req *http.Request, to route) {
	if _, ok := w.state.Services[to.namespace+"/"+to.service]; !ok {
		http.Error(rw, "503 Service Temporarily Unavailable", http.StatusServiceUnavailable)
		return
	}
	answer, ok := w.backend(to)
	if !ok {
		http.Error(rw, "503 Service Temporarily Unavailable", http.StatusServiceUnavailable)
		return
	}
	if allow(rw, req, to.origins) {
		return
	}
	if to.redirect != "" {
		http.Redirect(rw, req, to.redirect, http.StatusMovedPermanently)
		return
	}
	if len(to.headers) > 0 {
		rw = &overridden{ResponseWriter: rw, headers: to.headers}
	}
	answer.ServeHTTP(rw, req)
}
