package genkinds

import (
	"bytes"
	"encoding/json"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/aksync/aksync/schema"
)

const committed = "../../schema"

// TestCommitted wants what is committed to be what is made, each time the same.
func TestCommitted(t *testing.T) {
	made, err := Generate(committed)
	if err != nil {
		t.Fatal(err)
	}
	differ, err := Check(committed, made)
	if err != nil {
		t.Fatal(err)
	}
	if len(differ) > 0 {
		t.Errorf("go run ./cmd/genkinds makes others: %s", strings.Join(differ, ", "))
	}
	again, err := Generate(committed)
	if err != nil {
		t.Fatal(err)
	}
	for name := range made {
		if !bytes.Equal(made[name], again[name]) {
			t.Errorf("%s is another one the second time", name)
		}
	}
}

// copied gives a copy of the schema's folder to add to.
func copied(t *testing.T) string {
	t.Helper()
	folder := filepath.Join(t.TempDir(), "schema")
	if err := os.CopyFS(folder, os.DirFS(committed)); err != nil {
		t.Fatal(err)
	}
	return folder
}

func kindsOf(t *testing.T, digest []byte) map[string]*schema.Kind {
	t.Helper()
	kinds := map[string]*schema.Kind{}
	for i, line := range bytes.Split(bytes.TrimSpace(digest), []byte("\n")) {
		if i == 0 {
			continue // the shapes of a blueprint's parts
		}
		kind := &schema.Kind{}
		if err := json.Unmarshal(line, kind); err != nil {
			t.Fatal(err)
		}
		kinds[kind.Model] = kind
	}
	return kinds
}

// TestUnseen gives the generator a version to come, with models that nobody knows
// anything of: two commands, and they are managed.
func TestUnseen(t *testing.T) {
	folder := copied(t)
	if err := Add(folder, "2027.1", "testdata/openapi.json", "testdata/blueprints.json"); err != nil {
		t.Fatal(err)
	}
	made, err := Generate(folder)
	if err != nil {
		t.Fatal(err)
	}
	kinds := kindsOf(t, made["kinds.jsonl"])

	t.Run("thing", func(t *testing.T) { testThing(t, kinds["authentik_things.thing"]) })
	t.Run("stage", func(t *testing.T) {
		stage := kinds["authentik_stages_new.newstage"]
		if !stage.Managed || stage.Title != "new stage" || stage.Scope != "stage" || !stage.Is("authentik_flows.stage") {
			t.Errorf("it is no stage as the others are: %+v", stage)
		}
		if stage.Users.Field != "flow_set" || stage.Fields.Field("flow_set") != nil {
			t.Errorf("flow_set can be written, or says nothing of what uses it")
		}
	})
	t.Run("result", func(t *testing.T) {
		if result := kinds["authentik_things.thingresult"]; result.Managed || result.Why == "" {
			t.Errorf("nothing can be done to it: %+v", result)
		}
		if unseen := kinds["authentik_things.unseen"]; unseen.Managed || unseen.Why == "" || unseen.Path != "" {
			t.Errorf("the API has not got it: %+v", unseen)
		}
	})
	t.Run("gone", func(t *testing.T) {
		if flow := kinds["authentik_flows.flow"]; flow.Until != "2027.1" {
			t.Errorf("a model that the version has not got is there until %q", flow.Until)
		}
	})
	for _, name := range []string{"things/kinds.cue", "things/definitions.cue", "stages_new/definitions.cue"} {
		if made[name] == nil {
			t.Errorf("%s is not made", name)
		}
	}
	if !bytes.Contains(made["KINDS.md"], []byte("authentik_things.thing")) {
		t.Error("the table has not got it")
	}
}

func testThing(t *testing.T, kind *schema.Kind) {
	if !kind.Managed || !kind.Create || !kind.Update || !kind.Delete {
		t.Errorf("all can be done to it: %+v", kind)
	}
	type head struct{ Title, Class, Path, Key, ID, Lookup, Since string }
	got := head{kind.Title, kind.Class, kind.Path, kind.Key, kind.ID, kind.Lookup, kind.Since}
	want := head{"thing", "Thing", "things/things", "name", "thing_uuid", "thing_uuid", "2027.1"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	fields := map[string]string{}
	for _, field := range kind.Fields.Fields {
		text, err := json.Marshal(field)
		if err != nil {
			t.Fatal(err)
		}
		fields[field.Name] = string(text)
	}
	if diff := cmp.Diff(map[string]string{
		"name":       `{"name":"name","type":"text","min":1,"max":80,"trim":true,"required":true,"unique":true,"filter":true}`,
		"shape":      `{"name":"shape","type":"text","nullable":true,"values":[{"value":"round"},{"value":"square"},{"value":""}],"filter":true,"default":null}`,
		"group":      `{"name":"group","type":"uuid","nullable":true,"refers":"authentik_core.group","default":null}`,
		"owner":      `{"name":"owner","type":"uuid","required":true}`,
		"providers":  `{"name":"providers","type":"list","element":{"name":"providers","type":"integer","refers":"authentik_core.provider"},"refers":"authentik_core.provider","set":true,"default":[]}`,
		"pin":        `{"name":"pin","type":"text","min":4,"trim":true,"required":true,"writeOnly":true,"sensitive":true}`,
		"size":       `{"name":"size","type":"integer","min":0,"max":10}`,
		"lifetime":   `{"name":"lifetime","type":"text","min":1,"duration":true,"trim":true}`,
		"begins":     `{"name":"begins","type":"time"}`,
		"parts":      `{"name":"parts","type":"list","element":{"name":"parts","type":"object","fields":[{"name":"name","type":"text","min":1,"trim":true,"required":true},{"name":"weight","type":"number"}]}}`,
		"attributes": `{"name":"attributes","type":"json","mapping":true,"default":{}}`,
	}, fields); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	var readOnly []string
	for _, field := range kind.ReadOnly {
		readOnly = append(readOnly, field.Name+": "+field.Reason)
	}
	if diff := cmp.Diff([]string{
		"thing_uuid: the server computes it: leave it out",
		"group_obj: the server computes it: leave it out",
		"badge: the API can't set it, only authentik's own blueprints can",
	}, readOnly); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// TestCheck wants files that differ, those that are missing and those that are made
// no more to be named.
func TestCheck(t *testing.T) {
	folder := t.TempDir()
	made := map[string][]byte{"a/same": []byte("x"), "a/other": []byte("x"), "missing": []byte("x")}
	if err := Write(folder, made); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(folder, "a", "other"), []byte("y"), 0o644); err != nil {
		t.Fatal(err)
	}
	if err := os.Remove(filepath.Join(folder, "missing")); err != nil {
		t.Fatal(err)
	}
	gone := filepath.Join(folder, "a", "kinds.cue")
	if err := os.WriteFile(gone, nil, 0o644); err != nil {
		t.Fatal(err)
	}
	differ, err := Check(folder, made)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"a/kinds.cue", "a/other", "missing"}, differ); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if err := Write(folder, made); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(gone); !os.IsNotExist(err) {
		t.Errorf("what is made no more is still there: %v", err)
	}
}

// TestQuirksChecked wants a misspelt word of a quirk, and a quirk of a field that is
// not there, to be errors.
func TestQuirksChecked(t *testing.T) {
	for _, quirk := range []string{
		`kinds: "authentik_core.group": fields: users: reset: true`,
		`kinds: "authentik_core.group": fields: user: resets: true`,
		`kinds: "authentik_core.groups": key: "name"`,
	} {
		folder := copied(t)
		file := filepath.Join(folder, "core", "quirks.cue")
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, append(text, quirk...), 0o644); err != nil {
			t.Fatal(err)
		}
		if _, err := Generate(folder); err == nil {
			t.Errorf("%s: no error", quirk)
		}
	}
}

// TestEveryModel wants each model of each version to be among the kinds, and each
// reference to be to one of them.
func TestEveryModel(t *testing.T) {
	all, err := readFacts(filepath.Join(committed, "facts"))
	if err != nil {
		t.Fatal(err)
	}
	made, err := Generate(committed)
	if err != nil {
		t.Fatal(err)
	}
	kinds := kindsOf(t, made["kinds.jsonl"])
	for _, facts := range all {
		for _, model := range facts.Models {
			if kinds[model.Model] == nil {
				t.Errorf("%s of %s is none of the kinds", model.Model, facts.Version)
			}
		}
	}
	for _, model := range slices.Sorted(maps.Keys(kinds)) {
		for _, field := range kinds[model].Fields.Fields {
			if field.Refers != "" && kinds[field.Refers] == nil {
				t.Errorf("%s.%s refers to %s, which is none of the kinds", model, field.Name, field.Refers)
			}
		}
	}
}
