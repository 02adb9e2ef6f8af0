package cluster

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestUnload(t *testing.T) {
	id := hex64("a")
	for _, test := range []struct {
		name  string
		notes []string
		tags  []string
		want  []string
	}{
		{"ours", []string{"tools " + id + " loaded " + toolsName}, []string{toolsName}, []string{toolsName}},
		{"ours, without a name", []string{"tools " + id + " loaded "}, nil, []string{id}},
		{"ours, whose name went to another image", []string{"tools " + id + " loaded " + toolsName}, nil, []string{id}},
		{"ours, under the names of two versions", []string{"tools " + id + " loaded " + toolsName, "tools " + id + " found b:1"}, []string{"b:1", toolsName}, []string{"b:1", toolsName}},
		{"ours, with a name of somebody else's", []string{"tools " + id + " loaded " + toolsName}, []string{"mine:1", toolsName}, []string{toolsName}},
		{"ours, kept by somebody else's name", []string{"tools " + id + " loaded "}, []string{"mine:1"}, nil},
		{"somebody else's", []string{"tools " + id + " found "}, []string{toolsName}, nil},
		{"somebody else's, which we gave a name", []string{"tools " + id + " found " + toolsName}, []string{"mine:1", toolsName}, []string{toolsName}},
		{"somebody else's, without another name", []string{"tools " + id + " found " + toolsName}, []string{toolsName}, nil},
	} {
		t.Run(test.name, func(t *testing.T) {
			noted := parseImages(strings.Join(test.notes, "\n") + "\n")
			if diff := cmp.Diff(test.want, noted[id].unload(id, test.tags)); diff != "" {
				t.Errorf("docker rmi (-want +got):\n%s", diff)
			}
		})
	}
	if noted := parseImages("quay.io/wire/zauth\ntools sha256:abc loaded x:1\ntools " + id + " loaded --force x:1\n"); len(noted) > 0 {
		t.Errorf("taken from what is no note: %v", noted)
	}
}

// TestRemoveImages plans for two versions, the second of which found what the first had loaded. Somebody has made an image
// of one of the artifact's, and runs it.
func TestRemoveImages(t *testing.T) {
	asSudo(t)
	bin := t.TempDir()
	writeProgram(t, filepath.Join(bin, "docker"), `case "$*" in
"images --all --no-trunc --format {{.ID}} {{.Repository}}:{{.Tag}}")
  printf '%s\n' "`+hex64("a")+` `+toolsName+`" "`+hex64("b")+` `+zauthName+`" "`+hex64("b")+` mine:1" "`+hex64("9")+` <none>:<none>" ;;
"ps --all --quiet --filter ancestor=`+hex64("a")+`") printf '%s\n' 122 123 ;;
"inspect --type=container --format={{.Image}} 122 123") printf '%s\n' `+hex64("e")+` `+hex64("a")+` ;;
*) echo "docker $*: not expected" >&2; exit 64 ;;
esac`)
	writeProgram(t, filepath.Join(bin, "systemctl"), `[ "$1 $5" = "list-units wiabctl-job-*.service" ]`)
	t.Setenv("PATH", bin+":"+os.Getenv("PATH"))
	admin := testAdmin(t)
	var dirs []string
	for name, notes := range map[string]string{
		"first":  "tools " + hex64("a") + " loaded " + toolsName + "\nzauth " + hex64("b") + " loaded " + zauthName + "\ntools " + hex64("c") + " loaded gone:1\n",
		"second": "tools " + hex64("a") + " found \n",
		"bare":   "",
	} {
		dirs = append(dirs, filepath.Join(admin.Dir, name))
		if notes != "" {
			file := filepath.Join(admin.Dir, name, imagesFile)
			if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(file, []byte(notes), 0o600); err != nil {
				t.Fatal(err)
			}
		}
	}
	plan, err := Offline{Admin: admin, Versions: func() ([]string, error) { return dirs, nil }}.Remove(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, c := range plan {
		got = append(got, c.Subject)
	}
	if diff := cmp.Diff([]string{"container 123", "image " + toolsName, "image " + zauthName}, got); diff != "" {
		t.Errorf("the plan (-want +got):\n%s", diff)
	}
}
