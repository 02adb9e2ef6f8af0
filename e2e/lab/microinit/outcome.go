package main

import (
	"errors"
	"fmt"
	"os"

	"gopkg.in/yaml.v3"
)

// outcomeFile is what boot leaves to final; it is new at each boot.
const outcomeFile = "/run/cloud-init/outcome"

// Outcome is how boot went.
type Outcome struct {
	Disk    string `yaml:"disk"`    // the seed's; empty if there was none
	Failure string `yaml:"failure"` // empty if all went well
}

func outcomeOf(disk string, failure error) Outcome {
	o := Outcome{Disk: disk}
	if failure != nil {
		o.Failure = failure.Error()
	}
	return o
}

// keep writes the outcome down for another process.
func (o Outcome) keep(path string) error {
	text, err := yaml.Marshal(o)
	if err != nil {
		return err
	}
	return writeFile(path, string(text), 0o644)
}

// readOutcome reads what boot kept. A boot that kept nothing has failed, and
// that is an outcome too.
func readOutcome(path string) Outcome {
	text, err := os.ReadFile(path)
	if err != nil {
		return outcomeOf("", fmt.Errorf("microinit boot did not come to its end: %w", err))
	}
	var o Outcome
	if err := yaml.Unmarshal(text, &o); err != nil {
		return outcomeOf("", fmt.Errorf("%s: %w", path, err))
	}
	return o
}

// err is the failure, nil if all went well.
func (o Outcome) err() error {
	if o.Failure == "" {
		return nil
	}
	return errors.New(o.Failure)
}
