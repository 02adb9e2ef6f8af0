package cmd

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// bashCompletes is what bash offers at the end of a line, by wiabctl's own script. Of the package
// bash-completion the script needs one function, which splits the line into words.
func bashCompletes(t *testing.T, dir, line string) []string {
	t.Helper()
	script := filepath.Join(dir, "completion.bash")
	const program = `
_get_comp_words_by_ref() { cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD-1]} words=("${COMP_WORDS[@]}") cword=$COMP_CWORD; }
source "$1"
COMP_LINE=$2 COMP_POINT=${#2}
read -ra COMP_WORDS <<<"$2"
[[ $2 == *' ' ]] && COMP_WORDS+=('')
COMP_CWORD=$((${#COMP_WORDS[@]} - 1)) COMP_TYPE=9
compopt() { :; }
__start_wiabctl wiabctl
printf '%s\n' "${COMPREPLY[@]}"`
	c := exec.CommandContext(t.Context(), "bash", "-c", program, "bash", script, line)
	c.Env = append(os.Environ(), "PATH="+dir+":"+os.Getenv("PATH"), "WIABCTL_CONFIG="+filepath.Join(dir, "wiabctl.yaml"))
	out, err := c.CombinedOutput()
	if err != nil {
		t.Fatalf("%s: %v\n%s", line, err, out)
	}
	return strings.Fields(string(out))
}

// TestBashCompletion runs bash with the script that wiabctl prints, which asks the test's binary
// in wiabctl's place.
func TestBashCompletion(t *testing.T) {
	dir := t.TempDir()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(self, filepath.Join(dir, "wiabctl")); err != nil {
		t.Fatal(err)
	}
	script, err := exec.CommandContext(t.Context(), filepath.Join(dir, "wiabctl"), "completion", "bash").Output()
	if err != nil {
		t.Fatal(err)
	}
	config := "domain: green.example.org\nemail: ops@example.org\nartifact: {hash: 5b01f250e128db689715558bad6b5e532cf4a7a0}\ndomains: [{domain: red.example.com}, {domain: rose.example.net, proxy: {address: 198.51.100.9}}]\n"
	for name, text := range map[string]string{"completion.bash": string(script), "wiabctl.yaml": config} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for _, test := range []struct{ line, want string }{
		{"wiabctl add", "add-domain"},
		{"wiabctl config v", "validate view"},
		{"wiabctl remove-domain r", "red.example.com rose.example.net"},
		{"wiabctl remove-domain red.example.com r", "rose.example.net"},
		{"wiabctl domain verify gr", "green.example.org"},
		{"wiabctl domain dns ro", "rose.example.net"},
		{"wiabctl proxy render ", "rose.example.net"},
		{"wiabctl vm ssh kube", "kubenode1 kubenode2 kubenode3"},
		{"wiabctl up --only ne", "network"},
		{"wiabctl up --again cl", "cluster"},
		{"wiabctl explain secrets-e", "secrets-exposed"},
		{"wiabctl network hairpin o", "on off"},
		{"wiabctl plan --output ", "plain json"},
		{"wiabctl plan --set network.eg", "network.egress="},
	} {
		if got := strings.Join(bashCompletes(t, dir, test.line), " "); got != test.want {
			t.Errorf("%q completes to %q, want %q", test.line, got, test.want)
		}
	}
}

// TestCompletionScripts demands a script for each shell that asks the binary.
func TestCompletionScripts(t *testing.T) {
	for shell, asks := range map[string]string{"bash": "__complete", "zsh": "#compdef wiabctl", "fish": "complete -c wiabctl"} {
		var out strings.Builder
		if code := Execute(t.Context(), []string{"completion", shell}, strings.NewReader(""), &out, &out); code != 0 || !strings.Contains(out.String(), asks) {
			t.Errorf("%s: exit code %d", shell, code)
		}
	}
}

// Who presses Tab is not kept waiting by what does not answer; who runs a command may be.
func TestCompletionIsBrief(t *testing.T) {
	for _, test := range []struct {
		args  []string
		brief bool
	}{{[]string{"__complete", "up", "--only", ""}, true}, {[]string{"__completeNoDesc", "logs", ""}, true}, {[]string{"up"}, false}, {nil, false}} {
		ctx, cancel := offering(t.Context(), test.args)
		until, brief := ctx.Deadline()
		cancel()
		if brief != test.brief || brief && time.Until(until) > patience {
			t.Errorf("%q: until %s, %v", test.args, until, brief)
		}
	}
}
