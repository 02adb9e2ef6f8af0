package cluster

import (
	"context"
	"crypto/x509"
	"encoding/pem"
	"net/url"
)

// TLSCertificates are the server certificates in the Secrets of the namespace default that
// Ingresses serve, by Secret; those without one that can be read are left out.
func (a *API) TLSCertificates(ctx context.Context) (map[string]*x509.Certificate, error) {
	var secrets struct {
		Items []struct {
			Metadata struct {
				Name string `json:"name"`
			} `json:"metadata"`
			Data struct {
				Cert []byte `json:"tls.crt"` // the key is not read
			} `json:"data"`
		} `json:"items"`
	}
	query := url.Values{"fieldSelector": {"type=kubernetes.io/tls"}}
	if err := a.get(ctx, "/api/v1/namespaces/default/secrets", query, &secrets); err != nil {
		return nil, err
	}
	all := map[string]*x509.Certificate{}
	for _, s := range secrets.Items {
		block, _ := pem.Decode(s.Data.Cert)
		if block == nil {
			continue
		}
		if cert, err := x509.ParseCertificate(block.Bytes); err == nil {
			all[s.Metadata.Name] = cert
		}
	}
	return all, nil
}
