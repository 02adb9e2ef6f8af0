package cluster

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"

	"wiabctl/provision/change"
)

// File is a file in the deploy directory whose content wiabctl decides.
type File struct {
	Name    string // relative to the deploy directory
	Content []byte
	Mode    fs.FileMode
	Why     string // what it is for, shown in the plan when it is created
}

// plan returns the change that brings the file to its content and mode, or none.
func (f File) plan(ctx context.Context, admin *Admin) ([]change.Change, error) {
	write := func(ctx context.Context, _ change.Progress) error {
		return admin.Write(ctx, f.Name, f.Content, f.Mode)
	}
	have, mode, err := admin.stat(ctx, f.Name)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return []change.Change{{Verb: change.Create, Subject: "file " + f.Name, Reason: f.Why, Apply: write}}, nil
	case err != nil:
		return nil, err
	case !bytes.Equal(have, f.Content):
		return []change.Change{{Verb: change.Update, Subject: "file " + f.Name, Reason: "its content differs: " + f.Why, Apply: write}}, nil
	case mode != f.Mode:
		return []change.Change{{Verb: change.Update, Subject: "file " + f.Name, Reason: fmt.Sprintf("its mode is %04o, not %04o", mode, f.Mode), Apply: write}}, nil
	}
	return nil, nil
}

// planFiles joins the plans of several files.
func planFiles(ctx context.Context, admin *Admin, files ...File) ([]change.Change, error) {
	var all []change.Change
	for _, f := range files {
		changes, err := f.plan(ctx, admin)
		if err != nil {
			return nil, err
		}
		all = append(all, changes...)
	}
	return all, nil
}
