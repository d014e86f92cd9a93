package history

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/aksync/aksync/internal/report"
	"github.com/aksync/aksync/sync"
)

func openLog(t *testing.T, path string, full int64) *Log {
	t.Helper()
	folder, err := Open(path, "https://auth.example.com")
	if err != nil {
		t.Fatal(err)
	}
	log, err := folder.Log()
	if err != nil {
		t.Fatal(err)
	}
	log.full = full
	t.Cleanup(func() { _ = log.Close(); _ = folder.Close() }) // once more does no harm
	return log
}

func event(number int, name string) Event {
	return Event{
		Time: time.Unix(int64(number), 0).UTC(), Trigger: sync.TriggerFile, Why: Edited, Action: sync.Update,
		Model: "a.b", Name: name, PK: fmt.Sprint("pk-", name), Source: Source{File: "<a>.yaml", Line: number}, Result: Done,
		Fields: []report.Field{{Name: "title", Before: "<old>", After: "new"}},
	}
}

func numbers(t *testing.T, path string) (list []int, damaged int) {
	t.Helper()
	damaged, err := Read(path, func(e *Event) error { list = append(list, e.Source.Line); return nil })
	if err != nil {
		t.Fatal(err)
	}
	return list, damaged
}

// What was added is read again, in any process, and a line that was cut off costs itself
// and no other.
func TestLog(t *testing.T) {
	path := filepath.Join(t.TempDir(), "memory")
	log := openLog(t, path, fullLog)
	want := event(1, "x")
	if err := log.Add(want); err != nil {
		t.Fatal(err)
	}
	if _, err := Read(path, func(got *Event) error { // before it is synced or closed
		if diff := cmp.Diff(&want, got); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	if err := log.Close(); err != nil {
		t.Fatal(err)
	}
	if err := log.folder.Close(); err != nil {
		t.Fatal(err)
	}
	name := filepath.Join(path, "changes.jsonl")
	text, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(name, append(text, text[:len(text)/2]...), 0o600); err != nil {
		t.Fatal(err)
	}
	log = openLog(t, path, fullLog)
	if err := log.Add(event(2, "x")); err != nil {
		t.Fatal(err)
	}
	if got, damaged := numbers(t, path); !cmp.Equal(got, []int{1, 2}) || damaged != 1 {
		t.Errorf("events %v and %d damaged lines, want 1, 2 and one", got, damaged)
	}
	if info, err := os.Stat(name); err != nil || info.Mode().Perm() != 0o600 {
		t.Error("others may read it: ", info, err)
	}
}

// The log keeps the newest events and is never larger than its files may be.
func TestLogIsBounded(t *testing.T) {
	path := t.TempDir()
	const full = 2000
	log := openLog(t, path, full)
	const events = 100
	for number := range events {
		if err := log.Add(event(number, "x")); err != nil {
			t.Fatal(err)
		}
	}
	got, damaged := numbers(t, path)
	if damaged != 0 || len(got) < 15 || len(got) >= events || got[len(got)-1] != events-1 {
		t.Fatalf("events %v, %d damaged", got, damaged)
	}
	for i := range got {
		if got[i] != got[0]+i {
			t.Fatalf("events are missing or out of order: %v", got)
		}
	}
	var total int64
	for number := range logFiles + 1 {
		if info, err := os.Stat(filepath.Join(path, logName(number))); err == nil {
			total += info.Size()
		}
	}
	if total > logFiles*full {
		t.Errorf("the log has %d bytes, and may have %d", total, logFiles*full)
	}
}

func TestLast(t *testing.T) {
	path := t.TempDir()
	log := openLog(t, path, 2000)
	other := event(50, "x")
	other.Model = "a.bc"
	for number := range 20 {
		if err := log.Add(event(number, []string{"x", "y"}[number%2])); err != nil {
			t.Fatal(err)
		}
	}
	renamed := event(30, "renamed")
	renamed.PK = "pk-y"
	for _, e := range []Event{other, renamed} {
		if err := log.Add(e); err != nil {
			t.Fatal(err)
		}
	}
	for _, tt := range []struct {
		object Object
		want   []int
	}{
		{Object{"a.b", "x", "pk-x"}, []int{18, 16, 14}},
		{Object{"a.b", "y", "pk-y"}, []int{30, 19, 17}},
		{Object{"a.b", "y", ""}, []int{19, 17, 15}},
		{Object{"a.bc", "x", "other"}, []int{50}},
		{Object{"a.b", "nobody", ""}, nil},
	} {
		last, err := Last(path, tt.object, 3)
		if err != nil {
			t.Fatal(err)
		}
		var got []int
		for _, e := range last {
			got = append(got, e.Source.Line)
		}
		if diff := cmp.Diff(tt.want, got); diff != "" {
			t.Errorf("%v (-want +got):\n%s", tt.object, diff)
		}
	}
	if _, err := Last(filepath.Join(path, "nowhere"), Object{}, 3); err == nil {
		t.Error("a folder that is not there has a history")
	}
}

func TestFilter(t *testing.T) {
	e := event(100, "wiki[1]")
	for _, tt := range []struct {
		name   string
		filter Filter
		want   bool
	}{
		{"all", Filter{}, true},
		{"before", Filter{Since: time.Unix(101, 0)}, false},
		{"since", Filter{Since: time.Unix(100, 0)}, true},
		{"glob", Filter{Globs: []sync.Glob{{Name: "x"}, {Name: "wiki*"}}}, true},
		{"name", Filter{Globs: []sync.Glob{{Name: "wiki[1]"}}}, true},
		{"model", Filter{Globs: []sync.Glob{{Model: "a.b", Name: "*"}}}, true},
		{"another model", Filter{Globs: []sync.Glob{{Model: "a.c", Name: "*"}}}, false},
	} {
		if got := tt.filter.Takes(&e); got != tt.want {
			t.Errorf("%s: %v, want %v", tt.name, got, tt.want)
		}
	}
}
