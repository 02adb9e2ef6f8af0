package cluster

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strconv"
)

// logBytes is the most that is read of a container's log.
const logBytes = 16 << 10

// kinds are the workloads that helm waits for, and the Jobs of hooks, by their paths.
var kinds = []struct{ kind, path string }{
	{"Deployment", "/apis/apps/v1/namespaces/%s/deployments"},
	{"StatefulSet", "/apis/apps/v1/namespaces/%s/statefulsets"},
	{"DaemonSet", "/apis/apps/v1/namespaces/%s/daemonsets"},
	{"Job", "/apis/batch/v1/namespaces/%s/jobs"},
}

// observe looks at the newest revision of a release: at its workloads, and at what may
// tell why one is not ready. A release that is not there has none.
func (a *API) observe(ctx context.Context, release string) (scene, error) {
	r, there, err := a.release(ctx, release)
	if err != nil || !there {
		return scene{}, err
	}
	s := scene{logs: map[logOf]string{}}
	if s.workloads, err = a.workloads(ctx, r); err != nil || len(s.unready()) == 0 {
		return s, err
	}
	var pods struct{ Items []pod }
	var events struct{ Items []event }
	namespace := "/api/v1/namespaces/" + r.Namespace
	if err := errors.Join(a.get(ctx, namespace+"/pods", nil, &pods),
		a.get(ctx, namespace+"/events", url.Values{"fieldSelector": {"type=Warning"}}, &events)); err != nil {
		return s, err
	}
	s.pods, s.events = pods.Items, events.Items
	for _, of := range s.wanted() {
		query := url.Values{"container": {of.container}, "tailLines": {strconv.Itoa(mostLogLines)}, "previous": {strconv.FormatBool(of.previous)}}
		log, err := a.text(ctx, namespace+"/pods/"+of.pod+"/log", query, logBytes)
		if err != nil {
			log = "(cannot be read: " + err.Error() + ")"
		}
		s.logs[of] = log
	}
	return s, nil
}

// workloads are those of the release. Its Jobs count only where they are hooks, which helm
// waits for.
func (a *API) workloads(ctx context.Context, r Deployed) ([]workload, error) {
	objects, err := r.objects()
	if err != nil {
		return nil, err
	}
	var all []workload
	for _, k := range kinds {
		of := objects
		if k.kind == "Job" {
			of = r.hooks
		}
		if !slices.ContainsFunc(of, func(o reference) bool { return o.Kind == k.kind }) {
			continue
		}
		var list struct{ Items []workload }
		if err := a.get(ctx, fmt.Sprintf(k.path, r.Namespace), nil, &list); err != nil {
			return nil, err
		}
		for _, w := range list.Items {
			if w.Kind = k.kind; slices.Contains(of, reference{w.Kind, w.Metadata.Name}) {
				all = append(all, w)
			}
		}
	}
	return all, nil
}
