package cluster

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/http"
	"time"

	"gopkg.in/yaml.v3"
)

// kubeconfig is the part of a kubeconfig that kubespray writes: one cluster, one
// user, everything inline.
type kubeconfig struct {
	Clusters []struct {
		Cluster struct {
			Server string `yaml:"server"`
			CA     binary `yaml:"certificate-authority-data"`
		} `yaml:"cluster"`
	} `yaml:"clusters"`
	Users []struct {
		User struct {
			Certificate binary `yaml:"client-certificate-data"`
			Key         binary `yaml:"client-key-data"`
			Token       string `yaml:"token"`
		} `yaml:"user"`
	} `yaml:"users"`
}

// binary is base64 in YAML.
type binary []byte

// UnmarshalYAML decodes the base64.
func (b *binary) UnmarshalYAML(node *yaml.Node) error {
	var text string
	if err := node.Decode(&text); err != nil {
		return err
	}
	decoded, err := decode64(text)
	*b = decoded
	return err
}

func parseKubeconfig(content []byte) (*endpoint, error) {
	var config kubeconfig
	if err := yaml.Unmarshal(content, &config); err != nil {
		return nil, fmt.Errorf("the kubeconfig: %w", err)
	}
	if len(config.Clusters) != 1 || len(config.Users) != 1 {
		return nil, errors.New("the kubeconfig should name one cluster and one user")
	}
	cluster, user := config.Clusters[0].Cluster, config.Users[0].User
	roots := x509.NewCertPool()
	if !roots.AppendCertsFromPEM(cluster.CA) {
		return nil, errors.New("the kubeconfig holds no certificate authority")
	}
	settings := &tls.Config{RootCAs: roots, MinVersion: tls.VersionTLS12}
	if len(user.Certificate) > 0 {
		pair, err := tls.X509KeyPair(user.Certificate, user.Key)
		if err != nil {
			return nil, fmt.Errorf("the kubeconfig's client certificate: %w", err)
		}
		settings.Certificates = []tls.Certificate{pair}
	}
	connect := net.Dialer{Timeout: connecting}
	return &endpoint{server: cluster.Server, token: user.Token,
		http: &http.Client{Timeout: 15 * time.Second, Transport: &http.Transport{DialContext: connect.DialContext, TLSClientConfig: settings, ForceAttemptHTTP2: true,
			IdleConnTimeout: unused}}}, nil
}

// connecting is the longest a connection to the API server may take to come about: the
// VMs are a bridge away, and when their network is gone nobody refuses.
const connecting = 3 * time.Second

// unused is how long a connection stays that nobody asks by: after another reading of the
// kubeconfig nobody does.
const unused = time.Minute
