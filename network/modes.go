package network

// Egress says what the VMs may reach of the internet.
type Egress string

// The ways out. What is let out is masqueraded, what is not is dropped.
const (
	EgressNone Egress = "none"
	EgressACME Egress = "acme" // HTTPS, DNS and time: what issuing and renewing certificates needs
	EgressFull Egress = "full"
)

// service is what a port is for; without a port it is everything.
type service struct {
	name string
	port []clause
}

// services are those that the VMs may reach. Certificates need theirs for good: at
// each renewal.
func (e Egress) services() []service {
	switch e {
	case EgressFull:
		return []service{{"everything", nil}}
	case EgressACME:
		return []service{
			{"https", []clause{tcp().port(443)}},
			{"dns over tcp", []clause{tcp().port(53)}},
			{"dns", []clause{udp().port(53)}},
			{"ntp", []clause{udp().port(123)}},
		}
	default:
		return nil
	}
}

// HTTPS says who may come in by port 443 from the internet. Port 80 stays open, which serves
// redirects and what certificates need.
type HTTPS string

// Who may come in.
const (
	HTTPSEverybody HTTPS = "everybody"
	HTTPSProxies   HTTPS = "proxies" // the machines in front of the domains alone
)

// Hairpin says when a VM reaches itself and its neighbours through the public
// address, as cert-manager does before it asks for a certificate.
type Hairpin string

// The hairpin's modes.
const (
	HairpinAlways Hairpin = "always"
	HairpinNever  Hairpin = "never"
	HairpinAuto   Hairpin = "auto" // only while certificates are pending
)
