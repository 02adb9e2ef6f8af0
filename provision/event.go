package provision

import (
	"time"

	"wiabctl/cluster"
	"wiabctl/provision/change"
)

// EventKind tells what an Event reports.
type EventKind string

// The kinds of events, in the order in which a stage goes through them.
const (
	RunBegun     EventKind = "run"      // a run begins; Run tells which
	ChangeWanted EventKind = "wanted"   // a plan holds the change
	StageUnclear EventKind = "unclear"  // the stage cannot tell what it has to do
	Warned       EventKind = "warned"   // something stops nothing now, but may later; Subject is the failure's id
	StageWaits   EventKind = "waits"    // the stage waits for another one, whose name is Text
	StagePlanned EventKind = "planned"  // what the stage has to do is known
	ChangeBegun  EventKind = "begun"    // a change is being made
	Progressed   EventKind = "progress" // a change has something to say
	ChangeLeft   EventKind = "left"     // somebody wants to stop while a change is made; Text tells what becomes of it
	ChangeMade   EventKind = "made"     // a change is made
	StageDone    EventKind = "done"     // the stage is as configured
	StageFailed  EventKind = "failed"   // the stage stopped with an error
	RunEnded     EventKind = "ended"    // the run has ended; Outcome tells how, Changes how many were made
	VersionThere EventKind = "version"  // a version of the artifact is unpacked; Subject is its hash

	// How a part of the cluster is; Subject is the part.
	PartHealthy   = EventKind(cluster.Healthy)
	PartUnhealthy = EventKind(cluster.Unhealthy)
	PartSilent    = EventKind(cluster.Silent)
	PartAbsent    = EventKind(cluster.Absent)
)

// Event is something that happened in a run. The pipeline only sends them; views
// turn them into what people or programs read.
type Event struct {
	Time    time.Time     `json:"time"`              // when it happened
	Stage   string        `json:"stage"`             // the stage that it happened in
	Kind    EventKind     `json:"event"`             // what happened, see below
	Verb    change.Verb   `json:"verb,omitempty"`    // what a change does to its subject
	Subject string        `json:"subject,omitempty"` // what a change is made to, or what is told of
	Text    string        `json:"text,omitempty"`    // the change's reason, a line for each cause; the progress, the error
	Changes int           `json:"changes,omitempty"` // how many the stage needs or has made
	Took    time.Duration `json:"took_ns,omitempty"` // how long the change or the stage took

	Diff     []string `json:"diff,omitempty"`     // what a planned change changes, a line each, with + ~ - before it
	Within   string   `json:"within,omitempty"`   // the subject of another planned change, whose diff tells of all places that this one does
	Run      *RunInfo `json:"run,omitempty"`      // of the events run and ended: which run it is
	Outcome  Outcome  `json:"outcome,omitempty"`  // how the run ended
	Failures []string `json:"failures,omitempty"` // the ids, where something failed
}

// Observer takes events; it is called from several goroutines, one at a time.
type Observer func(Event)
