package ingress

import "wiabctl/provision/change"

// The failures that a user can meet here.
var (
	DomainInvalid = change.Kind{
		ID: "domain-invalid", Exit: 70,
		Advice: "give a registered name with at least two labels, in lower case and without scheme or port: red.example.org",
	}
	CertificateUnusable = change.Kind{
		ID: "certificate-unusable", Exit: 71,
		Advice: "give a PEM certificate chain for the domain's six names and its unencrypted key, or leave both out for Let's Encrypt",
	}
	VerifyFailed = change.Kind{
		ID: "verify-failed", Exit: 72,
		Advice: "see the domain's certificate and ingress: kubectl get certificates,ingress; DNS and port 80 must lead here for Let's Encrypt",
	}
	LayerDropped = change.Kind{
		ID: "layer-dropped", Exit: 119,
		Advice: "the artifact's charts do not read the values named above where wiabctl puts them; use an artifact that it is made for, nothing was deployed",
	}
	ChartUnfit = change.Kind{
		ID: "chart-unfit", Exit: 120,
		Advice: "use an artifact that wiabctl is made for, or take out what the charts cannot take; nothing was deployed",
	}
	ConfigurationUneditable = change.Kind{
		ID: "configuration-uneditable", Exit: 73,
		Advice: "make the change in the configuration file by hand, then run wiabctl up",
	}
)

// Kinds lists the failures of this package.
func Kinds() []change.Kind {
	return []change.Kind{DomainInvalid, CertificateUnusable, VerifyFailed, ConfigurationUneditable, LayerDropped, ChartUnfit}
}
