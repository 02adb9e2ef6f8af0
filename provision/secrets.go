package provision

import (
	"context"

	"wiabctl/cluster"
)

// SecretFinding is what one check of the secrets came to.
type SecretFinding = cluster.SecretFinding

// CheckSecrets checks whether all secrets fit together. The error is why that cannot be
// told, or the failure that names what does not.
func (i *Installation) CheckSecrets(ctx context.Context) ([]SecretFinding, error) {
	if err := rootCheck(ctx); err != nil {
		return nil, err
	}
	findings, err := i.helmSecrets().Check(ctx)
	if err != nil {
		return nil, err
	}
	return findings, cluster.Inconsistent(findings)
}
