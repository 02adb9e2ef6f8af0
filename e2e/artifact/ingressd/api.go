package main

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net/http"
	"os"
	"sync"
	"time"

	"gopkg.in/yaml.v3"
)

// api is the Kubernetes API that a kubeconfig file names. The file is read
// again when it changes: a new cluster has a new certificate authority.
type api struct {
	kubeconfig string

	mu     sync.Mutex
	read   time.Time // the file's modification time when client was made
	client *http.Client
	server string
}

// kubeconfig is the part of such a file that is used: its first cluster and user.
type kubeconfig struct {
	Clusters []struct {
		Cluster struct {
			Server string `yaml:"server"`
			CA     binary `yaml:"certificate-authority-data"`
		} `yaml:"cluster"`
	} `yaml:"clusters"`
	Users []struct {
		User struct {
			Cert binary `yaml:"client-certificate-data"`
			Key  binary `yaml:"client-key-data"`
		} `yaml:"user"`
	} `yaml:"users"`
}

// get asks the API for a path with its query. The caller closes the body.
func (a *api) get(ctx context.Context, path string) (*http.Response, error) {
	client, server, err := a.connection()
	if err != nil {
		return nil, err
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, server+path, nil)
	if err != nil {
		return nil, err
	}
	resp, err := client.Do(req)
	if err != nil {
		return nil, err
	}
	switch resp.StatusCode {
	case http.StatusOK:
		return resp, nil
	case http.StatusGone:
		err = errGone
	default:
		err = fmt.Errorf("%s answers %s", path, resp.Status)
	}
	return nil, errors.Join(err, resp.Body.Close())
}

func (a *api) connection() (*http.Client, string, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	info, err := os.Stat(a.kubeconfig)
	if err != nil {
		return nil, "", err
	}
	if a.client != nil && info.ModTime().Equal(a.read) {
		return a.client, a.server, nil
	}
	text, err := os.ReadFile(a.kubeconfig)
	if err != nil {
		return nil, "", err
	}
	client, server, err := connect(text)
	if err != nil {
		return nil, "", fmt.Errorf("%s: %w", a.kubeconfig, err)
	}
	if a.client != nil {
		a.client.CloseIdleConnections()
	}
	a.client, a.server, a.read = client, server, info.ModTime()
	return client, server, nil
}

// connect makes the client that a kubeconfig's text describes.
func connect(text []byte) (*http.Client, string, error) {
	var k kubeconfig
	if err := yaml.Unmarshal(text, &k); err != nil {
		return nil, "", err
	}
	if len(k.Clusters) == 0 || len(k.Users) == 0 {
		return nil, "", errors.New("names no cluster or no user")
	}
	cluster, user := k.Clusters[0].Cluster, k.Users[0].User
	roots := x509.NewCertPool()
	if !roots.AppendCertsFromPEM(cluster.CA) {
		return nil, "", errors.New("certificate-authority-data holds no certificate")
	}
	cert, err := tls.X509KeyPair(user.Cert, user.Key)
	if err != nil {
		return nil, "", fmt.Errorf("client certificate: %w", err)
	}
	return &http.Client{Transport: &http.Transport{
		TLSClientConfig:   &tls.Config{RootCAs: roots, Certificates: []tls.Certificate{cert}, MinVersion: tls.VersionTLS12},
		ForceAttemptHTTP2: true,
		// A watch is silent for minutes; pings tell a quiet server from a dead one.
		HTTP2: &http.HTTP2Config{SendPingTimeout: 15 * time.Second, PingTimeout: 10 * time.Second},
	}}, cluster.Server, nil
}
