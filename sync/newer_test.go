package sync_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/aksync/aksync/schema"
	"github.com/aksync/aksync/sync"
)

// A server that is newer than all that is known works for what is known.
func TestNewerServer(t *testing.T) {
	blueprint := object(groupModel, "name: staff", "attrs: {attributes: {a: 1}}") +
		object(flowModel, "slug: mine", "attrs: {name: mine, title: Mine, designation: enrollment}") +
		object(flowModel, "slug: default-authentication-flow", "attrs: {title: Hello}")
	for name, test := range map[string]struct {
		path    string
		change  func(schema.Object)
		changes int
		// wrong is what the errors are, of which there is none where it is empty.
		wrong string
	}{
		"it has more fields": {"flows/instances", func(o schema.Object) { o["zeal"] = map[string]any{"of": []any{"the", nil}} }, 3, ""},
		"what names an object has another type": {"flows/instances", func(o schema.Object) { o["slug"] = map[string]any{"text": o["slug"]} }, 1,
			"listing each flow|the server's flow has a mapping for slug, and not "},
		"what names an object is not there": {"flows/instances", func(o schema.Object) { delete(o, "slug") }, 1, "the server's flow has no slug"},
		"primary keys are others":           {"flows/instances", func(o schema.Object) { o["pk"] = json.Number("7") }, 1, "the server's flow has a whole number for pk, and not a uuid"},
		"a field has another type": {"flows/instances", func(o schema.Object) { o["title"] = []any{o["title"]} }, 1,
			"the server's flow has a list for title, and not text"},
		"a value is none that is known": {"flows/instances", func(o schema.Object) { o["layout"] = "hologram" }, 3, ""},
		"a field is not there":          {"flows/instances", func(o schema.Object) { delete(o, "title") }, 2, "no flow of this server, authentik 2027.1.0, has title: leave it out"},
		"one that nobody declares has":  {"core/groups", func(o schema.Object) { o["is_superuser"] = "no" }, 3, ""},
	} {
		t.Run(name, func(t *testing.T) {
			reconciler, _, source := startedAt(t, "2027.1.0", "")
			source.read = &sync.Blueprints{Desired: read(t, reconciler.Schema, map[string]string{"a.yaml": head + blueprint})}
			reconciler.API = &changing{reconciler.API, test.path, test.change}
			pass := reconciler.Plan(context.Background(), sync.TriggerRequest)
			if pass.Err != nil {
				t.Fatal(pass.Err)
			}
			changes := 0
			for _, change := range pass.Plan.Changes {
				if change.Action != sync.NoOp {
					changes++
				}
			}
			if changes != test.changes {
				t.Errorf("there are %d changes, not %d: %v", changes, test.changes, pass.Problems())
			}
			newer := 0
			for _, warning := range pass.Warnings() {
				if strings.HasPrefix(warning.Message, "authentik 2027.1.0 is newer than ") {
					newer++
				}
			}
			if newer != 1 {
				t.Errorf("it is said %d times that the server is newer: %v", newer, pass.Warnings())
			}
			if len(pass.Problems()) > 0 != (test.wrong != "") {
				t.Errorf("the errors are %v", pass.Problems())
			}
			for _, problem := range pass.Problems() {
				parts := strings.Split(test.wrong, "|")
				if !strings.Contains(problem.Message, parts[len(parts)-1]) {
					t.Errorf("the error is %v", problem)
				}
			}
		})
	}
}

// What a newer server answers to a question is not relied on when a saved plan is applied
// either.
func TestSavedPlanOnNewerServer(t *testing.T) {
	reconciler, server, source := startedAt(t, "2027.1.0", "")
	source.read = &sync.Blueprints{Desired: read(t, reconciler.Schema, map[string]string{
		"a.yaml": head + "- {model: " + flowModel + ", identifiers: {slug: f}, attrs: {name: F, title: F, designation: recovery}}\n"})}
	pass := reconciler.Plan(context.Background(), sync.TriggerRequest)
	var text strings.Builder
	if err := pass.Plan.Save(&text, "http://x"); err != nil {
		t.Fatal(err)
	}
	saved, err := sync.LoadPlan(strings.NewReader(text.String()))
	if err != nil {
		t.Fatal(err)
	}
	put(t, server, flowModel, "", map[string]any{"slug": "f", "name": "F", "title": "F", "designation": "recovery"})
	reconciler.API = &changing{crowded{API: reconciler.API}, "flows/instances", func(schema.Object) {}}
	pass = reconciler.ApplySaved(context.Background(), saved, false)
	if pass.Err != nil || pass.Report != nil || !strings.Contains(fmt.Sprint(pass.Problems()), "it exists now") {
		t.Errorf("the plan is applied: %v %v", pass.Err, pass.Problems())
	}
}

// A value that the server holds from before, and takes from nobody any more, is named with
// what has its place.
func TestValueOfBefore(t *testing.T) {
	const model = "authentik_policies_event_matcher.eventmatcherpolicy"
	reconciler, server, source := startedAt(t, "2025.10.4", "")
	put(t, server, model, "", map[string]any{"name": "m", "app": "authentik.enterprise.providers.rac"})
	source.read = &sync.Blueprints{Desired: read(t, reconciler.Schema, map[string]string{"a.yaml": head + object(model, "name: m", "attrs: {app: authentik.providers.rac}")})}
	pass := reconciler.Plan(context.Background(), sync.TriggerRequest)
	if pass.Err != nil || len(pass.Problems()) > 0 || pass.Plan.Changes[0].Action != sync.Update {
		t.Fatalf("the plan is %v, %v, %v", pass.Plan, pass.Problems(), pass.Err)
	}
	want := `the server's event matcher policy "m" is not as aksync knows it: app: "authentik.enterprise.providers.rac" is gone since authentik 2025.2: this one is 2025.10.4; "authentik.providers.rac" has its place`
	if warnings := pass.Warnings(); len(warnings) != 1 || warnings[0].Message != want {
		t.Errorf("the warnings are %v, want %s", warnings, want)
	}
}

// What of a version is known is not said to be newer.
func TestKnownServer(t *testing.T) {
	s, err := schema.Load()
	if err != nil {
		t.Fatal(err)
	}
	for _, version := range slices.Concat(s.Versions, []string{"2026.2.9", "2025.6.1", "", "next"}) {
		if words := s.WordsOfUnknown(version); words != "" {
			t.Errorf("%q: %s", version, words)
		}
	}
	if words := s.WordsOfUnknown("2024.10.1"); !strings.Contains(words, "older than 2024.12") {
		t.Errorf("of an old one it is said: %s", words)
	}
}

// changing answers objects of a list changed, and none to a question by a name.
type changing struct {
	sync.API
	path   string
	change func(schema.Object)
}

func (c *changing) List(ctx context.Context, path, id string, query url.Values, most int) ([]schema.Object, error) {
	objects, err := c.API.List(ctx, path, id, query, most)
	if path == c.path {
		if query.Has("slug") || query.Has("name") {
			return nil, err
		}
		for _, object := range objects {
			c.change(object)
		}
	}
	return objects, err
}
