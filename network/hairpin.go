package network

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"

	"wiabctl/provision/change"
)

// decided is the fabric with the hairpin's mode auto resolved: it opens while
// certificates are pending. What is open stays so, for closing it is Closing's work:
// else a certificate that becomes ready in the middle of a run would have the stage
// of the network contradict itself.
func (f *Fabric) decided(ctx context.Context) (*Fabric, error) {
	if f.Spec.Hairpin != HairpinAuto {
		return f, nil
	}
	open := f.Pending(ctx)
	if !open {
		var err error
		if open, err = hairpinInForce(); err != nil {
			return nil, err
		}
	}
	if open {
		return f.with(HairpinAlways), nil
	}
	return f.with(HairpinNever), nil
}

// with is the fabric in another mode of the hairpin.
func (f *Fabric) with(mode Hairpin) *Fabric {
	other := *f
	other.Spec.Hairpin = mode
	return &other
}

// Closing returns the changes that close the hairpin of the mode auto once no
// certificate needs it any more; none in the other modes.
func (f *Fabric) Closing(ctx context.Context) ([]change.Change, error) {
	if f.Spec.Hairpin != HairpinAuto || f.Pending(ctx) {
		return nil, nil
	}
	open, err := hairpinLeft()
	if err != nil || !open {
		return nil, err
	}
	return []change.Change{{
		Verb: change.Delete, Subject: "hairpin rule",
		Reason: "no certificate is waiting, and network.hairpin is auto; renewals need a run of `wiabctl up`",
		Apply: func(ctx context.Context, say change.Progress) error {
			closed := f.with(HairpinNever)
			changes, err := gather(ctx, closed.planTable, closed.planBoot)
			for _, c := range changes {
				err = errors.Join(err, c.Apply(ctx, say))
			}
			return err
		},
	}}, nil
}

// hairpinLeft says whether the rule is in force, or will be after the next boot.
func hairpinLeft() (bool, error) {
	open, err := hairpinInForce()
	if err != nil || open {
		return open, err
	}
	boot, err := os.ReadFile(rulesFile)
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	if err != nil {
		return false, fmt.Errorf("reading the rules for the next boot: %w", err)
	}
	return strings.Contains(string(boot), fmt.Sprintf("comment %q\n", hairpinComment)), nil
}

// hairpinInForce says whether the kernel has the rule.
func hairpinInForce() (bool, error) {
	is, err := waysTable().kernel()
	if err != nil {
		return false, err
	}
	out, _ := is.chain("postrouting")
	return out.rule(hairpinComment) != nil, nil
}
