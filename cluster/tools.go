package cluster

import (
	"context"
	_ "embed" // for the scripts

	"wiabctl/provision/change"
)

//go:embed wiab/tools.sh
var toolsScript []byte

//go:embed wiab/helm.sh
var helmScript []byte

//go:embed wiab/kubectl.sh
var kubectlScript []byte

//go:embed wiab/ansible-playbook.sh
var playbookScript []byte

// What wiabctl adds to the deploy directory is below wiab/.
const (
	toolsFile    = "wiab/tools"
	helmFile     = "wiab/bin/helm"
	kubectlFile  = "wiab/bin/kubectl"
	playbookFile = "wiab/bin/ansible-playbook"
	overlaysDir  = "wiab/overlays"
	releasesDir  = "wiab/releases"
	pendingDir   = "wiab/pending"    // when jobs began the upgrades that did not succeed: helm.sh
	overlayName  = "50-wiabctl.yaml" // leaves room before and after for the user's own
)

// planTools puts wiabctl's scripts into the deploy directory:
// the way into the tools container, the helm that knows overlays, the kubectl that
// knows the calling node, and the ansible-playbook that keeps receipts.
func planTools(ctx context.Context, admin *Admin) ([]change.Change, error) {
	return planFiles(ctx, admin,
		File{Name: toolsFile, Content: toolsScript, Mode: 0o755, Why: "it runs commands in the tools container"},
		File{Name: helmFile, Content: helmScript, Mode: 0o755, Why: "it hands the overlays to helm"},
		File{Name: kubectlFile, Content: kubectlScript, Mode: 0o755, Why: "it says which node serves calls"},
		File{Name: playbookFile, Content: playbookScript, Mode: 0o755, Why: "it keeps a receipt of each playbook"})
}
