package cmd

import (
	"bytes"
	"testing"
	"time"

	"wiabctl/provision"
)

func TestRenderSnapshots(t *testing.T) {
	var good, memory, torn provision.Snapshot
	good.Name, good.Complete, good.Created, good.Description = "good", true, time.Date(2026, 1, 2, 3, 4, 5, 0, time.Local), "before 5.33"
	memory = good
	memory.Name, memory.Memory, memory.MemoryBytes, memory.DiskBytes, memory.Problem, memory.Description = "memory", true, 3<<20, 1<<19, "kubenode1: its disk was replaced", ""
	torn.Name, torn.Problem = "torn", "snapshot torn is incomplete"
	var out bytes.Buffer
	o := &options{output: "plain"}
	for _, all := range [][]provision.Snapshot{nil, {good, memory, torn}} {
		if err := o.renderSnapshots(&out, all); err != nil {
			t.Fatal(err)
		}
	}
	want := `there are no snapshots
NAME    TAKEN                MEMORY  SIZE     STATE                             DESCRIPTION
good    2026-01-02 03:04:05  no      0.0 MiB  restorable                        before 5.33
memory  2026-01-02 03:04:05  yes     3.5 MiB  kubenode1: its disk was replaced  
torn    -                    no      0.0 MiB  snapshot torn is incomplete       
`
	if out.String() != want {
		t.Errorf("got\n%q\nwant\n%q", out.String(), want)
	}

	out.Reset()
	good.Created = time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	o.output = "json"
	if err := o.renderSnapshots(&out, []provision.Snapshot{good, torn}); err != nil {
		t.Fatal(err)
	}
	want = `{"name":"good","created":"2026-01-02T03:04:05Z","memory":false,"memory_bytes":0,"disk_bytes":0,"description":"before 5.33","restorable":true}
{"name":"torn","memory":false,"memory_bytes":0,"disk_bytes":0,"restorable":false,"problem":"snapshot torn is incomplete"}
`
	if out.String() != want {
		t.Errorf("got\n%s\nwant\n%s", out.String(), want)
	}
}
