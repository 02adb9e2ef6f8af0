package cmd

import (
	"fmt"
	"net"
	"os"
	"strconv"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
)

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){
		"wiabctl": func() {
			os.Exit(Run(os.Args[1:], os.Stdin, os.Stdout, os.Stderr))
		},
		// listen ADDRESS: somebody else's server, which says when it is there.
		"listen": func() {
			listener, err := net.Listen("tcp4", os.Args[1])
			if err != nil {
				panic(err)
			}
			fmt.Println("listening")
			// A wait on the network, which the runtime never takes for a deadlock.
			for err == nil {
				_, err = listener.Accept()
			}
		},
		"halves": func() { halves(os.Args[1], os.Args[2], os.Args[3]) },
	})
}

// TestScripts runs what needs no host: the ways in which a command line or a
// configuration is refused, and the help.
func TestScripts(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir: "testdata/script",
		Condition: func(condition string) (bool, error) {
			if condition != "root" {
				return false, fmt.Errorf("no condition %q", condition)
			}
			return os.Geteuid() == 0, nil
		},
		Cmds: map[string]func(ts *testscript.TestScript, neg bool, args []string){
			// exits CODE COMMAND... demands this very exit code.
			"exits": func(ts *testscript.TestScript, _ bool, args []string) {
				want, err := strconv.Atoi(args[0])
				ts.Check(err)
				err = ts.Exec(args[1], args[2:]...)
				got := 0
				if exit, ok := err.(interface{ ExitCode() int }); ok {
					got = exit.ExitCode()
				} else {
					ts.Check(err)
				}
				if got != want {
					ts.Fatalf("exit code %d, want %d", got, want)
				}
			},
		},
	})
}
