package network

import (
	"fmt"
	"strings"

	"github.com/google/nftables"
	"github.com/google/nftables/expr"
	"golang.org/x/sys/unix"
)

// fate is what a chain does with a packet.
type fate int

const (
	undecided fate = iota // it comes to the chain's end
	returned              // it leaves the chain before
	passed
	blocked
)

// walk follows a packet through the chains of a table. What cannot be told (a rate
// limit, a mark, a client's address) counts as not matching, but doubt remembers
// that such a rule would have let the packet through.
type walk struct {
	chains *foreignChains
	packet packet
	doubt  bool
	// spared are chains in which rules of ours are, or will be, first.
	spared func(chain string, w way) bool
}

// base is the packet's fate in a base chain: passed or blocked.
func (w *walk) base(chain *nftables.Chain) (fate, error) {
	end, err := w.chain(chain.Table, chain.Name)
	if err != nil || end == passed || end == blocked {
		return end, err
	}
	if chain.Policy != nil && *chain.Policy == nftables.ChainPolicyDrop {
		return blocked, nil
	}
	return passed, nil
}

// chain is the packet's fate in a chain.
func (w *walk) chain(table *nftables.Table, name string) (fate, error) {
	if w.spared(name, w.packet.way) {
		return passed, nil
	}
	if strings.HasPrefix(name, "LIBVIRT_") {
		return undecided, nil // libvirt makes no rules for an open network: these go with another's
	}
	rules, err := w.chains.rules(table, name)
	if err != nil {
		return undecided, err
	}
	for _, rule := range rules {
		if end, err := w.rule(rule); err != nil || end != undecided {
			return end, err
		}
	}
	return undecided, nil
}

// rule is what a rule does with the packet; undecided: the next one is asked.
func (w *walk) rule(rule *nftables.Rule) (fate, error) {
	m := matching{packet: w.packet, registers: map[uint32][]byte{}, sure: true}
	for _, e := range rule.Exprs {
		var verdict *expr.Verdict
		switch e := e.(type) {
		case *expr.Verdict:
			verdict = e
		case *expr.Lookup:
			set, err := w.chains.set(rule.Table, e.SetName)
			if err != nil {
				return undecided, err
			}
			verdict = m.lookup(e, set)
		case *expr.Reject:
			verdict = &expr.Verdict{Kind: expr.VerdictDrop}
		case *expr.Queue:
			verdict = &expr.Verdict{Kind: expr.VerdictQueue}
		case *expr.Target:
			verdict = target(e)
		default:
			m.match(e)
		}
		if m.fails {
			return undecided, nil
		}
		if verdict != nil {
			return w.obey(verdict, rule.Table, m.sure)
		}
	}
	return undecided, nil
}

// target is the verdict of iptables' own targets; nil where the next rule is asked.
func target(e *expr.Target) *expr.Verdict {
	switch e.Name {
	case "REJECT":
		return &expr.Verdict{Kind: expr.VerdictDrop}
	case "NFQUEUE":
		return &expr.Verdict{Kind: expr.VerdictQueue}
	default:
		return nil
	}
}

// obey does what the verdict says, if it is sure that the rule matches.
func (w *walk) obey(verdict *expr.Verdict, table *nftables.Table, sure bool) (fate, error) {
	end := undecided
	switch verdict.Kind {
	case expr.VerdictAccept, expr.VerdictStop:
		end = passed
	case expr.VerdictDrop:
		end = blocked
	case expr.VerdictReturn:
		end = returned
	case expr.VerdictQueue: // a program decides
		w.doubt = true
		end = blocked
	case expr.VerdictJump, expr.VerdictGoto:
		inner, err := w.chain(table, verdict.Chain)
		if err != nil {
			return undecided, fmt.Errorf("chain %s: %w", verdict.Chain, err)
		}
		if end = inner; end == returned {
			end = undecided
		}
		if end == undecided && verdict.Kind == expr.VerdictGoto {
			end = returned
		}
	}
	if !sure {
		w.doubt = w.doubt || end == passed
		return undecided, nil
	}
	return end, nil
}

// matching is a rule's expressions against a packet, up to one.
type matching struct {
	packet    packet
	registers map[uint32][]byte // nil: not known
	fails     bool              // the rule does not match
	sure      bool              // it matches, so far
}

// match goes on with an expression that has no verdict.
func (m *matching) match(e expr.Any) {
	switch e := e.(type) {
	case *expr.Payload:
		if e.OperationType == expr.PayloadLoad {
			m.registers[e.DestRegister] = m.packet.load(e)
		}
	case *expr.Meta:
		if !e.SourceRegister {
			m.registers[e.Register] = m.packet.load(e)
		}
	case *expr.Ct:
		if !e.SourceRegister {
			m.registers[e.Register] = m.packet.load(e)
		}
	case *expr.Fib:
		m.registers[e.Register] = m.packet.load(e)
	case *expr.Immediate:
		m.registers[e.Register] = e.Data
	case *expr.Bitwise:
		m.registers[e.DestRegister] = masked(m.registers[e.SourceRegister], e)
	case *expr.Cmp:
		m.compare(e.Op, e.Register, e.Data, e.Data)
	case *expr.Range:
		m.compare(e.Op, e.Register, e.FromData, e.ToData)
	case *expr.Match:
		m.extension(e)
	case *expr.Counter, *expr.Log, *expr.Target, *expr.NAT, *expr.Masq, *expr.Redir, *expr.FlowOffload, *expr.CtHelper, *expr.CtTimeout, *expr.SecMark:
		// does not match anything
	default: // a limit, a quota: what the library does not know it leaves out, and then a register is not known
		m.sure = false
	}
}

// masked is the value with mask and xor; nil if it is not known.
func masked(value []byte, e *expr.Bitwise) []byte {
	if value == nil || len(e.Mask) != len(value) || len(e.Xor) != len(value) {
		return nil
	}
	result := make([]byte, len(value))
	for i := range value {
		result[i] = value[i]&e.Mask[i] ^ e.Xor[i]
	}
	return result
}

// verdictRegister is where a map of verdicts leaves its finding.
const verdictRegister = unix.NFT_REG_VERDICT
