package main

// The parts of the Kubernetes objects that are looked at.

import "maps"

type metadata struct {
	Namespace         string            `json:"namespace,omitempty"`
	Name              string            `json:"name,omitempty"`
	ResourceVersion   string            `json:"resourceVersion,omitempty"`
	CreationTimestamp string            `json:"creationTimestamp,omitempty"`
	Annotations       map[string]string `json:"annotations,omitempty"`
	Labels            map[string]string `json:"labels,omitempty"`
}

// named is what every object has.
type named struct {
	Metadata metadata `json:"metadata"`
}

func (n named) key() string     { return n.Metadata.Namespace + "/" + n.Metadata.Name }
func (n named) version() string { return n.Metadata.ResourceVersion }

type ingress struct {
	named
	Spec struct {
		IngressClassName string `json:"ingressClassName,omitempty"`
		TLS              []struct {
			Hosts      []string `json:"hosts"`
			SecretName string   `json:"secretName"`
		} `json:"tls,omitempty"`
		Rules []rule `json:"rules,omitempty"`
	} `json:"spec"`
}

type rule struct {
	Host string `json:"host"`
	HTTP struct {
		Paths []path `json:"paths"`
	} `json:"http"`
}

type path struct {
	Path     string `json:"path"`
	PathType string `json:"pathType"`
	Backend  struct {
		Service struct {
			Name string `json:"name"`
		} `json:"service"`
	} `json:"backend"`
}

// class is the ingress class, in the field or in the older annotation.
func (i ingress) class() string {
	if i.Spec.IngressClassName != "" {
		return i.Spec.IngressClassName
	}
	return i.Metadata.Annotations["kubernetes.io/ingress.class"]
}

type secret struct {
	named
	Data map[string][]byte `json:"data"`
}

type configMap struct {
	named
	Data map[string]string `json:"data"`
}

type service struct {
	named
	Spec struct {
		Selector map[string]string `json:"selector,omitempty"`
	} `json:"spec"`
}

type pod struct {
	named
	Spec struct {
		Containers []container `json:"containers"`
	} `json:"spec"`
	Status struct {
		Conditions []struct {
			Type   string `json:"type"`
			Status string `json:"status"`
		} `json:"conditions,omitempty"`
	} `json:"status"`
}

func (p pod) ready() bool {
	for _, c := range p.Status.Conditions {
		if c.Type == "Ready" {
			return c.Status == "True"
		}
	}
	return false
}

// has tells whether the pod has all these labels.
func (p pod) has(labels map[string]string) bool {
	for name, value := range labels {
		if p.Metadata.Labels[name] != value {
			return false
		}
	}
	return true
}

type deployment struct {
	named
	Spec struct {
		Template struct {
			Spec struct {
				Containers []container `json:"containers"`
			} `json:"spec"`
		} `json:"template"`
	} `json:"spec"`
}

type container struct {
	Args    []string   `json:"args,omitempty"`
	Env     []variable `json:"env,omitempty"`
	EnvFrom []struct {
		ConfigMapRef struct {
			Name string `json:"name"`
		} `json:"configMapRef"`
	} `json:"envFrom,omitempty"`
}

type variable struct {
	Name  string `json:"name"`
	Value string `json:"value"`
}

// state is all that is known of the cluster, by namespace/name.
type state struct {
	Ingresses   map[string]ingress    `json:"ingresses"`
	Secrets     map[string]secret     `json:"secrets"`
	ConfigMaps  map[string]configMap  `json:"configMaps"`
	Services    map[string]service    `json:"services"`
	Deployments map[string]deployment `json:"deployments"`
	Pods        map[string]pod        `json:"pods"`
}

// environment is what the first container of a deployment is given: its
// ConfigMaps first, its own values last. False if there is no such deployment.
func (s *state) environment(namespace, name string) (map[string]string, bool) {
	d, ok := s.Deployments[namespace+"/"+name]
	if !ok || len(d.Spec.Template.Spec.Containers) == 0 {
		return nil, false
	}
	env := map[string]string{}
	container := d.Spec.Template.Spec.Containers[0]
	for _, from := range container.EnvFrom {
		maps.Copy(env, s.ConfigMaps[namespace+"/"+from.ConfigMapRef.Name].Data)
	}
	for _, e := range container.Env {
		env[e.Name] = e.Value
	}
	return env, true
}
