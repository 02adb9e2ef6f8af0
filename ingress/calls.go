package ingress

import "net/url"

// Calls say who serves calls where that is not the installation's own coturn and sftd:
// somebody else, or nobody. What the backend tells its clients of it replaces what the
// artifact's values say (contract section 13).
type Calls struct {
	SFT  string   // the URL that conference calls begin at; empty: there are none
	TURN []string // the servers that relay calls, "turn:host:port[?transport=tcp]"
	// Secret is what passwords for the TURN servers are made of; empty: the artifact's own.
	Secret string
}

// CallsBy is the set whose calls are served as c says.
func (s Set) CallsBy(c Calls) Set {
	s.Calls, s.SFT = &c, ""
	if sft, err := url.Parse(c.SFT); err == nil {
		s.SFT = sft.Host
	}
	return s
}

// layer is brig's part of the layer over wire-server.
func (c Calls) layer(unset any) Values {
	sft := unset
	if c.SFT != "" {
		sft = c.SFT
	}
	brig := Values{
		"config":     Values{"optSettings": Values{"setSftStaticUrl": sft}},
		"turnStatic": Values{"v1": []string{}, "v2": append([]string{}, c.TURN...)},
	}
	if c.Secret != "" {
		brig["secrets"] = Values{"turn": Values{"secret": c.Secret}}
	}
	return brig
}
