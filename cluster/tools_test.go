package cluster

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"wiabctl/provision/change"
)

// fakeDocker keeps its images in the file images, a line `ID NAME` for each name, and
// loads an archive that is a text of such lines; anything else that it is asked fails.
const fakeDocker = `
images=$(dirname "$0")/images
case "$1 $2" in
"images --all")
  [ "$*" = "images --all --no-trunc --format {{.ID}} {{.Repository}}:{{.Tag}}" ] || exit 64
  cat "$images" ;;
"image inspect")
  [ "$3 $4 $#" = "--format {{.Id}} 5" ] || exit 64
  awk -v it="$5" '$1 == it || $2 == it { print $1; found = 1; exit } END { exit !found }' "$images" ;;
"load --quiet")
  [ "$3 $#" = "--input 4" ] && grep -qx archive "$4" || exit 64
  echo "$4" >>"$images.loads"
  sleep 0.05
  grep '^sha256:' "$4" | while read -r id name; do
    if [ "$name" = "<none>:<none>" ]; then
      echo "Loaded image ID: $id"
    else
      sed -i "s|^\(.*\) $name\$|\1 <none>:<none>|" "$images"
      echo "Loaded image: $name"
    fi
    echo "$id $name" >>"$images"
  done ;;
"tag sha256:"*)
  [ "$#" = 3 ] || exit 64
  sed -i -e "s|^\(.*\) $3\$|\1 <none>:<none>|" -e "s|^$2 <none>:<none>\$|$2 $3|" "$images" ;;
"run --rm" | "run --interactive") shift; for a; do printf '<%s>' "$a"; done ;;
*) echo "docker $*: not expected" >&2; exit 64 ;;
esac`

// docker is a machine with docker and a deploy directory.
type docker struct {
	t      *testing.T
	dir    string
	deploy string
}

const (
	toolsArchive = "containers-adminhost/container-wire-server-deploy.tgz"
	zauthArchive = "containers-adminhost/quay.io_wire_zauth_5.tar"
	toolsName    = "quay.io/wire/wire-server-deploy:abc"
	zauthName    = "quay.io/wire/zauth:5"
)

// hex64 is an image's id, of one digit.
func hex64(digit string) string { return "sha256:" + strings.Repeat(digit, 64) }

// newDocker has images of docker's own: lines of ID and NAME.
func newDocker(t *testing.T, images ...string) docker {
	t.Helper()
	d := docker{t: t, dir: t.TempDir()}
	d.deploy = filepath.Join(d.dir, "a deploy dir")
	writeProgram(t, filepath.Join(d.dir, "bin/docker"), fakeDocker)
	writeProgram(t, filepath.Join(d.dir, "bin/sudo"), `exec "$@"`)
	d.write(filepath.Join(d.dir, "bin/images"), images...)
	if err := errors.Join(os.MkdirAll(filepath.Join(d.deploy, "wiab"), 0o755), os.WriteFile(filepath.Join(d.deploy, toolsFile), toolsScript, 0o755)); err != nil {
		t.Fatal(err)
	}
	d.archive(toolsArchive, hex64("a")+" "+toolsName)
	d.archive(zauthArchive, hex64("b")+" "+zauthName)
	return d
}

func (d docker) write(file string, lines ...string) {
	d.t.Helper()
	text := ""
	for _, line := range lines {
		text += line + "\n"
	}
	if err := errors.Join(os.MkdirAll(filepath.Dir(file), 0o755), os.WriteFile(file, []byte(text), 0o644)); err != nil {
		d.t.Fatal(err)
	}
}

func (d docker) archive(name string, images ...string) {
	d.t.Helper()
	d.write(filepath.Join(d.deploy, name), append([]string{"archive"}, images...)...)
}

// tools calls the script; what it says on stderr goes into the error.
func (d docker) tools(args ...string) (string, error) {
	cmd := exec.CommandContext(d.t.Context(), filepath.Join(d.deploy, toolsFile), args...)
	cmd.Env = []string{"PATH=" + filepath.Join(d.dir, "bin") + ":" + os.Getenv("PATH"), "WIABCTL_JOB=wiabctl-job-x"}
	var said strings.Builder
	cmd.Stderr = &said
	out, err := cmd.Output()
	if err != nil {
		err = fmt.Errorf("%w: %s", err, said.String())
	}
	return string(out), err
}

func (d docker) mustTools(args ...string) string {
	d.t.Helper()
	out, err := d.tools(args...)
	if err != nil {
		d.t.Fatal(err)
	}
	return out
}

func (d docker) lines(file string) []string {
	d.t.Helper()
	text, err := os.ReadFile(file)
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		d.t.Fatal(err)
	}
	return strings.Split(strings.TrimSuffix(string(text), "\n"), "\n")
}

func (d docker) images() []string { return d.lines(filepath.Join(d.dir, "bin/images")) }
func (d docker) loads() int {
	return len(slices.DeleteFunc(d.lines(filepath.Join(d.dir, "bin/images.loads")), func(line string) bool { return line == "" }))
}

const bothIDs = `echo "$WSD_CONTAINER $ZAUTH_CONTAINER in $(basename "$PWD")"`

func TestTools(t *testing.T) {
	d := newDocker(t, hex64("9")+" quay.io/wire/wire-server-deploy:old", hex64("8")+" quay.io/wire/zauth:4")
	out := d.mustTools("helm", "list", "two words")
	for _, part := range []string{"<--rm><--init><--name><wiabctl-job-x><--network=host><--volume><" + d.deploy + ":/wire-server-deploy>",
		"<--env><WIABCTL_JOB=wiabctl-job-x><--env><WIABCTL_HELM_TIMEOUT=><" + hex64("a") + "><sh>", "<helm><list><two words>", "PATH=/wire-server-deploy/wiab/bin:$PATH"} {
		if !strings.Contains(out, part) {
			t.Errorf("docker run was called as\n%s\nwhich lacks %s", out, part)
		}
	}
	if n := d.loads(); n != 1 {
		t.Errorf("%d loads for a command that needs the tools alone", n)
	}
	if out := d.mustTools("--here", "sh", "-c", bothIDs); out != hex64("a")+" "+hex64("b")+" in a deploy dir\n" {
		t.Errorf("--here gives %q", out)
	}
	d.mustTools("--here", "true")
	if n := d.loads(); n != 2 {
		t.Errorf("%d loads of two archives", n)
	}
	if code, err := d.tools("--here", "sh", "-c", "exit 3"); err == nil || !strings.Contains(err.Error(), "exit status 3") {
		t.Errorf("a command that fails: %q, %v", code, err)
	}
}

func TestToolsNotesImages(t *testing.T) {
	for _, test := range []struct {
		name          string
		had           []string
		tools, zauth  []string // what the archives hold
		notes, images []string // afterwards
	}{
		{"docker has others", []string{hex64("9") + " quay.io/wire/wire-server-deploy:old"}, []string{hex64("a") + " " + toolsName}, []string{hex64("b") + " " + zauthName},
			[]string{"tools " + hex64("a") + " loaded " + toolsName, "zauth " + hex64("b") + " loaded " + zauthName},
			[]string{hex64("9") + " quay.io/wire/wire-server-deploy:old", hex64("a") + " " + toolsName, hex64("b") + " " + zauthName}},
		{"images without a name", nil, []string{hex64("a") + " <none>:<none>"}, []string{hex64("b") + " <none>:<none>"},
			[]string{"tools " + hex64("a") + " loaded ", "zauth " + hex64("b") + " loaded "},
			[]string{"", hex64("a") + " <none>:<none>", hex64("b") + " <none>:<none>"}},
		{"two names of one image", nil, []string{hex64("a") + " " + toolsName, hex64("a") + " more:1"}, []string{hex64("b") + " " + zauthName},
			[]string{"tools " + hex64("a") + " loaded " + toolsName, "tools " + hex64("a") + " loaded more:1", "zauth " + hex64("b") + " loaded " + zauthName},
			[]string{"", hex64("a") + " " + toolsName, hex64("a") + " more:1", hex64("b") + " " + zauthName}},
		{"docker has them, one under another name", []string{hex64("a") + " " + toolsName, hex64("b") + " mine:1"}, []string{hex64("a") + " " + toolsName}, []string{hex64("b") + " " + zauthName},
			[]string{"tools " + hex64("a") + " found ", "zauth " + hex64("b") + " found " + zauthName},
			[]string{hex64("a") + " <none>:<none>", hex64("b") + " mine:1", hex64("a") + " " + toolsName, hex64("b") + " " + zauthName}},
		{"the name is somebody else's", []string{hex64("9") + " " + toolsName}, []string{hex64("a") + " " + toolsName}, []string{hex64("b") + " " + zauthName},
			[]string{"tools " + hex64("a") + " loaded ", "zauth " + hex64("b") + " loaded " + zauthName},
			[]string{hex64("9") + " " + toolsName, hex64("a") + " <none>:<none>", hex64("b") + " " + zauthName}},
	} {
		t.Run(test.name, func(t *testing.T) {
			d := newDocker(t, test.had...)
			d.archive(toolsArchive, test.tools...)
			d.archive(zauthArchive, test.zauth...)
			if len(test.had) == 0 {
				d.write(filepath.Join(d.dir, "bin/images"), "")
			}
			if out := d.mustTools("--here", "sh", "-c", bothIDs); !strings.HasPrefix(out, hex64("a")+" "+hex64("b")) {
				t.Errorf("the ids are %s", out)
			}
			if diff := cmp.Diff(test.notes, d.lines(filepath.Join(d.deploy, imagesFile))); diff != "" {
				t.Errorf("noted (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(test.images, d.images()); diff != "" {
				t.Errorf("docker's images (-want +got):\n%s", diff)
			}
		})
	}
}

func TestToolsRefuses(t *testing.T) {
	for _, test := range []struct {
		name string
		harm func(d docker)
		says string
	}{
		{"two images", func(d docker) { d.archive(toolsArchive, hex64("a")+" a:1", hex64("c")+" c:1") }, "holds more than one image: a:1 c:1"},
		{"none", func(d docker) { d.archive(toolsArchive) }, "holds no image"},
		{"no archive", func(d docker) { d.write(filepath.Join(d.deploy, toolsArchive), "half") }, "docker does not load"},
		{"nothing there", func(d docker) { _ = os.Remove(filepath.Join(d.deploy, toolsArchive)) }, "there is no " + toolsArchive},
		{"no zauth", func(d docker) { _ = os.Remove(filepath.Join(d.deploy, zauthArchive)) }, "there is no containers-adminhost/quay.io_wire_zauth_"},
		{"two of zauth", func(d docker) { d.archive("containers-adminhost/quay.io_wire_zauth_6.tar") }, "more than one image of zauth"},
		{"docker does not answer", func(d docker) { writeProgram(d.t, filepath.Join(d.dir, "bin/docker"), "exit 1") }, "docker does not list its images"},
	} {
		t.Run(test.name, func(t *testing.T) {
			d := newDocker(t, hex64("9")+" "+toolsName)
			test.harm(d)
			out, err := d.tools("--here", "sh", "-c", "echo ran")
			if err == nil || !strings.Contains(err.Error(), test.says) || strings.Contains(out, "ran") {
				t.Errorf("%q, %v; want an error that says %q", out, err, test.says)
			}
		})
	}
}

// TestToolsAgain calls the script where an image or the note is no longer what it was.
func TestToolsAgain(t *testing.T) {
	d := newDocker(t)
	d.mustTools("--here", "true")
	notes := d.lines(filepath.Join(d.deploy, imagesFile))

	d.write(filepath.Join(d.dir, "bin/images"), hex64("b")+" "+zauthName) // somebody pruned the other
	if out := d.mustTools("--here", "sh", "-c", bothIDs); !strings.HasPrefix(out, hex64("a")+" "+hex64("b")) || d.loads() != 3 {
		t.Errorf("after one image was deleted: %s and %d loads, want one more", out, d.loads())
	}
	got := d.lines(filepath.Join(d.deploy, imagesFile))
	slices.Sort(got)
	if diff := cmp.Diff(notes, got); diff != "" {
		t.Errorf("noted (-before +after):\n%s", diff)
	}

	// A load that was killed before it was noted is no reason to take the image for somebody else's.
	d = newDocker(t, hex64("a")+" "+toolsName)
	d.write(filepath.Join(d.deploy, imagesFile+".had"), hex64("9")+" other:1")
	d.mustTools("true")
	if got := d.lines(filepath.Join(d.deploy, imagesFile)); !cmp.Equal(got, []string{"tools " + hex64("a") + " loaded " + toolsName}) {
		t.Errorf("noted after a load that was killed: %q", got)
	}
	if _, err := os.Stat(filepath.Join(d.deploy, imagesFile+".had")); err == nil {
		t.Error("the list of what docker had is still there")
	}
}

func TestToolsOfTwoJobs(t *testing.T) {
	d := newDocker(t)
	var jobs sync.WaitGroup
	errs := make([]error, 4)
	for i := range errs {
		jobs.Go(func() { _, errs[i] = d.tools("--here", "true") })
	}
	jobs.Wait()
	if err := errors.Join(errs...); err != nil || d.loads() != 2 {
		t.Errorf("%v, %d loads of two archives", err, d.loads())
	}
}

// TestToolsForAPerson calls the script as a person does: its container takes the input,
// has a name of its own, and a terminal where there is one.
func TestToolsForAPerson(t *testing.T) {
	d := newDocker(t)
	d.mustTools("true") // loads the image
	person := func(name string, args ...string) *exec.Cmd {
		cmd := exec.CommandContext(t.Context(), name, args...)
		cmd.Env = []string{"PATH=" + filepath.Join(d.dir, "bin") + ":" + os.Getenv("PATH"), "TERM=dumb"}
		return cmd
	}
	tools := filepath.Join(d.deploy, toolsFile)
	piped, err := person(tools, "helm", "list").Output()
	if err != nil || !regexp.MustCompile(`^<--interactive><--rm><--init><--name><wiabctl-\d+>`).Match(piped) || !strings.HasSuffix(string(piped), "<helm><list>") {
		t.Errorf("without a terminal: %s, %v", piped, err)
	}
	shown, err := person("script", "--quiet", "--return", "--command", "'"+tools+"' helm list", "/dev/null").Output()
	if err != nil || !strings.HasPrefix(string(shown), "<--interactive><--tty><--rm>") {
		t.Errorf("with a terminal: %s, %v", shown, err)
	}
	half, err := person("script", "--quiet", "--return", "--command", "'"+tools+"' helm list | cat", "/dev/null").Output()
	if err != nil || !strings.HasPrefix(string(half), "<--interactive><--rm>") {
		t.Errorf("with a terminal for the input alone: %s, %v", half, err)
	}
}

// TestToolsEnds ends the script as sshd does when a session ends: its container goes too.
func TestToolsEnds(t *testing.T) {
	d := newDocker(t)
	d.mustTools("true")
	// A container that is a line of input away from its end.
	writeProgram(t, filepath.Join(d.dir, "bin/docker"), `
case "$1" in
run) echo "$(echo "$*" | grep -o "wiabctl-[0-9]*") $$" >"$0.running"; read -r line; echo "it got $line"; exit 7 ;;
kill) read -r name pid <"$0.running"; [ "$2 $#" = "$name 2" ] && rm "$0.running" && kill -KILL "$pid" ;;
image) echo `+hex64("a")+` ;;
*) exit 64 ;;
esac`)
	running := filepath.Join(d.dir, "bin/docker.running")
	start := func() (*exec.Cmd, io.WriteCloser, *bytes.Buffer) {
		cmd := exec.CommandContext(t.Context(), filepath.Join(d.deploy, toolsFile), "cat")
		cmd.Env = []string{"PATH=" + filepath.Join(d.dir, "bin") + ":" + os.Getenv("PATH")}
		var said bytes.Buffer
		cmd.Stdout, cmd.Stderr = &said, &said
		in, err := cmd.StdinPipe()
		if err := errors.Join(err, cmd.Start()); err != nil {
			t.Fatal(err)
		}
		return cmd, in, &said
	}

	cmd, in, said := start()
	_, _ = io.WriteString(in, "a line\n")
	if err := cmd.Wait(); cmd.ProcessState.ExitCode() != 7 || said.String() != "it got a line\n" {
		t.Errorf("input and exit status: %v, %q", err, said)
	}

	_ = os.Remove(running)
	cmd, in, said = start()
	defer in.Close()
	err := change.Condition{Description: "the container to run", Deadline: 5 * time.Second, Interval: 5 * time.Millisecond,
		Check: func(context.Context) error { _, err := os.Stat(running); return err }}.Await(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	_ = cmd.Process.Signal(syscall.SIGTERM)
	if err := cmd.Wait(); cmd.ProcessState.ExitCode() != 143 {
		t.Errorf("ended by a signal: %v, %s", err, said)
	}
	if _, err := os.Stat(running); !errors.Is(err, os.ErrNotExist) {
		t.Error("the container still runs")
	}
}
