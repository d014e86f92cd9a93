package main

import (
	"context"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/aksync/aksync/internal/authentik"
	"github.com/aksync/aksync/internal/devserver"
	"github.com/aksync/aksync/internal/devserver/devtest"
	"github.com/aksync/aksync/internal/history"
	"github.com/aksync/aksync/schema"
	"github.com/aksync/aksync/sync"
)

const (
	removedStage   = "authentik_stages_password.passwordstage"
	removedFlow    = "authentik_flows.flow"
	removedBinding = "authentik_flows.flowstagebinding"
)

// For random histories of a folder, its mounts, other people and crashes: nothing is
// deleted but what this daemon found declared before, and what a folder that is whole
// has not spoken of for a while; and all that is removed is gone in the end.
func TestRemovedHistories(t *testing.T) {
	s, err := schema.Load()
	if err != nil {
		t.Fatal(err)
	}
	server := devtest.Empty(t, devserver.Config{Schema: s})
	client := devtest.Client(t, server, devserver.DevToken)
	t.Chdir(t.TempDir())
	rapid.Check(t, func(t *rapid.T) {
		d := &daemonHistory{T: t, schema: s, server: server, client: client, declared: map[string]bool{}, owed: map[string]bool{}, seen: map[string]time.Time{}, from: map[string][]string{}}
		d.begin()
		for range rapid.IntRange(6, 16).Draw(t, "rounds") {
			d.happen(t)
			rapid.SampledFrom([]func(*rapid.T){d.pass, d.pass, d.pass, d.crash}).Draw(t, "pass")(t)
			d.now = d.now.Add(time.Duration(rapid.SampledFrom([]int{30, 20, 10, 0}).Draw(t, "seconds")) * time.Second)
		}
		d.end()
	})
}

// daemonHistory is one history: what is there, and what has to hold of it.
type daemonHistory struct {
	*rapid.T
	schema *schema.Schema
	server *devserver.Server
	client *authentik.Client

	now        time.Time
	folder     *history.Folder
	memory     *fragileMemory
	reconciler *sync.Reconciler

	// declared are the keys of what any pass of the daemon found declared; owed are
	// those that a whole pass did, and which therefore go when their declaration does.
	declared, owed map[string]bool
	// seen is when a pass last found an object spoken of, or could not tell; from the
	// files that declared it last, and those that may do so where nothing is mounted.
	seen map[string]time.Time
	from map[string][]string
}

// removedFiles are the files that there can be, and removedNames the stages.
var (
	removedFiles = []string{"blueprints/a.yaml", "blueprints/b.yaml", inFolder}
	removedNames = []string{"u", "v", "w", "x", "y"}
)

// inFolder is the file that has a folder of its own.
const inFolder = "blueprints/sub/c.yaml"

// emptied reports whether the folder is there without it, as a mount that is missing.
func emptied() bool {
	_, folderErr := os.Stat(filepath.Dir(inFolder))
	_, fileErr := os.Stat(inFolder)
	return folderErr == nil && fileErr != nil
}

const settle = 30 * time.Second

// fragileMemory is a memory whose process dies when it is used often enough: before it
// has written, or after.
type fragileMemory struct {
	sync.Memory
	dies  int // 0 for never
	after bool
}

type death struct{}

func (m *fragileMemory) Remember(objects []sync.Declared) error {
	m.dies--
	if m.dies == 0 && !m.after {
		panic(death{})
	}
	err := m.Memory.Remember(objects)
	if m.dies == 0 {
		panic(death{})
	}
	return err
}

func (d *daemonHistory) must(err error) {
	if err != nil {
		d.Fatal(err)
	}
}

// begin begins with an empty server and a folder with one stage, which always stays.
func (d *daemonHistory) begin() {
	for _, model := range []string{removedBinding, removedFlow, removedStage} {
		for _, object := range d.server.All(model) {
			d.server.Remove(model, fmt.Sprint(object["pk"]))
		}
	}
	for _, folder := range []string{"blueprints", "aside", "taken", "memory"} {
		d.must(os.RemoveAll(folder))
	}
	d.must(os.MkdirAll("blueprints/sub", 0o700))
	d.must(os.MkdirAll("taken", 0o700))
	d.write("blueprints/keep.yaml", map[string]string{"keep": ""})
	_, err := d.server.Put(removedFlow, flowOfOthers, map[string]any{"slug": "other", "name": "other", "title": "other", "designation": "authentication"})
	d.must(err)
	d.now = time.Unix(1_700_000_000, 0)
	d.start()
}

const flowOfOthers = "00000000-0000-4000-8000-00000000000f"

// start starts the daemon anew: it knows what its folder holds.
func (d *daemonHistory) start() {
	if d.folder != nil {
		d.must(d.folder.Close())
	}
	var err error
	d.folder, err = history.Open("memory", d.client.URL())
	d.must(err)
	declared, err := d.folder.Declared()
	d.must(err)
	d.memory = &fragileMemory{Memory: declared}
	source, err := newSource(d.schema, readFlags{}, "", []string{"blueprints"})
	d.must(err)
	d.reconciler = &sync.Reconciler{
		Schema: d.schema, Source: source, API: d.client, Parallelism: 2,
		Removals: &sync.Removals{Memory: d.memory, Delete: true, Settle: settle, Now: func() time.Time { return d.now }},
	}
}

func (d *daemonHistory) write(file string, entries map[string]string) {
	text := "version: 1\nentries:\n"
	if len(entries) == 0 {
		text = "version: 1\nentries: []\n"
	}
	for _, name := range slices.Sorted(maps.Keys(entries)) {
		text += fmt.Sprintf("- {model: %s, identifiers: {name: %s}, attrs: {backends: [authentik.core.auth.InbuiltBackend]}%s}\n", removedStage, name, entries[name])
	}
	d.must(os.MkdirAll(filepath.Dir(file), 0o700))
	d.must(os.WriteFile(file, []byte(text), 0o600))
}

// mounted reports whether the folder is there as people left it.
func (d *daemonHistory) mounted() bool {
	_, err := os.Stat("aside")
	return err != nil
}

// happen lets something happen, or nothing. Files change only where they are mounted.
func (d *daemonHistory) happen(t *rapid.T) {
	for range rapid.IntRange(0, 2).Draw(t, "events") {
		switch what := rapid.IntRange(0, 9).Draw(t, "event"); { // the first are drawn most
		case !d.mounted() && what < 8:
			d.mount()
		case what < 2:
			d.edit(t)
		case what < 5:
			d.takeFile(t)
		case what == 5:
			d.rename(t)
		case what == 6:
			d.breakFile(t)
		case what == 7:
			d.unmount(t)
		case what == 8:
			d.others(t)
		default:
			d.start()
		}
	}
}

func (d *daemonHistory) edit(t *rapid.T) {
	entries := map[string]string{}
	for _, name := range rapid.SliceOfDistinct(rapid.SampledFrom(removedNames), rapid.ID[string]).Draw(t, "declared") {
		entries[name] = rapid.SampledFrom([]string{"", "", ", conditions: [false]"}).Draw(t, "how")
	}
	d.write(rapid.SampledFrom(removedFiles).Draw(t, "file"), entries)
}

func (d *daemonHistory) rename(t *rapid.T) {
	from, to := rapid.SampledFrom(removedFiles).Draw(t, "from"), rapid.SampledFrom(removedFiles).Draw(t, "to")
	if _, err := os.Stat(from); err == nil {
		d.must(os.MkdirAll(filepath.Dir(to), 0o700))
		d.must(os.Rename(from, to))
	}
}

func (d *daemonHistory) breakFile(t *rapid.T) {
	file := rapid.SampledFrom(removedFiles).Draw(t, "file")
	if _, err := os.Stat(file); err == nil {
		d.must(os.WriteFile(file, []byte(rapid.SampledFrom([]string{"", "version: 1\nentries: [x]\n", "version: ["}).Draw(t, "text")), 0o600))
	}
}

// takeFile takes a file away, and perhaps its folder too.
func (d *daemonHistory) takeFile(t *rapid.T) {
	file := rapid.SampledFrom(removedFiles).Draw(t, "file")
	if err := os.Remove(file); err == nil && strings.Contains(file, "sub") && rapid.Bool().Draw(t, "with its folder") {
		d.must(os.Remove(filepath.Dir(file)))
	}
}

// unmount takes the folder away: nothing is there, an empty folder, or half of it.
func (d *daemonHistory) unmount(t *rapid.T) {
	d.must(os.Rename("blueprints", "aside"))
	switch rapid.SampledFrom([]string{"nothing", "empty", "half"}).Draw(t, "what is left") {
	case "empty":
		d.must(os.Mkdir("blueprints", 0o700))
	case "half":
		d.must(os.CopyFS("blueprints", os.DirFS("aside")))
		_ = os.Remove(rapid.SampledFrom(removedFiles).Draw(t, "what is missing")) // if it is there
	}
}

func (d *daemonHistory) mount() {
	d.must(os.RemoveAll("blueprints"))
	d.must(os.Rename("aside", "blueprints"))
}

// others do what they like: create a stage, take one away, or bind one to their flow.
func (d *daemonHistory) others(t *rapid.T) {
	name := rapid.SampledFrom(removedNames).Draw(t, "name")
	pk := d.live()[name]
	switch what := rapid.SampledFrom([]string{"create", "delete", "bind", "unbind"}).Draw(t, "what"); {
	case what == "create" && pk == "":
		_, err := d.server.Put(removedStage, "", map[string]any{"name": name, "backends": []any{"authentik.core.auth.InbuiltBackend"}})
		d.must(err)
	case what == "delete" && pk != "" && !d.bound()[pk]:
		d.server.Remove(removedStage, pk)
	case what == "bind" && pk != "" && !d.bound()[pk]:
		_, err := d.server.Put(removedBinding, "", map[string]any{"target": flowOfOthers, "stage": pk, "order": int64(len(d.bound()))})
		d.must(err)
	case what == "unbind":
		d.unbind()
	}
}

func (d *daemonHistory) unbind() {
	for _, object := range d.server.All(removedBinding) {
		d.server.Remove(removedBinding, fmt.Sprint(object["pk"]))
	}
}

// live gives the keys of the stages by name, and bound those that a flow uses.
func (d *daemonHistory) live() map[string]string {
	live := map[string]string{}
	for _, object := range d.server.All(removedStage) {
		live[fmt.Sprint(object["name"])] = fmt.Sprint(object["pk"])
	}
	return live
}

func (d *daemonHistory) bound() map[string]bool {
	bound := map[string]bool{}
	for _, object := range d.server.All(removedBinding) {
		bound[fmt.Sprint(object["stage"])] = true
	}
	return bound
}

// folderSays is what a reader of the folder finds: the files by the names that are
// declared in them, the names that are spoken of, and whether all of it is whole.
func (d *daemonHistory) folderSays() (declared map[string][]string, spoken map[string]bool, whole bool) {
	declared, spoken, whole = map[string][]string{}, map[string]bool{}, true
	for _, file := range append(slices.Clone(removedFiles), "blueprints/keep.yaml") {
		text, err := os.ReadFile(file)
		if err != nil {
			continue
		}
		if !strings.HasPrefix(string(text), "version: 1\n") || strings.Contains(string(text), "[x]") {
			whole = false
			continue
		}
		for line := range strings.Lines(string(text)) {
			if _, rest, is := strings.Cut(line, "name: "); is {
				name, _, _ := strings.Cut(rest, "}")
				spoken[name] = true
				if !strings.Contains(line, "conditions") {
					declared[name] = append(declared[name], file)
				}
			}
		}
	}
	return declared, spoken, whole && len(declared) > 0
}

func (d *daemonHistory) pass(t *rapid.T) {
	trigger := rapid.SampledFrom([]sync.Trigger{sync.TriggerInterval, sync.TriggerInterval, sync.TriggerRequest, sync.TriggerFile}).Draw(t, "trigger")
	d.reconciler.Guards = sync.Guards{MaxDeletes: sync.DefaultMaxDeletes()}
	most := len(removedNames)
	if rapid.IntRange(0, 3).Draw(t, "limited") == 3 {
		limit, err := sync.ParseLimit("1")
		d.must(err)
		d.reconciler.Guards.MaxDeletes, most = limit, 1
	}
	d.reconciler.DryRun = rapid.IntRange(0, 5).Draw(t, "dry") == 5
	if d.reconciler.DryRun || trigger == sync.TriggerFile {
		most = 0
	}
	d.run(trigger, most, true)
}

// crash is a pass in which the daemon is killed while it remembers.
func (d *daemonHistory) crash(t *rapid.T) {
	d.memory.dies, d.memory.after = rapid.IntRange(1, 2).Draw(t, "when"), rapid.Bool().Draw(t, "after writing")
	d.reconciler.DryRun, d.reconciler.Guards = false, sync.Guards{}
	d.run(sync.TriggerInterval, len(removedNames), false)
	d.start()
}

// run makes a pass that deletes at most so many, and holds it to what may be deleted.
func (d *daemonHistory) run(trigger sync.Trigger, most int, survives bool) {
	before, bound := d.live(), d.bound()
	declared, spoken, whole := d.folderSays()
	passed := d.apply(trigger)
	after := d.live()
	deleted := 0
	for name, pk := range before {
		if after[name] == pk {
			continue
		}
		deleted++
		unmounted := slices.Contains(d.from[pk], inFolder) && emptied()
		if !d.declared[pk] || spoken[name] || !whole || bound[pk] || unmounted || d.now.Sub(d.seen[pk]) < settle {
			d.Fatalf("%s is deleted: declared before %t, spoken of now %t, the folder is whole %t, it is in use %t, its folder is empty %t, undeclared for %s",
				name, d.declared[pk], spoken[name], whole, bound[pk], unmounted, d.now.Sub(d.seen[pk]))
		}
	}
	if deleted > most {
		d.Fatalf("%d are deleted, at most %d may", deleted, most)
	}
	for name, pk := range after {
		if spoken[name] || !whole {
			d.seen[pk] = d.now
		}
		if files, is := declared[name]; is {
			if slices.Contains(d.from[pk], inFolder) && emptied() {
				files = append(files, inFolder)
			}
			if !survives { // it may have died before it wrote down where that stands now
				files = slices.DeleteFunc(slices.Clone(files), func(file string) bool { return !slices.Contains(d.from[pk], file) })
			}
			d.declared[pk], d.from[pk] = true, files
			d.owed[pk] = d.owed[pk] || survives && passed
		}
	}
}

// apply makes a pass, and reports whether it came to its end and found a folder.
func (d *daemonHistory) apply(trigger sync.Trigger) (passed bool) {
	defer func() {
		if problem := recover(); problem != nil {
			if problem != (death{}) {
				panic(problem)
			}
		}
	}()
	pass := d.reconciler.Apply(context.Background(), trigger)
	return pass == nil || pass.Err == nil
}

// end brings calm: then all that is not declared any more is gone, and what nobody
// declared is there.
func (d *daemonHistory) end() {
	if !d.mounted() {
		d.mount()
	}
	for _, file := range removedFiles {
		if text, err := os.ReadFile(file); err == nil && (!strings.HasPrefix(string(text), "version: 1\n") || strings.Contains(string(text), "[x]")) {
			d.must(os.Remove(file))
		}
	}
	_ = os.Remove("blueprints/sub") // if it is empty
	d.unbind()
	d.reconciler.DryRun, d.reconciler.Guards, d.memory.dies = false, sync.Guards{}, 0
	for range 3 {
		d.run(sync.TriggerInterval, len(removedNames), true)
		d.now = d.now.Add(settle)
	}
	_, spoken, _ := d.folderSays()
	for name, pk := range d.live() {
		if d.owed[pk] && !spoken[name] {
			d.Fatalf("%s was declared, and is not any more, and is there still", name)
		}
	}
	d.must(d.folder.Close())
	d.folder = nil
}
