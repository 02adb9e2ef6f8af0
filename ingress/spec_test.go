package ingress

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"wiabctl/provision/change"
)

// invalid are the paths that an error complains of.
func invalid(err error) []string {
	if many, ok := err.(interface{ Unwrap() []error }); ok {
		var paths []string
		for _, e := range many.Unwrap() {
			paths = append(paths, invalid(e)...)
		}
		return paths
	}
	if one, ok := errors.AsType[*change.Invalid](err); ok {
		return []string{one.Path}
	}
	return nil
}

func TestValidate(t *testing.T) {
	extra := func(names ...string) []Domain {
		var domains []Domain
		for _, name := range names {
			domains = append(domains, Domain{Domain: name})
		}
		return domains
	}
	long := strings.Repeat("a", longestName+1)
	tests := map[string]struct {
		change func(*Spec)
		paths  []string
	}{
		"as it is":                  {func(*Spec) {}, nil},
		"no extra domain":           {func(s *Spec) { s.Domains = nil }, nil},
		"nothing":                   {func(s *Spec) { *s = Spec{} }, []string{"domain", "email"}},
		"upstream's example":        {func(s *Spec) { s.Domain = "example.com"; s.Domains = nil }, []string{"domain"}},
		"an extra below it is fine": {func(s *Spec) { s.Domain = "wire.example.com" }, nil},
		"no mail address":           {func(s *Spec) { s.Email = "ops" }, []string{"email"}},
		"mail with a name":          {func(s *Spec) { s.Email = "Ops <ops@example.org>" }, []string{"email"}},
		"mail of all kinds":         {func(s *Spec) { s.Email = "Ops.wire_2+x-y@example.org" }, nil},
		"mail for a shell":          {func(s *Spec) { s.Email = "a$(reboot)@example.org" }, []string{"email"}},
		"mail for sed":              {func(s *Spec) { s.Email = "a/b&c@example.org" }, []string{"email"}},
		"quoted mail":               {func(s *Spec) { s.Email = `"a;b"@example.org` }, []string{"email"}},
		"mail to an address":        {func(s *Spec) { s.Email = "ops@[192.0.2.1]" }, []string{"email"}},
		"two at signs":              {func(s *Spec) { s.Email = "a@b@example.org" }, []string{"email"}},
		"bad domain":                {func(s *Spec) { s.Domains = extra("red") }, []string{"domains[0].domain"}},
		"empty domain":              {func(s *Spec) { s.Domains = extra("") }, []string{"domains[0].domain"}},
		"the default domain":        {func(s *Spec) { s.Domains = extra("green.example.org") }, []string{"domains[0].domain"}},
		"twice":                     {func(s *Spec) { s.Domains = extra("red.example.com", "red.example.com") }, []string{"domains[1].domain"}},
		"equal names":               {func(s *Spec) { s.Domains = extra("red.example.com", "red.example.net") }, []string{"domains[1].name"}},
		"equal certificate names":   {func(s *Spec) { s.Domains = extra("a-b.example.com", "a.b.example.com") }, []string{"domains[1].domain"}},
		"the default's certificate": {func(s *Spec) { s.Domains = extra("green-example.org") }, []string{"domains[0].domain"}},
		"a service of the default":  {func(s *Spec) { s.Domains = extra("webapp.green.example.org") }, []string{"domains[0].domain"}},
		"below such a service":      {func(s *Spec) { s.Domains = extra("a.sftd.green.example.org") }, []string{"domains[0].domain"}},
		"above an earlier one":      {func(s *Spec) { s.Domains = extra("x.teams.example.net", "example.net") }, []string{"domains[1].domain"}},
		"a harmless subdomain":      {func(s *Spec) { s.Domains = extra("red.green.example.org") }, nil},
		"a name's end is the other": {func(s *Spec) {
			s.Domains = []Domain{{Domain: "red.example.com", Name: "nginx-mult"}, {Domain: "red.example.net", Name: "nginx-mult-nginx-multi-ingress"}}
		}, []string{"domains[1].name"}},
		"equal but for the case":   {func(s *Spec) { s.Domains = extra("red.example.com", "RED.example.com") }, []string{"domains[1].domain"}},
		"equal in other letters":   {func(s *Spec) { s.Domains = extra("bücher.example.com", "xn--bcher-kva.example.com") }, []string{"domains[1].domain"}},
		"the default in capitals":  {func(s *Spec) { s.Domains = extra("Green.example.org") }, []string{"domains[0].domain"}},
		"default in capitals":      {func(s *Spec) { s.Domain = "Green.Example.ORG" }, nil},
		"default nobody certifies": {func(s *Spec) { s.Domain = "wire.internal" }, []string{"domain"}},
		"extra nobody certifies":   {func(s *Spec) { s.Domains = extra("red.internal") }, []string{"domains[0].domain"}},
		"extra of its own": {func(s *Spec) {
			s.Domains = extra("red.internal")
			s.Domains[0].Certificate = Certificate{Cert: "c", Key: "k"}
		}, nil},
		"mail in capitals":         {func(s *Spec) { s.Email = "ops@Example.org" }, []string{"email"}},
		"name too long":            {func(s *Spec) { s.Domains = extra(long + ".example.org") }, []string{"domains[0].name"}},
		"longest name":             {func(s *Spec) { s.Domains = extra(long[1:] + ".example.org") }, nil},
		"bad name":                 {func(s *Spec) { s.Domains[0].Name = "Red_1" }, []string{"domains[0].name"}},
		"title with quotes":        {func(s *Spec) { s.Domains[0].Title = `a "b"` }, []string{"domains[0].title"}},
		"title with a line break":  {func(s *Spec) { s.Domains[0].Title = "a\nb" }, []string{"domains[0].title"}},
		"title too long":           {func(s *Spec) { s.Domains[0].Title = strings.Repeat("a", 201) }, []string{"domains[0].title"}},
		"certificate without key":  {func(s *Spec) { s.Domains[1].Certificate.Key = "" }, []string{"domains[1].certificate"}},
		"certificate of two kinds": {func(s *Spec) { s.Domains[1].Certificate.Staging = true }, []string{"domains[1].certificate"}},
		"staging":                  {func(s *Spec) { s.Domains[0].Certificate.Staging = true }, nil},
		"solvers": {func(s *Spec) {
			s.Domains[0].Certificate.Solvers = []Values{{"dns01": Values{"route53": Values{}}, "selector": Values{}}, {"http01": Values{}}}
		}, nil},
		"solver that proves nothing": {func(s *Spec) { s.Domains[0].Certificate.Solvers = []Values{{"selector": Values{}}} }, []string{"domains[0].certificate.solvers[0]"}},
		"solver of two ways":         {func(s *Spec) { s.Domains[0].Certificate.Solvers = []Values{{"dns01": Values{}, "http01": Values{}}} }, []string{"domains[0].certificate.solvers[0]"}},
		"misspelt solver": {func(s *Spec) {
			s.Domains[0].Certificate.Solvers = []Values{{"http01": Values{}, "selectors": Values{}}}
		}, []string{"domains[0].certificate.solvers[0]"}},
		"solver that is a name": {func(s *Spec) { s.Domains[0].Certificate.Solvers = []Values{{"dns01": "route53"}} }, []string{"domains[0].certificate.solvers[0]"}},
		"no apps":               {func(s *Spec) { s.Domains[0].Apps = []App{} }, nil},
		"one app":               {func(s *Spec) { s.Domains[0].Apps = []App{Account} }, nil},
		"unknown app":           {func(s *Spec) { s.Domains[0].Apps = []App{Webapp, "team"} }, []string{"domains[0].apps[1]"}},
		"app twice":             {func(s *Spec) { s.Domains[0].Apps = []App{Webapp, Webapp} }, []string{"domains[0].apps[1]"}},
		"policy of the ingress": {func(s *Spec) { s.Domains[0].CSP = ByIngress }, nil},
		"policy of nobody":      {func(s *Spec) { s.Domains[0].CSP = "none" }, []string{"domains[0].csp"}},
		"all at once": {
			func(s *Spec) { *s = Spec{Domain: "a", Domains: extra("b", "red.example.com", "red.example.com")} },
			[]string{"domain", "email", "domains[0].domain", "domains[2].domain"},
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			s := threeDomains()
			test.change(&s)
			s.Defaults()
			if diff := cmp.Diff(test.paths, invalid(s.Validate())); diff != "" {
				t.Errorf("%v\n%s", s.Validate(), diff)
			}
		})
	}
}

func TestDefaults(t *testing.T) {
	s := Spec{Domains: []Domain{{Domain: "red.example.com"}, {Domain: "blue.example.net", Name: "b", Title: "B", Apps: []App{}, CSP: ByIngress},
		{Domain: "Bücher.example.org"}, {Domain: "no domain"}}}
	s.Defaults()
	want := []Domain{
		{Domain: "red.example.com", Name: "red", Title: "red.example.com", Apps: []App{Webapp, Teams, Account}, CSP: ByWebapp},
		{Domain: "blue.example.net", Name: "b", Title: "B", Apps: []App{}, CSP: ByIngress},
		{Domain: "xn--bcher-kva.example.org", Name: "xn--bcher-kva", Title: "Bücher.example.org", Apps: []App{Webapp, Teams, Account}, CSP: ByWebapp},
		{Domain: "no domain", Name: "no domain", Title: "no domain", Apps: []App{Webapp, Teams, Account}, CSP: ByWebapp},
	}
	if diff := cmp.Diff(want, s.Domains); diff != "" {
		t.Error(diff)
	}
}
