package cmd

import (
	"fmt"
	"io"
	"strings"
	"time"

	"wiabctl/provision"
	"wiabctl/provision/change"
)

// renderRuns lists runs, one a line.
func renderRuns(out io.Writer, runs []provision.Run) error {
	if len(runs) == 0 {
		_, err := fmt.Fprintln(out, "there was no run yet")
		return err
	}
	table := tableOf(out)
	fmt.Fprintln(table, "RUN\tBEGAN\tBY\tTOOK\tRESULT\tCHANGES\tCOMMAND")
	for _, r := range runs {
		fmt.Fprintf(table, "%d\t%s\t%s\t%s\t%s\t%d\t%s\n", r.Number, r.Began.Local().Format(time.DateTime), r.By, short(r.Took), result(r), r.Changes, r.Line)
	}
	return table.Flush()
}

// result is how a run ended, with the failures' ids.
func result(r provision.Run) string {
	if len(r.Failures) == 0 {
		return string(r.Outcome)
	}
	return fmt.Sprintf("%s [%s]", r.Outcome, strings.Join(r.Failures, " "))
}

// renderRun tells all of a run.
func renderRun(out io.Writer, r provision.Run) error {
	table := tableOf(out)
	fmt.Fprintf(table, "run\t%d\n", r.Number)
	fmt.Fprintf(table, "command\t%s\n", r.Line)
	fmt.Fprintf(table, "by\t%s, with wiabctl %s\n", r.By, r.Version)
	fmt.Fprintf(table, "began\t%s\n", r.Began.Local().Format(time.DateTime))
	fmt.Fprintf(table, "result\t%s, after %s in %s\n", result(r), changes(r.Changes), short(r.Took))
	if r.Text != "" {
		fmt.Fprintf(table, "error\t%s\n", indented(r.Text, "\n\t"))
	}
	fmt.Fprintf(table, "log\t%s\n", r.Log)
	if err := table.Flush(); err != nil {
		return err
	}
	fmt.Fprintln(out, "\nPLAN")
	for _, c := range r.Plan {
		wanted := provision.Event{Kind: provision.ChangeWanted, Verb: c.Verb, Subject: c.Subject, Text: c.Reason, Diff: c.Diff, Within: c.Within}
		fmt.Fprintf(out, "%-12s %s\n", c.Stage, indented(describe(wanted), "\n"+further))
	}
	if len(r.Plan) == 0 {
		fmt.Fprintln(out, "nothing to do")
	}
	if len(r.Stages) > 0 {
		fmt.Fprintln(out, "\nSTAGES")
	}
	for _, s := range r.Stages {
		renderRunStage(out, s)
	}
	return nil
}

func renderRunStage(out io.Writer, s provision.RunStage) {
	failed := ""
	if s.Failed {
		failed = ", failed: " + s.Text
	}
	fmt.Fprintf(out, "%-12s %s%s\n", s.Stage, short(s.Took), indented(failed, "\n"+further))
	for _, c := range s.Changes {
		took := "not finished"
		if c.Made {
			took = short(c.Took)
		}
		fmt.Fprintf(out, "%-12s %s\n", "", indented(fmt.Sprintf("%s %s: %s", c.Verb, c.Subject, took), "\n"+further))
	}
}

// indented is text whose further lines begin with something else, fit for a terminal.
func indented(text, further string) string {
	return strings.ReplaceAll(change.Printable(text), "\n", further)
}
