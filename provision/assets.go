package provision

import (
	"context"
	"errors"

	"wiabctl/assets"
	"wiabctl/provision/change"
	"wiabctl/vm"
)

// Asset is a download: one that the configuration names, or another that lies in the cache.
type Asset struct {
	Name   string
	SHA256 string // 64 hex digits; empty while nothing tells
	Size   int64  // bytes that are here
	State  AssetState
	From   string // where it comes from, without a password; empty if nothing needs it
}

// AssetState tells how far a download is.
type AssetState string

// The states of a download.
const (
	AssetAbsent  AssetState = "absent"  // nothing of it is here
	AssetPartial AssetState = "partial" // its beginning is here, and the next run goes on from there
	AssetHeld    AssetState = "held"    // it is here, whole
)

// downloads are all that the configuration needs from elsewhere.
func (i *Installation) downloads() []assets.Download {
	all := []assets.Download{i.artifact().Download()}
	if i.config.VMs.Provider != vm.External {
		all = append(all, i.baseImage().Download())
	}
	return all
}

// ListAssets tells of every download that the configuration names, and then of whatever
// else lies in the cache.
func (i *Installation) ListAssets(context.Context) ([]Asset, error) {
	store := i.store()
	entries, err := store.Held().Entries(store.Pins)
	if err != nil {
		return nil, err
	}
	var all []Asset
	known := map[string]bool{}
	for _, d := range i.downloads() {
		sum, err := d.Digest()
		if err != nil {
			return nil, err
		}
		a := Asset{Name: d.Name, SHA256: sum, State: AssetAbsent, From: d.Source()}
		for _, e := range entries {
			switch {
			case sum != "" && e.SHA256 == sum:
				a.State, a.Size = AssetHeld, e.Size
				known[sum] = true
			case e.SHA256 == "" && e.Name == d.Name && a.State == AssetAbsent:
				a.State, a.Size = AssetPartial, e.Size
			}
		}
		known[d.Name] = true
		all = append(all, a)
	}
	for _, e := range entries {
		switch {
		case e.SHA256 == "" && !known[e.Name]:
			all = append(all, Asset{Name: e.Name, Size: e.Size, State: AssetPartial})
		case e.SHA256 != "" && !known[e.SHA256]:
			all = append(all, Asset{Name: e.Name, SHA256: e.SHA256, Size: e.Size, State: AssetHeld})
		}
	}
	return all, nil
}

// PullAssets brings all downloads into the cache, ahead of time, and returns how many
// that took. Only root may, as with all that changes something.
func (i *Installation) PullAssets(ctx context.Context) (int, error) {
	if err := rootCheck(ctx); err != nil {
		return 0, err
	}
	var changes []change.Change
	for _, d := range i.downloads() {
		if _, held := d.Held(); held {
			continue
		}
		changes = append(changes, change.Change{
			Verb: change.Create, Subject: "download " + d.Name, Reason: "it is not in the cache", Concurrent: true,
			Apply: func(ctx context.Context, say change.Progress) error {
				return d.Pull(ctx, say)
			},
		})
	}
	return i.pipeline.apply(ctx, "assets", changes)
}

// VerifyAssets reads the whole cache again and removes what is not what came any more; it
// returns how many files are sound.
func (i *Installation) VerifyAssets(ctx context.Context) (sound int, err error) {
	store := i.store()
	entries, err := store.Held().Entries(store.Pins)
	if err != nil {
		return 0, err
	}
	var errs []error
	for _, e := range entries {
		if e.SHA256 == "" {
			continue
		}
		err := store.Held().Verify(ctx, e, func(line string) {
			i.pipeline.send(Event{Stage: "assets", Kind: Progressed, Subject: e.Name, Text: line})
		})
		if err == nil {
			sound++
		}
		errs = append(errs, err)
	}
	return sound, errors.Join(errs...)
}

// PlanPrune tells what of the cache the configuration does not need; with all, everything.
func (i *Installation) PlanPrune(all bool) ([]Planned, error) {
	wanted := i.downloads()
	if all {
		wanted = nil
	}
	store := i.store()
	changes, err := store.Held().Prune(store.Pins, wanted...)
	return []Planned{{Stage: "assets", Changes: changes}}, err
}

// BundleAssets fills a directory with all downloads, which another host can use as its
// source, and returns how many files that took.
func (i *Installation) BundleAssets(ctx context.Context, dir string) (int, error) {
	if err := rootCheck(ctx); err != nil {
		return 0, err
	}
	changes, err := assets.Bundle{Dir: dir}.Plan(i.downloads()...)
	if err != nil {
		return 0, err
	}
	return i.pipeline.apply(ctx, "assets", changes)
}

// Make makes planned changes of one command, and returns how many.
func (i *Installation) Make(ctx context.Context, plans []Planned) (made int, err error) {
	for _, p := range plans {
		n, err := i.pipeline.apply(ctx, p.Stage, p.Changes)
		if made += n; err != nil {
			return made, err
		}
	}
	return made, nil
}
