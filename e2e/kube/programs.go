package main

import (
	"fmt"
	"os"

	yq "github.com/mikefarah/yq/v4/cmd"
	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
	"go.etcd.io/etcd/server/v3/etcdmain"
	_ "k8s.io/client-go/plugin/pkg/client/auth"
	"k8s.io/component-base/cli"
	_ "k8s.io/component-base/metrics/prometheus/clientgo"
	_ "k8s.io/component-base/metrics/prometheus/version"
	kubectl "k8s.io/kubectl/pkg/cmd"
	kubectlutil "k8s.io/kubectl/pkg/cmd/util"
	apiserver "k8s.io/kubernetes/cmd/kube-apiserver/app"
	controllers "k8s.io/kubernetes/cmd/kube-controller-manager/app"
	scheduler "k8s.io/kubernetes/cmd/kube-scheduler/app"

	"wiabctl/e2e/kube/controlplane"
)

// programs are what kubebox can be. Each runs with os.Args as its own and
// returns the exit code. They do what upstream's main functions do.
var programs = map[string]func() int{
	"controlplane": func() int {
		if err := controlplane.Main(os.Args[1:]); err != nil {
			fmt.Fprintln(os.Stderr, "controlplane:", err)
			return 1
		}
		return 0
	},
	"etcd":                    func() int { etcdmain.Main(os.Args); return 0 },
	"kube-apiserver":          func() int { return cli.Run(apiserver.NewAPIServerCommand()) },
	"kube-controller-manager": func() int { return cli.Run(controllers.NewControllerManagerCommand()) },
	"kube-scheduler":          func() int { return cli.Run(scheduler.NewSchedulerCommand()) },
	"kwok":                    withoutGlobalFlags(runKwok),
	"kubectl":                 withoutGlobalFlags(runKubectl),
	"yq":                      withoutGlobalFlags(func() int { return runYq(yq.New()) }),
}

// withoutGlobalFlags takes away what the control plane's packages add to
// pflag's global set when they are linked, and cobra to every command: a
// --version that collides with the command's own.
func withoutGlobalFlags(run func() int) func() int {
	return func() int {
		pflag.CommandLine = pflag.NewFlagSet(os.Args[0], pflag.ExitOnError)
		return run()
	}
}

func runKubectl() int {
	if err := cli.RunNoErrOutput(kubectl.NewDefaultKubectlCommand()); err != nil {
		kubectlutil.CheckErr(err) // prints and exits, mostly
		return 1
	}
	return 0
}

// runYq evaluates when the first argument is no command.
func runYq(command *cobra.Command) int {
	if _, _, err := command.Find(os.Args[1:]); err != nil {
		command.SetArgs(append([]string{"eval"}, os.Args[1:]...))
	}
	if err := command.Execute(); err != nil {
		return 1
	}
	return 0
}
