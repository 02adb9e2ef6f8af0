package network

import (
	"fmt"

	"github.com/google/nftables"
	"github.com/google/nftables/userdata"
)

// diff tells in lines what separates the table from the wanted one: "+ chain: rule" is to
// come, "~ chain: rule" takes the place of the rule of that comment, "- chain: comment" goes.
// Of a table that is not there yet nobody has to know each rule.
func (is live) diff(want ruleset) (lines []string) {
	if !is.exists {
		return nil
	}
	want = is.adopt(want)
	for _, c := range want {
		found, _ := is.chain(c.name)
		lines = append(lines, found.diff(c)...)
	}
	for _, c := range is.chains {
		if !want.has(c.Name) {
			lines = append(lines, fmt.Sprintf("- %s: the chain with %d rules", c.Name, len(c.rules)))
		}
	}
	return lines
}

func (s ruleset) has(name string) bool {
	for _, c := range s {
		if c.name == name {
			return true
		}
	}
	return false
}

// diff is that of one chain.
func (is liveChain) diff(want chain) (lines []string) {
	wanted := map[string]bool{}
	for _, r := range want.rules {
		wanted[r.comment] = true
		switch there := is.rule(r.comment); {
		case there == nil:
			lines = append(lines, fmt.Sprintf("+ %s: %s", want.name, r))
		case !same(there, r):
			lines = append(lines, fmt.Sprintf("~ %s: %s", want.name, r))
		}
	}
	for _, r := range is.rules {
		if comment := commentOf(r); !wanted[comment] {
			lines = append(lines, fmt.Sprintf("- %s: %q", want.name, comment))
		}
	}
	return lines
}

// rule is the rule with the comment, nil if there is none.
func (is liveChain) rule(comment string) *nftables.Rule {
	for _, r := range is.rules {
		if commentOf(r) == comment {
			return r
		}
	}
	return nil
}

func commentOf(r *nftables.Rule) string {
	comment, _ := userdata.GetString(r.UserData, userdata.TypeComment)
	return comment
}
