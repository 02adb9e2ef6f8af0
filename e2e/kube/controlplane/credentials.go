package controlplane

import (
	"crypto/x509"
	"crypto/x509/pkix"
	"errors"
	"io/fs"
	"net"
	"os"
	"path/filepath"

	"k8s.io/client-go/tools/clientcmd"
	clientcmdapi "k8s.io/client-go/tools/clientcmd/api"

	"wiabctl/e2e/kube/pki"
)

// serviceAddress is the first address of serviceNet, where pods find the API.
const serviceAddress = "10.233.0.1"

// credentials are a cluster's authority and its administrator's certificate.
type credentials struct {
	authority pki.Pair
	admin     pki.Pair
}

// prepareCredentials makes what a cluster's directory does not hold yet, and a
// new certificate for the API server, whose address may have changed.
func prepareCredentials(l layout, server string) (credentials, error) {
	if err := os.MkdirAll(filepath.Dir(l.pki("ca")), 0o700); err != nil {
		return credentials{}, err
	}
	if _, err := os.Stat(l.pki("admin.crt")); errors.Is(err, fs.ErrNotExist) {
		if err := newCredentials(l); err != nil {
			return credentials{}, err
		}
	}
	ca, err := pki.ReadAuthority(l.pki("ca.crt"), l.pki("ca.key"))
	if err != nil {
		return credentials{}, err
	}
	serving, err := ca.Issue(servingTemplate(server))
	if err != nil {
		return credentials{}, err
	}
	if err := serving.Write(l.pki("apiserver")); err != nil {
		return credentials{}, err
	}
	return readCredentials(l)
}

// newCredentials makes what lasts as long as the cluster. The administrator's
// certificate is written last: it stands for the rest.
func newCredentials(l layout) error {
	ca, pair, err := pki.NewAuthority("kubernetes")
	if err != nil {
		return err
	}
	admin, err := ca.Issue(x509.Certificate{
		Subject:     pkix.Name{CommonName: "kubernetes-admin", Organization: []string{"system:masters"}},
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth},
	})
	if err != nil {
		return err
	}
	signing, err := pki.NewSigningKey()
	if err != nil {
		return err
	}
	if err := os.WriteFile(l.pki("sa.key"), signing, 0o600); err != nil {
		return err
	}
	if err := pair.Write(l.pki("ca")); err != nil {
		return err
	}
	return admin.Write(l.pki("admin"))
}

func readCredentials(l layout) (c credentials, err error) {
	for file, into := range map[string]*[]byte{
		"ca.crt": &c.authority.Cert, "admin.crt": &c.admin.Cert, "admin.key": &c.admin.Key,
	} {
		if *into, err = os.ReadFile(l.pki(file)); err != nil {
			return c, err
		}
	}
	return c, nil
}

// servingTemplate names all that the API server is called by.
func servingTemplate(server string) x509.Certificate {
	return x509.Certificate{
		Subject:     pkix.Name{CommonName: "kube-apiserver"},
		DNSNames:    []string{"localhost", "kubernetes", "kubernetes.default", "kubernetes.default.svc", "kubernetes.default.svc.cluster.local"},
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1), net.ParseIP(serviceAddress), net.ParseIP(server)},
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
	}
}

// kubeconfig is how the administrator reaches the API at an address.
func (c credentials) kubeconfig(address string) ([]byte, error) {
	config := clientcmdapi.NewConfig()
	config.Clusters["lab"] = &clientcmdapi.Cluster{
		Server:                   "https://" + net.JoinHostPort(address, apiPort),
		CertificateAuthorityData: c.authority.Cert,
	}
	config.AuthInfos["admin"] = &clientcmdapi.AuthInfo{ClientCertificateData: c.admin.Cert, ClientKeyData: c.admin.Key}
	config.Contexts["lab"] = &clientcmdapi.Context{Cluster: "lab", AuthInfo: "admin", Namespace: "default"}
	config.CurrentContext = "lab"
	return clientcmd.Write(*config)
}
