package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"time"
)

// version is what the console line and cloud-init --version say.
const version = "22.4.2-micro"

// resultFile holds what cloud-init status answers; it is new at each boot.
const resultFile = "/run/cloud-init/result"

// finished is the line by which cloud-init ends on the console.
func finished(now time.Time, disk string, up time.Duration) string {
	source := "DataSourceNone"
	if disk != "" {
		source = "DataSourceNoCloud [seed=" + disk + "][dsmode=net]"
	}
	return fmt.Sprintf("Cloud-init v. %s finished at %s. Datasource %s.  Up %.2f seconds",
		version, now.UTC().Format("Mon, 02 Jan 2006 15:04:05 +0000"), source, up.Seconds())
}

// result is what cloud-init status answers from now on.
func result(failure error) string {
	if failure != nil {
		return "status: error\ndetail:\n" + failure.Error() + "\n"
	}
	return "status: done\n"
}

// cloudInit answers as the command of that name; it returns the exit code.
func cloudInit(args []string, stdout, stderr io.Writer) int {
	if slices.Contains(args, "--version") {
		fmt.Fprintln(stdout, "/usr/bin/cloud-init", version)
		return 0
	}
	if len(args) == 0 || args[0] != "status" {
		fmt.Fprintln(stderr, "usage: cloud-init status [--wait] [--long]")
		return 2
	}
	result, err := os.ReadFile(resultFile)
	for tick := time.Tick(poll); slices.Contains(args, "--wait") && errors.Is(err, os.ErrNotExist); {
		<-tick
		result, err = os.ReadFile(resultFile)
	}
	if errors.Is(err, os.ErrNotExist) {
		fmt.Fprintln(stdout, "status: running")
		return 0
	}
	if err != nil {
		fmt.Fprintln(stderr, err)
		return 1
	}
	return answer(string(result), slices.Contains(args, "--long"), stdout)
}

// answer prints the result, its detail only in the long form.
func answer(result string, long bool, stdout io.Writer) int {
	status, _, _ := strings.Cut(result, "\n")
	if long {
		status = strings.TrimRight(result, "\n")
	}
	fmt.Fprintln(stdout, status)
	if strings.HasPrefix(result, "status: error") {
		return 1
	}
	return 0
}
