package ingress

import "wiabctl/provision/change"

// The failures that a user can meet here.
var (
	DomainInvalid = change.Kind{
		ID: "domain-invalid", Exit: 70,
		Means:  "a word is no domain name that Wire can be reached under",
		Advice: "give a registered name with at least two labels, without scheme or port: red.example.org",
	}
	CertificateUnusable = change.Kind{
		ID: "certificate-unusable", Exit: 71,
		Means:  "a certificate of your own, or its key, cannot serve its domain",
		Advice: "give the server's certificate, then its chain, for all names of the domain and of no other domain here, and its own unencrypted key, both PEM; or leave both out for Let's Encrypt",
		Breaks: "clients refuse the domain", Command: "sudoedit /etc/wiabctl/wiabctl.yaml",
	}
	KeyExposed = change.Kind{
		ID: "key-exposed", Exit: 112,
		Means:  "others can read the private key of a certificate of your own",
		Advice: "make it its owner's alone (chmod 600), and think of a new one: wiabctl hands it on readable by nobody else, whatever its mode is",
		Breaks: "who reads the key can pretend to be the domain", Command: "chmod 600 FILE", Overrulable: true,
	}
	DomainUnknown = change.Kind{
		ID: "domain-unknown", Exit: 117,
		Means:  "a domain was named that is not configured",
		Advice: "`wiabctl domain list` shows those that are configured; what an interrupted remove-domain left, `wiabctl up` removes",
	}
	VerifyFailed = change.Kind{
		ID: "verify-failed", Exit: 72,
		Means:  "a domain does not answer as clients need it to",
		Advice: "see the domain's certificate and ingress: kubectl get certificates,ingress; DNS and port 80 must lead here for Let's Encrypt",
	}
	DNSWrong = change.Kind{
		ID: "dns-wrong", Exit: 121,
		Means:  "the DNS records of a domain are missing, or lead elsewhere",
		Advice: "make the records that `wiabctl domain dns` names, at whoever runs the zone; then wait for its time to live",
		Breaks: "clients do not find the domain, and Let's Encrypt signs no certificate for it", Command: "wiabctl domain dns", Overrulable: true,
	}
	DNSSilent = change.Kind{
		ID: "dns-silent", Exit: 122,
		Means:  "no name server that is needed for an answer says anything",
		Advice: "see /etc/resolv.conf, and that this host reaches port 53 of other hosts over UDP and TCP",
		Breaks: "no name is found: neither downloads nor certificates come", Command: "cat /etc/resolv.conf", Overrulable: true,
	}
	ACMEUnreachable = change.Kind{
		ID: "acme-unreachable", Exit: 9,
		Means:  "the server that certificates come from is not reached from this host, or something else answers in its place",
		Advice: "let this host, and the VMs through it, reach port 443 of that server directly: a proxy does not serve the VMs",
		Breaks: "certificates are neither issued nor renewed", Command: "curl -fsS " + productionDirectory, Overrulable: true,
	}
	LayerDropped = change.Kind{
		ID: "layer-dropped", Exit: 119,
		Means:  "a value that wiabctl computes has no effect in the artifact's charts",
		Advice: "the artifact's charts do not read the values named above where wiabctl puts them; use an artifact that it is made for, nothing was deployed",
	}
	ChartUnfit = change.Kind{
		ID: "chart-unfit", Exit: 120,
		Means:  "the artifact's charts cannot be rendered with the computed values, or may not take them",
		Advice: "use an artifact that wiabctl is made for, or take out what the charts cannot take; nothing was deployed",
	}
	ProxyWrong = change.Kind{
		ID: "proxy-wrong", Exit: 124,
		Means:  "a domain's proxy does not answer clients as the backend itself does",
		Advice: "run `wiabctl proxy deploy` for the domain, or give the proxy what `wiabctl proxy render` prints; then check again",
	}
	ConfigurationUneditable = change.Kind{
		ID: "configuration-uneditable", Exit: 73,
		Means:  "the configuration file has a layout that wiabctl cannot edit without harm",
		Advice: "make the change in the configuration file by hand, then run wiabctl up",
	}
)

// Kinds lists the failures of this package.
func Kinds() []change.Kind {
	return []change.Kind{DomainInvalid, CertificateUnusable, KeyExposed, DomainUnknown, VerifyFailed, DNSWrong, DNSSilent, ACMEUnreachable, ConfigurationUneditable,
		LayerDropped, ChartUnfit, ProxyWrong}
}
