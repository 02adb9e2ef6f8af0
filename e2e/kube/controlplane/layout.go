package controlplane

import "path/filepath"

// layout is where things lie below the control plane's directory.
type layout string

func (l layout) identity() string          { return filepath.Join(string(l), "identity.json") }
func (l layout) logs() string              { return filepath.Join(string(l), "logs") }
func (l layout) log(program string) string { return filepath.Join(l.logs(), program+".log") }

// cluster holds all that goes when another cluster comes.
func (l layout) cluster() string        { return filepath.Join(string(l), "cluster") }
func (l layout) in(elem string) string  { return filepath.Join(l.cluster(), elem) }
func (l layout) etcd() string           { return l.in("etcd") }
func (l layout) disk() string           { return l.in("disk") }
func (l layout) pki(name string) string { return filepath.Join(l.cluster(), "pki", name) }
func (l layout) kubeconfig() string     { return l.in("admin.conf") }
func (l layout) egress() string         { return l.in("egress.yaml") }
func (l layout) stages() string         { return l.in("stages.yaml") }
